"""The dashboards: every query on a real Postgres."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.assets import Asset
from core.case import new_case
from core.events import (
    Appealed,
    Commissioned,
    Event,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    Withdrawn,
)
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from deploy.grafana.provisioning import load_dashboards
from deploy.grafana.reporting_views import create_reporting_views
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_ledger import PostgresLedger

VIDEO = Asset(digest="a1" * 32, media_type="video/mp4", size=7)
SECRET = "acct_of_a_person"


def _measured(subject: Subject, *scores: float | None) -> Measured:
    return Measured(
        signals=tuple(Signal(subject=subject, label="violence", score=score, source="s/1") for score in scores)
    )


def _judged(
    gate: Gate,
    decision: Decision,
    *rules: str,
    shadow: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    lifted: tuple[str, ...] = (),
) -> Judged:
    verdict = Verdict(
        gate=gate, decision=decision, rules=rules, shadow=shadow, missing=missing, lifted=lifted, policy="p"
    )
    return Judged(verdict=verdict)


def _ruled(gate: Gate, decision: Decision, *over: str) -> Ruled:
    return Ruled(ruling=Ruling(gate=gate, decision=decision, moderator=SECRET, over=over, code="context"))


SUBMITTED = Submitted(author=SECRET, prompt="t1")
MADE: tuple[Event, ...] = (
    SUBMITTED,
    StageFailed(phase="submitted", kind="Unavailable", error="a model is missing"),
    _measured(Subject.PROMPT, 0.0, 1.0, None),
    _judged(Gate.PROMPT, Decision.HOLD, "calm", shadow=("quiet",), missing=("calm",)),
    _ruled(Gate.PROMPT, Decision.ALLOW, "calm"),
    _judged(Gate.PROMPT, Decision.ALLOW, lifted=("calm",)),
    Commissioned(engine="e", engine_version="1", job="j"),
    Rendered(asset=VIDEO, engine="e", engine_version="1"),
    _measured(Subject.VIDEO, 0.05, 0.31),
    _judged(Gate.VIDEO, Decision.ALLOW),
    StageFailed(phase="cleared", kind="SealBroken", error="the mark cannot be read"),
    Sealed(asset=VIDEO, payload="00", manifest_id="m", manifest=VIDEO, soft_binding="b"),
    Published(url="u"),
    Recalled(by="m", code="likeness"),
    Withdrawn(),
)
REFUSED: tuple[Event, ...] = (
    SUBMITTED,
    *[StageFailed(phase="submitted", kind="Unavailable", error="a model is missing")] * 3,
    Resumed(by=SECRET),
    _measured(Subject.PROMPT, 0.9),
    _judged(Gate.PROMPT, Decision.REFUSE, "calm", "kind"),
    Appealed(by=SECRET),
    _ruled(Gate.PROMPT, Decision.REFUSE, "calm"),
)
HELD: tuple[Event, ...] = (SUBMITTED, _measured(Subject.PROMPT, 0.5), _judged(Gate.PROMPT, Decision.HOLD, "calm"))


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        opened = open_database(Path(folder))
        ledger = PostgresLedger(opened)
        for story in (MADE, REFUSED, HELD):
            ledger.append(new_case(), story)
        with opened.connection() as connection:
            connection.execute(_CLOCKS)
        with psycopg.connect(EmbeddedPostgres(Path(folder)).dsn) as superuser:
            superuser.execute("CREATE ROLE grafana; GRANT grafana TO assay_owner, assay_app")
        with opened.owner_connection() as connection:
            create_reporting_views(connection)
        yield opened
        opened.close()


_CLOCKS = f"""
UPDATE cases SET phase = 'refused' WHERE phase = 'screened';  -- as it is once the ruling was followed
INSERT INTO claims (id, secret_sha256, kind, law, received_at, due_at, removed_at, contact_text)
VALUES ('c1', 's1', 'copyright', 'us_dmca_512', now() - interval '3 hours', now() - interval '1 hour', NULL, '{SECRET}'),
       ('c2', 's2', 'copyright', 'us_dmca_512', now() - interval '3 hours', now() + interval '1 hour', now() - interval '2 hours', '');
UPDATE claims SET decided_at = now(), decision = 'upheld' WHERE id = 'c2';
INSERT INTO consent_requests (id, cameo, case_id, asker, expires, state, asked, answered)
VALUES ('q1', '{SECRET}', 'k1', '{SECRET}', now() + interval '1 day', 'open', now(), NULL),
       ('q2', '{SECRET}', 'k2', '{SECRET}', now() + interval '1 day', 'granted', now() - interval '1 hour', now());
INSERT INTO score_drift (at, source, label, hours, measured, psi)
VALUES (date_bin('10 minutes', now(), 'epoch'), 's/1', 'violence', 24, 900, 0.3),
       (date_bin('10 minutes', now(), 'epoch'), 's/1', 'hate', 168, 90, NULL);
