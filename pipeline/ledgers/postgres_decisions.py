"""Figures of moderation and the log of decisions over Postgres: bounded by a window, found by an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.ledgers.database import Database
from pipeline.moderation.quality.decision_log import (
    MAX_EXPORTED,
    DecisionFilter,
    DecisionPage,
    LoggedDecision,
    parse_place,
)
from pipeline.moderation.quality.moderation_figures import (
    AGES,
    RULES_COUNTED,
    AppealCount,
    HeldFigures,
    PersonCount,
    RulingCount,
)

_STREAM_PAGE = 1000

_HELD = """
SELECT count(*), min(moved),
       count(*) FILTER (WHERE moved > n.now - %(a0)s),
       count(*) FILTER (WHERE moved <= n.now - %(a0)s AND moved > n.now - %(a1)s),
       count(*) FILTER (WHERE moved <= n.now - %(a1)s AND moved > n.now - %(a2)s),
       count(*) FILTER (WHERE moved <= n.now - %(a2)s AND moved > n.now - %(a3)s),
       count(*) FILTER (WHERE moved <= n.now - %(a3)s)
FROM cases CROSS JOIN (SELECT clock_timestamp() AS now) AS n WHERE phase = 'held'
"""

_HELD_BY_RULE = """
WITH longest AS MATERIALIZED (
    SELECT body #> '{verdicts,-1,rules}' AS rules FROM cases WHERE phase = 'held' ORDER BY moved LIMIT %(most)s
)
SELECT rule, count(*) FROM longest CROSS JOIN LATERAL
    jsonb_array_elements_text(CASE jsonb_typeof(rules) WHEN 'array' THEN rules ELSE '[]' END) AS rule
GROUP BY rule ORDER BY count(*) DESC, rule
"""

_APPEALED = """
SELECT count(*), min(moved) FROM cases WHERE phase = 'held' AND body #>> '{verdicts,-1,decision}' = '2'
"""

_RULINGS = """
SELECT date_bin({unit}, at, timestamptz '2000-01-01T00:00Z'), count(*) FILTER (WHERE decision = 'allow'),
       count(*) FILTER (WHERE decision = 'refuse')
FROM standing_rulings WHERE at > %(since)s AND {person}
GROUP BY 1 ORDER BY 1
"""

_KINDS = """
SELECT kind, count(*) FROM decisions d WHERE at > %(since)s
AND (kind <> 'ruled' OR NOT EXISTS (
    SELECT FROM decisions u WHERE u.kind = 'undone' AND u.case_id = d.case_id AND u.reverses = d.revision))
GROUP BY kind ORDER BY kind
"""

_WAITS = """
SELECT width_bucket(waited, %(ages)s::interval[]), count(*) FROM standing_rulings
WHERE at > %(since)s AND waited IS NOT NULL GROUP BY 1
"""

_PEOPLE = """
SELECT person, count(*) FILTER (WHERE decision = 'allow'), count(*) FILTER (WHERE decision = 'refuse'),
       extract(epoch FROM coalesce(avg(waited), interval '0'))::float8
FROM standing_rulings WHERE at > %(since)s GROUP BY person ORDER BY count(*) DESC, person LIMIT 500
"""

# A granted appeal of what was taken down is no ruling, but the reversal of the recall it was about.
_APPEALS = """
WITH answers AS (
    SELECT rules, decision = 'allow' AS overturned FROM standing_rulings WHERE answers AND at > %(since)s
    UNION ALL
    SELECT rules, true FROM decisions WHERE kind = 'reversed' AND code = 'appeal_granted' AND at > %(since)s
), answered AS MATERIALIZED (
    SELECT rules, count(*) AS n, count(*) FILTER (WHERE overturned) AS allowed FROM answers GROUP BY rules
)
SELECT '' AS rule, coalesce(sum(n), 0)::bigint, coalesce(sum(allowed), 0)::bigint FROM answered
UNION ALL (
SELECT rule, sum(n)::bigint, sum(allowed)::bigint
FROM answered CROSS JOIN LATERAL unnest(rules) AS rule GROUP BY rule ORDER BY sum(n) DESC, rule LIMIT 100)
"""

_LOG = """
SELECT case_id, revision, at, kind, person, decision, gate, rules, code, extract(epoch FROM waited)::float8, answers,
       reverses
FROM decisions WHERE {where} ORDER BY at DESC, case_id DESC, revision DESC LIMIT %(limit)s
"""

# The rows of a rule in their order: each is then looked up by its key, and no others are read.
_LOG_OF_RULE = """
SELECT d.case_id, d.revision, d.at, kind, d.person, decision, gate, rules, code,
       extract(epoch FROM waited)::float8, answers, reverses
