"""Drift of classifiers' scores, measured by the ledger: weeks of reference, too few to tell, and what rules are told."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.case import Case, new_case
from core.errors import Forbidden, NotFound
from core.events import Judged, Measured, Submitted
from core.roles import Principal, Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Facts, Gate, Verdict
from pipeline.drift.drift_desk import DriftDesk
from pipeline.drift.drift_facts import FactsWithDrift
from pipeline.drift.score_drift import PostgresScoreDrift, ScoreDrift
from pipeline.ledgers.author_facts import PostgresAuthorFacts
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.observability.ledger_windows import PROBING_REFUSALS, PostgresLedgerWindows

pytestmark = pytest.mark.postgres
NOW = datetime.now(UTC)
OPERATOR = Principal(id="op", roles=frozenset({Role.OPERATOR}))


@pytest.fixture(scope="module")
def opened() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        yield database
        database.close()


@pytest.fixture
def database(opened: Database) -> Database:
    with opened.owner_connection() as connection:
        connection.execute("TRUNCATE report_minutes, score_hours, score_references, score_drift")
    return opened


def measured(database: Database, days_ago: float, buckets: Mapping[int, int], source: str = "terms/1") -> None:
    """So many scores a day in each twentieth, by the hour, for the day that ended so long ago."""
    with database.connection() as connection:
        for bucket, count in buckets.items():
            connection.execute(
                "INSERT INTO report_minutes SELECT date_bin('5 minutes', %s - h * interval '1 hour', 'epoch'), 'score', %s,"
                " 'violence', '', '', %s, %s FROM generate_series(0, 23) AS h",
                [NOW - timedelta(days=days_ago), source, bucket, count / 24],
            )


def summed(database: Database, days_ago: float = 0) -> bool:
    with database.connection() as connection:
        row = connection.execute("SELECT sum_score_drift(%s)", [NOW - timedelta(days=days_ago)]).fetchone()
    assert row is not None
    return bool(row[0])


def a_week(database: Database, last: float, buckets: Mapping[int, int], source: str = "terms/1") -> None:
    for day in range(7):
        measured(database, last + day, buckets, source)


def index(reference: Sequence[float], lately: Sequence[float]) -> float:
    """The population stability index by its definition, a two-thousandth added to each of twenty shares."""
    q, p = ([(n / sum(counts) + 0.0005) / 1.01 for n in counts] for counts in (reference, lately))
    return sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))


def twentieths(buckets: Mapping[int, int]) -> list[int]:
    return [buckets.get(bucket, 0) for bucket in range(20)]


CALM = {0: 480, 10: 240}
STRANGE = {0: 240, 10: 240, 19: 480}


def test_a_week_of_reference_is_taken_once_there_is_one_and_what_follows_is_measured_against_it(
    database: Database,
) -> None:
    a_week(database, 2, CALM)
    measured(database, 9, CALM)
    assert summed(database, 1.5)
    [(source, psi, _)] = _rows(database)
    assert (source, psi) == ("terms/1", pytest.approx(0, abs=1e-3))  # that week is how it scores
    measured(database, 1, CALM)
    measured(database, 0, STRANGE)
    assert summed(database)
    [told] = PostgresScoreDrift(database).latest()
    assert (told.source, told.label, told.hours) == ("terms/1", "violence", 24)
    assert told.until - told.since == timedelta(days=7)
    assert told.psi == pytest.approx(index([n * 6.5 for n in twentieths(CALM)], twentieths(STRANGE)), rel=0.02)
    assert told.has_moved


def test_what_scores_as_before_has_not_moved_and_one_pass_in_ten_minutes_is_enough(database: Database) -> None:
    a_week(database, 2, CALM)
    measured(database, 9, CALM)
    summed(database, 1.5)
    measured(database, 1, CALM)
    measured(database, 0, CALM)
    assert summed(database)
    assert not summed(database)
    [told] = PostgresScoreDrift(database).latest()
    assert told.psi is not None
    assert told.psi < 1e-6
    assert not told.has_moved


def test_too_few_are_not_known_and_a_small_installation_is_told_by_the_week(database: Database) -> None:
    for source in ("rare/1", "seldom/1"):
        a_week(database, 8, {0: 240, 10: 120}, source)
        measured(database, 15, {0: 240, 10: 120}, source)
    summed(database, 8)
    for day in range(5):
        measured(database, day, {0: 24, 10: 24}, "rare/1")
        measured(database, day, {0: 96, 10: 48}, "seldom/1")
    summed(database)
    told = {one.source: one for one in PostgresScoreDrift(database).latest()}
    assert told["rare/1"].psi is None
    assert told["rare/1"].measured < 500
    assert not told["rare/1"].has_moved
    assert told["seldom/1"].hours == 168
    assert told["seldom/1"].psi == pytest.approx(0, abs=1e-3)


def test_without_a_thousand_in_a_week_there_is_no_reference(database: Database) -> None:
    a_week(database, 0, {0: 120})
    measured(database, 7, {0: 120})
    summed(database)
    assert PostgresScoreDrift(database).latest() == ()


def test_an_operator_says_that_it_is_well_as_it_is_and_nobody_else(database: Database) -> None:
    a_week(database, 8, CALM)
    measured(database, 15, CALM)
    summed(database, 8)
    a_week(database, 0, STRANGE)
    summed(database)
    desk = DriftDesk(drift=PostgresScoreDrift(database))
    assert [one.has_moved for one in desk.latest(OPERATOR)] == [True]
    with pytest.raises(Forbidden):
        desk.accept(Principal(id="m", roles=frozenset({Role.MODERATOR})), "terms/1")
    with pytest.raises(Forbidden):
        desk.latest(Principal(id="p", roles=frozenset({Role.PLATFORM})))
    with pytest.raises(NotFound):
        desk.accept(OPERATOR, "terms/2")
    assert desk.accept(OPERATOR, "terms/1") == 1
    with database.connection() as connection:
        assert connection.execute("SELECT chosen_by FROM score_references").fetchall() == [("op",)]
    [told] = desk.latest(OPERATOR)
    assert told.psi == pytest.approx(0, abs=1e-3)
    assert not told.has_moved
    assert told.until > NOW - timedelta(days=1)


def test_a_sudden_change_that_was_accepted_alarms_no_more_and_the_next_one_does(database: Database) -> None:
    a_week(database, 9, CALM)
    measured(database, 16, CALM)
    summed(database, 9)
    for day in range(3, 9):
        measured(database, day, CALM)
    measured(database, 2, STRANGE)
    summed(database, 2)
    with database.connection() as connection:  # as `choose_reference`, two days ago
        accepted = connection.execute(
            "SELECT choose_score_reference('terms/1', 'op', %s)", [NOW - timedelta(days=2)]
        ).fetchone()
    assert accepted == (1,)
    assert _rows(database)[-1][1] is None  # a day of the new kind is in the week, and the week is not of one kind
    measured(database, 1, STRANGE)
    measured(database, 0, STRANGE)
    summed(database, 1)
    assert _rows(database)[-1][1] is None  # not a thousand yet
    summed(database)
    [told] = PostgresScoreDrift(database).latest()
    assert told.collecting
    assert told.psi == pytest.approx(0, abs=0.01)
    with database.connection() as connection:
        connection.execute("DELETE FROM score_drift WHERE at > %s", [NOW - timedelta(hours=1)])
        connection.execute(
            "UPDATE score_hours SET bucket = 5 WHERE bucket = 19 AND hour > %s", [NOW - timedelta(hours=20)]
        )
        connection.execute("SELECT collect_score_references(%s)", [NOW])
        connection.execute("SELECT measure_score_drift(%s, %s)", [NOW, NOW])
    [told] = PostgresScoreDrift(database).latest()
    assert told.has_moved


def test_drift_that_was_measured_long_ago_says_nothing_of_now(database: Database) -> None:
    a_week(database, 2, CALM)
    measured(database, 9, CALM)
    summed(database, 1.5)
    assert PostgresScoreDrift(database).latest() == ()


def test_lag_by_role_and_accounts_that_probe_are_read_from_the_ledger(database: Database) -> None:
    ledger = PostgresLedger(database)
    refused = Judged(verdict=Verdict(gate=Gate.PROMPT, decision=Decision.REFUSE, policy="p"))
    for author, times in (("ana", PROBING_REFUSALS + 1), ("ben", PROBING_REFUSALS)):
        for _ in range(times):
            ledger.append(new_case(), [Submitted(author=author, prompt="t"), Measured(signals=()), refused])
    ledger.append(new_case(), [Submitted(author="ana", prompt="t")])
    seen = PostgresLedgerWindows(database).read_windows()
    assert seen.probing == 1
    assert [(one.role, one.cases) for one in seen.lags] == [("light", 1), ("render", 0), ("gpu", 0)]
    assert PostgresAuthorFacts(database).author_facts("ana")["account_refusals_last_minute"] == PROBING_REFUSALS + 1


@dataclass
class KnownDrift:
    psi: dict[str, float | None]
    asked: int = 0

    def latest(self) -> Sequence[ScoreDrift]:
        self.asked += 1
        week = {"since": NOW, "until": NOW, "hours": 24, "measured": 700, "at": NOW, "label": "violence"}
        return [ScoreDrift(source=source, psi=psi, **week) for source, psi in self.psi.items()]  # type: ignore[arg-type]


@dataclass
class NoFacts:
    told: Facts = field(default_factory=dict)

    def facts(self, case: Case) -> Facts:
        return self.told


def case_of(*sources: str, score: float | None = 0.5) -> Case:
    signals = [Signal(subject=Subject.PROMPT, label="violence", score=score, source=source) for source in sources]
    return new_case().apply([Submitted(author="a", prompt="t"), Measured(signals=tuple(signals))])


def test_rules_are_told_the_greatest_drift_of_what_measured_the_case_and_nothing_where_one_is_not_known() -> None:
    drift, clock = KnownDrift({"terms/1": 0.02, "people/2": 0.4, "new/1": None}), [0.0]
    facts = FactsWithDrift(inner=NoFacts({"seconds": 4.0}), drift=drift, now=lambda: clock[0])
    assert facts.facts(case_of("terms/1", "people/2")) == {"seconds": 4.0, "classifier_drift": 0.4}
    assert facts.facts(case_of("terms/1")) == {"seconds": 4.0, "classifier_drift": 0.02}
    for unknown in (case_of("terms/1", "new/1"), case_of("unheard/1"), case_of("terms/1", score=None), case_of()):
        assert facts.facts(unknown) == {"seconds": 4.0}
    assert drift.asked == 1
    clock[0] = 61.0
    drift.psi = {}
    assert facts.facts(case_of("terms/1")) == {"seconds": 4.0}


def _rows(database: Database) -> list[tuple[object, ...]]:
    with database.connection() as connection:
        return connection.execute("SELECT source, psi, measured FROM score_drift ORDER BY at").fetchall()
