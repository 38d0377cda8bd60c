"""Restrictions over Postgres: rows that the database writes with the events (078_statements.sql)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from core.errors import NotFound
from pipeline.ledgers.database import Database
from pipeline.legal_record.restriction import AppealGroup, Period, Restriction, RestrictionGroup, ReviewAccuracy

_PAGE = 1000
_NOTICED = "('claim', 'intimate_image', 'rights', 'illegal', 'consent_withdrawn')"

# The notice that led to a removal: the newest about this video that was there before, and was not rejected.
_CLAIM = f"""
LEFT JOIN LATERAL (
    SELECT c.kind, c.trusted_flagger FROM claims c
    WHERE r.kind = 'removed' AND r.code IN {_NOTICED} AND c.case_ids @> ARRAY[r.case_id] AND c.received_at <= r.at
      AND c.counter_of IS NULL AND c.appeal_of IS NULL AND coalesce(c.decision, 'upheld') IN ('upheld', 'partly')
    ORDER BY c.received_at DESC LIMIT 1
) AS claim ON true
"""  # noqa: S608 - names of our own
_SELECT = f"""
SELECT puid, case_id, revision, at, asked, r.kind, gate, rules, code, by_person, public, lifted,
       coalesce(claim.kind, ''), coalesce(claim.trusted_flagger, false)
FROM restrictions_lifted r {_CLAIM}
"""  # noqa: S608 - as above
_GROUPS = f"""
SELECT r.kind, gate, rules, code, by_person, public, coalesce(claim.kind, ''), coalesce(claim.trusted_flagger, false),
       count(*)
FROM restrictions r {_CLAIM} WHERE at >= %(start)s AND at < %(end)s GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608 - as above
_APPEALS = """
SELECT rules, coalesce(kind, ''), coalesce(by_person, false), outcome, count(*)
FROM appeal_outcomes WHERE at >= %(start)s AND at < %(end)s GROUP BY 1, 2, 3, 4
"""
_MEDIAN = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered - at))::float8 / 3600
FROM appeal_outcomes WHERE at >= %(start)s AND at < %(end)s AND outcome IN ('upheld', 'reversed')
"""
_ACCURACY = """
SELECT count(*), count(*) FILTER (WHERE k.decision = g.decision),
       (SELECT count(*) FROM standing_rulings WHERE NOT answers AND at >= %(start)s AND at < %(end)s),
       (SELECT count(*) FROM standing_rulings
        WHERE NOT answers AND decision = 'refuse' AND at >= %(start)s AND at < %(end)s)
FROM review_checks k JOIN golden_items g ON g.case_id = k.case_id AND g.revision = k.revision
WHERE k.kind = 'golden' AND k.decision <> '' AND k.ruled >= %(start)s AND k.ruled < %(end)s
"""
_FIELDS = tuple(field.name for field in fields(Restriction))
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class PostgresRestrictions:
    """RestrictionLog over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def within(self, period: Period) -> Iterator[Restriction]:
        """As RestrictionLog.within: page by page, from behind the last row on."""
        behind: tuple[datetime, str] = (_BEGINNING, "")
        while True:
            found = self._read(
                "at >= %(start)s AND at < %(end)s AND (at, puid) > (%(at)s, %(puid)s) ORDER BY at, puid LIMIT %(most)s",
                {"start": period.start, "end": period.end, "at": behind[0], "puid": behind[1], "most": _PAGE},
            )
            yield from found
            if len(found) < _PAGE:
                return
            behind = found[-1].at, found[-1].puid

    def of_case(self, case_id: str) -> Sequence[Restriction]:
        """As RestrictionLog.of_case."""
        return self._read("case_id = %(case_id)s ORDER BY revision", {"case_id": case_id})

    def named(self, puid: str) -> Restriction:
        """As RestrictionLog.named."""
        found = self._read("puid = %(puid)s", {"puid": puid})
        if not found:
            raise NotFound("there is no such statement")
        return found[0]

    def groups(self, period: Period) -> Sequence[RestrictionGroup]:
        """As RestrictionLog.groups."""
        return [
            RestrictionGroup(
                kind=kind,
                gate=gate,
                rules=tuple(rules),
                code=code,
                by_person=by_person,
                public=public,
                claim=claim,
                trusted_flagger=trusted,
                count=count,
            )
            for kind, gate, rules, code, by_person, public, claim, trusted, count in self._rows(_GROUPS, period)
        ]

    def appeals(self, period: Period) -> Sequence[AppealGroup]:
        """As RestrictionLog.appeals."""
        return [
            AppealGroup(rules=tuple(rules), kind=kind, by_person=by_person, outcome=outcome, count=count)
            for rules, kind, by_person, outcome, count in self._rows(_APPEALS, period)
        ]

    def median_appeal_hours(self, period: Period) -> float | None:
        """As RestrictionLog.median_appeal_hours."""
        hours: float | None = self._rows(_MEDIAN, period)[0][0]
        return hours

    def accuracy(self, period: Period) -> ReviewAccuracy:
        """As RestrictionLog.accuracy."""
        golden, right, held, confirmed = self._rows(_ACCURACY, period)[0]
        return ReviewAccuracy(golden=golden, golden_right=right, held=held, confirmed=confirmed)

    def _rows(self, statement: str, period: Period) -> list[tuple[Any, ...]]:
        with self._database.statements() as connection:
            return connection.execute(statement, {"start": period.start, "end": period.end}).fetchall()

    def _read(self, where: str, values: dict[str, Any]) -> list[Restriction]:
        with self._database.statements() as connection:
            rows = connection.execute(f"{_SELECT} WHERE {where}", values).fetchall()
        return [Restriction(**dict(zip(_FIELDS, row, strict=True)) | {"rules": tuple(row[7])}) for row in rows]