FROM decision_rules r CROSS JOIN LATERAL (
    SELECT * FROM decisions WHERE case_id = r.case_id AND revision = r.revision OFFSET 0
) AS d
WHERE r.rule = %(rule)s AND {where} ORDER BY r.at DESC, r.case_id DESC, r.revision DESC LIMIT %(limit)s
"""


class PostgresModerationFigures:
    """ModerationFigures over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def held(self) -> HeldFigures:
        """As ModerationFigures.held."""
        with self._database.statements() as connection:
            ages = {f"a{number}": age for number, age in enumerate(AGES)}
            total, oldest, *by_age = connection.execute(_HELD, ages).fetchone() or (0, None, 0, 0, 0, 0, 0)
            rules = connection.execute(_HELD_BY_RULE, {"most": RULES_COUNTED}).fetchall()
            appeals, oldest_appeal = connection.execute(_APPEALED).fetchone() or (0, None)
        return HeldFigures(
            total=total,
            by_age=tuple(by_age),
            by_rule=dict(rules),
            counted=min(total, RULES_COUNTED),
            oldest=oldest,
            appeals=appeals,
            oldest_appeal=oldest_appeal,
        )

    def rulings(self, since: datetime, *, hourly: bool, person: str = "") -> Sequence[RulingCount]:
        """As ModerationFigures.rulings."""
        statement = _RULINGS.format(
            unit="interval '1 hour'" if hourly else "interval '1 day'",
            person="person = %(person)s" if person else "true",
        )
        rows = self._rows(statement, {"since": since, "person": person})
        return tuple(RulingCount(at=at, allowed=allowed, refused=refused) for at, allowed, refused in rows)

    def kinds(self, since: datetime) -> Mapping[str, int]:
        """As ModerationFigures.kinds."""
        return dict(self._rows(_KINDS, {"since": since}))

    def waits(self, since: datetime) -> tuple[int, ...]:
        """As ModerationFigures.waits."""
        found = dict(self._rows(_WAITS, {"since": since, "ages": list(AGES)}))
        return tuple(found.get(number, 0) for number in range(len(AGES) + 1))

    def people(self, since: datetime) -> Sequence[PersonCount]:
        """As ModerationFigures.people."""
        rows = self._rows(_PEOPLE, {"since": since})
        return tuple(
            PersonCount(person=person, allowed=allowed, refused=refused, mean_wait=wait)
            for person, allowed, refused, wait in rows
        )

    def appeals(self, since: datetime) -> Sequence[AppealCount]:
        """As ModerationFigures.appeals."""
        rows = self._rows(_APPEALS, {"since": since})
        return tuple(
            AppealCount(rule=rule, answered=answered, overturned=overturned) for rule, answered, overturned in rows
        )

    def _rows(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._database.statements() as connection:
            return connection.execute(statement, values).fetchall()


class PostgresDecisionLog:
    """DecisionLog over Postgres: pages by keyset."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def page(self, wanted: DecisionFilter, *, after: str = "", limit: int = 50) -> DecisionPage:
        """As DecisionLog.page."""
        rows = self._read(wanted, after, limit + 1)
        return DecisionPage(rows=rows[:limit], following=rows[limit - 1].place if len(rows) > limit else "")

    def stream(self, wanted: DecisionFilter) -> Iterator[LoggedDecision]:
        """As DecisionLog.stream."""
        after, left = "", MAX_EXPORTED
        while left > 0:
            rows = self._read(wanted, after, min(_STREAM_PAGE, left))
            yield from rows
            if len(rows) < _STREAM_PAGE:
                return
            after, left = rows[-1].place, left - len(rows)

    def _read(self, wanted: DecisionFilter, after: str, limit: int) -> list[LoggedDecision]:
        where, values = _where(wanted, after)
        with self._database.statements() as connection:
            log = _LOG_OF_RULE if wanted.rule else _LOG
            rows = connection.execute(log.format(where=where), values | {"limit": limit}).fetchall()
        return [
            LoggedDecision(
                case_id=case_id,
                revision=revision,
                at=at,
                kind=kind,
                person=person,
                decision=decision,
                gate=gate,
                rules=tuple(rules),
                code=code,
                waited=waited,
                answers_appeal=answers,
                reverses=reverses,
            )
            for case_id, revision, at, kind, person, decision, gate, rules, code, waited, answers, reverses in rows
        ]


def _where(wanted: DecisionFilter, after: str) -> tuple[str, dict[str, Any]]:
    """The condition, of fixed parts only: what somebody typed is in the values."""
    row = "r." if wanted.rule else ""
    parts: dict[str, Any] = {
        f"{row}at >= %(since)s": wanted.since,
        f"{row}at < %(until)s": wanted.until,
        "kind = %(kind)s": wanted.kind,
        f"{row}person = %(person)s AND {row}person <> ''": wanted.person,
        "decision = %(decision)s": wanted.decision,
        "gate = %(gate)s": wanted.gate,
        f"{row}case_id = %(case_id)s": wanted.case_id,
    }
    names = ("since", "until", "kind", "person", "decision", "gate", "case_id")
    values = dict(zip(names, parts.values(), strict=True)) | {"rule": wanted.rule}
    chosen = [part for part, value in parts.items() if value]
    if after:
        chosen.append(f"({row}at, {row}case_id, {row}revision) < (%(at)s, %(after_case)s, %(after_revision)s)")
        values |= dict(zip(("at", "after_case", "after_revision"), parse_place(after), strict=True))
    return " AND ".join(chosen) or "true", values