""".encode()


def _panels() -> list[Any]:
    return [pytest.param(p, id=p["title"]) for dashboard in load_dashboards() for p in dashboard["panels"]]


def _expanded(sql: str) -> str:
    """Grafana's macros as its Postgres data source expands them, for the last day in steps of five minutes."""
    sql = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN now() - interval '1 day' AND now() + interval '1 hour'", sql)
    sql = re.sub(r"\$__timeGroupAlias\((\w+), \$__interval\)", r'floor(extract(epoch from \1)/300)*300 AS "time"', sql)
    assert "$" not in sql
    return sql


def _rows(database: Database, sql: str) -> list[dict[str, Any]]:
    with database.owner_connection() as connection:
        cursor = connection.execute(_expanded(sql).encode())
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _panel(title: str) -> str:
    return next(str(p["targets"][0]["rawSql"]) for d in load_dashboards() for p in d["panels"] if p["title"] == title)


@pytest.mark.postgres
@pytest.mark.parametrize("panel", _panels())
def test_every_panel_has_something_to_show(database: Database, panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        rows = _rows(database, target["rawSql"])
        assert rows
        if target["format"] == "time_series":
            assert set(rows[0]) == {"time", "metric", "value"}
            assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


@pytest.mark.postgres
def test_the_panels_show_what_happened(database: Database) -> None:
    assert _rows(database, _panel("Cases submitted")) == [{"cases": 3}]
    assert _rows(database, _panel("Published")) == [{"cases": 1}]
    assert _rows(database, _panel("Waiting for a moderator")) == [{"cases": 1}]
    assert _rows(database, _panel("Refusals and holds by rule")) == [
        {"rule": "calm", "gate": "prompt", "refused": 1, "held": 2},
        {"rule": "kind", "gate": "prompt", "refused": 1, "held": 0},
    ]
    shadowed = _rows(database, _panel("Rules in shadow, rules without a measurement"))
    assert {(row["rule"], row["how"]) for row in shadowed} == {
        ("calm", "missing"),
        ("calm", "lifted"),
        ("quiet", "shadow"),
    }
    [agreement] = _rows(database, _panel("Agreement by rule"))
    assert (agreement["rule"], agreement["rulings"], float(agreement["upheld"])) == ("calm", 2, 0.5)
    [scored] = {row["metric"]: row["value"] for row in _rows(database, _panel("Not measured"))}.items()
    assert scored[0] == "s/1"
    assert float(scored[1]) == pytest.approx(1 / 7)


@pytest.mark.postgres
def test_the_panels_of_clocks_show_what_is_late_what_drifts_and_what_did_not_hold(database: Database) -> None:
    assert _rows(database, _panel("Reviews that are late")) == [{"cases": 0}]
    assert _rows(database, _panel("Claims that are late")) == [{"claims": 1}]
    [claims] = _rows(database, _panel("Clocks of claims"))
    assert (claims["law"], claims["open"], claims["late"], claims["decided_late"]) == ("us_dmca_512", 1, 1, 0)
    assert claims["median_seconds_to_removal"] == pytest.approx(3600, abs=1)
    assert {row["phase"]: row["cases"] for row in _rows(database, _panel("Cases in each phase"))} == {"held": 1}
    [queue] = _rows(database, _panel("Clocks of the queue"))
    assert (queue["waiting"], queue["late"]) == (1, 0)
    assert queue["next_seconds_left"] > 0
    [taken_down] = _rows(database, _panel("Time to take down"))
    assert (taken_down["metric"], taken_down["value"] < 60) == ("likeness", True)
    consent = {row["state"]: row for row in _rows(database, _panel("Consent asked for"))}
    assert consent["granted"]["median_seconds"] == pytest.approx(3600)
    assert consent["open"]["next_seconds_left"] > 86000
    assert [row["psi"] for row in _rows(database, _panel("Drift now"))] == [0.3, None]
    assert {row["metric"]: row["value"] for row in _rows(database, _panel("Marks and seals"))} == {
        "held": 1,
        "did not hold": 1,
    }
    assert [row["kind"] for row in _rows(database, _panel("Why seals did not hold"))] == ["SealBroken"]
    assert _rows(database, _panel("Renders saved")) == [{"videos": 1}]


@pytest.mark.postgres
def test_scores_fall_into_twenty_buckets(database: Database) -> None:
    rows = _rows(database, _panel("Scores of each classifier"))
    assert [(row["bucket"], row["measurements"]) for row in rows] == [
        (0.0, 1),
        (0.05, 1),
        (0.3, 1),
        (0.5, 1),
        (0.9, 1),
        (0.95, 1),  # a score of one belongs to the last
    ]


@pytest.mark.postgres
def test_steps_know_the_prompt_from_the_video(database: Database) -> None:
    with database.owner_connection() as connection:
        found = connection.execute("SELECT step, sum(count) FROM reports.step_minutes GROUP BY step").fetchall()
    assert dict(found) == {
        "screen": 3,
        "judge prompt": 4,
        "moderator": 2,
        "commission": 1,
        "render": 1,
        "inspect": 1,
        "judge video": 1,
        "seal": 1,
        "publish": 1,
        "withdraw": 1,
    }


@pytest.mark.postgres
def test_no_view_holds_a_person(database: Database) -> None:
    with database.owner_connection() as connection:
        views = [row[0] for row in connection.execute("SELECT viewname FROM pg_views WHERE schemaname = 'reports'")]
        assert len(views) == 17
        for view in views:
            rows = connection.execute(f"SELECT v::text FROM reports.{view} v".encode()).fetchall()
            assert rows
            assert not any(SECRET in row[0] for row in rows)


@pytest.mark.postgres
def test_grafanas_role_reads_the_views_and_nothing_else(database: Database) -> None:
    with database.dedicated_connection() as connection:
        connection.execute("SET ROLE grafana")
        assert connection.execute("SELECT sum(count) FROM reports.verdict_minutes").fetchone() == (5,)
        for table in ("events", "cases", "texts", "templates", "cameo_templates"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT 1 FROM {table}".encode())


@pytest.mark.postgres
def test_the_views_can_be_made_again(database: Database) -> None:
    with database.owner_connection() as connection:
        create_reporting_views(connection)
        assert connection.execute("SELECT count(*) FROM reports.held").fetchone() == (1,)


def test_every_view_is_shown_somewhere() -> None:
    sql = Path(__file__).parents[2].joinpath("pipeline", "ledgers", "reports.sql").read_text("utf-8")
    shown = json.dumps(load_dashboards())
    assert [view for view in re.findall(r"CREATE VIEW (reports\.\w+)", sql) if view not in shown] == []


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    for dashboard in load_dashboards():
        panels = dashboard["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        cells = [
            (x, y)
            for panel in panels
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(set(cells)) == len(cells)
        assert max(x for x, _ in cells) < 24


@pytest.mark.postgres
def test_the_panels_role_sees_costs_and_not_whose_they_are(database: Database) -> None:
    with database.connection() as connection:
        connection.execute("SET LOCAL ROLE grafana")
        made = connection.execute(
            "SELECT outcome, engine, videos, amount, unpriced FROM reports.cost_minutes"
        ).fetchall()
        assert made == [("rendered", "e", 1, None, 1)]
        assert connection.execute("SELECT seconds, amount FROM reports.saved").fetchall() == [(4.0, None)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT author FROM video_costs")


@pytest.mark.postgres
def test_what_is_summed_of_costs_is_what_the_ledger_says_they_are(database: Database) -> None:
    summed = _rows(database, _panel("Costs by engine"))
    with database.owner_connection() as connection:
        said = connection.execute(
            "SELECT outcome, engine, count(*), sum(seconds), sum(amount), count(*) FILTER (WHERE amount IS NULL)"
            " FROM video_costs GROUP BY 1, 2"
        ).fetchall()
        before = connection.execute("SELECT * FROM cost_minutes").fetchall()
        connection.execute("SELECT sum_cost_minutes('6 hours')")
        assert connection.execute("SELECT * FROM cost_minutes").fetchall() == before
    assert sorted(tuple(row.values()) for row in summed) == sorted(said)


@pytest.mark.postgres
def test_summing_reads_what_is_new_and_says_the_same_however_often_it_is_done(tmp_path: Path) -> None:
    opened = open_database(tmp_path)
    with opened.owner_connection() as connection:
        connection.execute(_OLD_CASES)
    with opened.owner_connection() as connection:
        connection.execute("ANALYZE events")
        for _ in range(80):  # six hours at a time, of a fortnight
            connection.execute("SELECT sum_report_minutes('6 hours')")
        summed = connection.execute(_SUMMED).fetchone()
        assert summed == (20000,)  # each case's second event ends a step
        connection.execute("SELECT sum_report_minutes('6 hours')")
        assert connection.execute(_SUMMED).fetchone() == summed
        wanted = "SELECT count(*) FROM events WHERE at >= now() - interval '5 minutes' AND at < now()"
        [[[plan]]] = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {wanted}".encode()).fetchall()
    opened.close()
    assert _rows_read(plan["Plan"]) < 1000, "of 40,000"


_SUMMED = "SELECT sum(count)::int FROM report_minutes WHERE what = 'step'"
_OLD_CASES = """
INSERT INTO events (case_id, revision, body, at)
SELECT 'case' || (20000 - n / 2), 1 + n % 2 , body, now() - interval '1 minute' * (20000 - n / 2)
FROM generate_series(0, 39999) AS n, LATERAL (
    SELECT jsonb_build_object('type', CASE n % 2 WHEN 0 THEN 'Submitted' ELSE 'Commissioned' END) AS body
) AS made
ORDER BY n
"""


def _rows_read(node: dict[str, Any]) -> int:
    """Rows that scans took up, those passed over included."""
    own = 0
    if "Scan" in node["Node Type"]:
        passed = sum(node.get(key, 0) for key in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
        own = (node["Actual Rows"] + passed) * node["Actual Loops"]
    return own + sum(_rows_read(child) for child in node.get("Plans", ()))
