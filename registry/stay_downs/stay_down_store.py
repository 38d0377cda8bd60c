"""Which cases each claim keeps down, in Postgres: what is wished is stored first, and what was done about it after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.case import Case
from core.errors import NotFound
from registry.table_cache import ConnectionProvider, RegistryConnection

_ROW = "SELECT claim, why, wish, wish_number, asked, done FROM stay_downs"
_WISH_DOWN = """
INSERT INTO stay_downs AS s (claim, why, wish) VALUES (%s, %s, 'down')
ON CONFLICT (claim) DO UPDATE SET why = excluded.why, wish = 'down', wish_number = s.wish_number + 1,
                                  asked = clock_timestamp(), done = NULL
"""
_WISH_LIFTED = """
UPDATE stay_downs SET wish = 'lifted', wish_number = wish_number + 1, asked = clock_timestamp(), done = NULL
WHERE claim = %s AND wish = 'down'
"""
_HOLD = """
INSERT INTO stay_down_cases AS s (claim, case_id, root)
SELECT %s, n.id, %s FROM unnest(%s::text[]) AS n(id)
ON CONFLICT (claim, case_id) DO UPDATE
SET held = true, root = s.root OR excluded.root, outcome = '', banked = CASE WHEN s.held THEN s.banked END
WHERE NOT s.held OR (excluded.root AND NOT s.root)
"""
# A remix is submitted after what it is made from: in this order what is put back finds its parent put back.
_CASES = """
SELECT s.case_id, s.root, s.held, s.taken_from, s.banked, s.outcome
FROM stay_down_cases s LEFT JOIN case_requests c ON c.case_id = s.case_id
WHERE s.claim = %s ORDER BY c.submitted_at, s.case_id
"""
_TAKEN = "UPDATE stay_down_cases SET taken_from = %s, took_down = true WHERE claim = %s AND case_id = %s"
_RESTORED = """
UPDATE stay_down_cases SET took_down = false, outcome = CASE WHEN claim = %s OR outcome = %s THEN %s ELSE outcome END
WHERE case_id = %s
"""
_NEXT = """
SELECT case_id FROM stay_down_cases WHERE claim = %s AND held AND banked IS NULL ORDER BY root DESC, case_id LIMIT 1
"""
_COUNT = """
SELECT count(DISTINCT s.claim) FILTER (WHERE s.held), count(DISTINCT s.case_id) FILTER (WHERE s.held),
       count(DISTINCT s.claim) FILTER (WHERE NOT s.held)
FROM stay_down_cases s
"""


class StayDownWish(StrEnum):
    """What the claims desk wants of a claim's videos."""

    DOWN = "down"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class StayDownRecord:
    """What is wished for a claim, and since when it is done; None while it is not."""

    claim: str
    why: str
    wish: StayDownWish
    wish_number: int
    asked: datetime
    done: datetime | None


@dataclass(frozen=True, slots=True)
class CaseKeptDown:
    """A case of a claim: `taken_from` is the phase from which it was taken down, `outcome` what lifting made of it."""

    case_id: str
    root: bool
    held: bool
    taken_from: str
    banked: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StayDownCounts:
    """How many claims keep something down, how many cases that are, and how many claims were lifted."""

    claims: int
    cases: int
    lifted: int


class PostgresStayDowns:
    """Stay-downs in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def wish_down(self, claim: str, roots: Sequence[str], why: str) -> None:
        """From now on these are to be down. Their gates know it once this returns."""
        with self._connections.connection() as connection:
            connection.execute(_WISH_DOWN, [claim, why])
            connection.execute(_HOLD, [claim, True, list(roots)])

    def wish_lifted(self, claim: str) -> None:
        """From now on this claim keeps nothing down. Nothing happens where it keeps nothing down."""
        with self._connections.connection() as connection:
            if connection.execute(_WISH_LIFTED, [claim]).rowcount:
                connection.execute("UPDATE stay_down_cases SET held = false WHERE claim = %s", [claim])

    def get(self, claim: str) -> StayDownRecord:
        """By the claim. Raises NotFound."""
        if (found := self.find(claim)) is None:
            raise NotFound("this claim never took anything down")
        return found

    def find(self, claim: str) -> StayDownRecord | None:
        """The same, or None where it never took anything down."""
        found = self._records(f"{_ROW} WHERE claim = %s", claim)
        return found[0] if found else None

    def unfinished(self) -> Sequence[StayDownRecord]:
        """Those that are not done, the oldest wish first."""
        return self._records(f"{_ROW} WHERE done IS NULL ORDER BY asked, claim")

    def keeping(self) -> Sequence[StayDownRecord]:
        """Those of claims that keep something down, the oldest wish first."""
        return self._records(f"{_ROW} WHERE wish = 'down' ORDER BY asked, claim")

    def finish(self, record: StayDownRecord) -> bool:
        """Note that it is done; whether no other wish came meanwhile."""
        query = "UPDATE stay_downs SET done = clock_timestamp() WHERE claim = %s AND wish_number = %s"
        with self._connections.connection() as connection:
            return connection.execute(query, [record.claim, record.wish_number]).rowcount > 0

    def look_again(self, claims: Sequence[str]) -> None:
        """Somebody may have put back what these keep down: they are not done."""
        query = "UPDATE stay_downs SET done = NULL, wish_number = wish_number + 1 WHERE claim = ANY(%s)"
        with self._connections.connection() as connection:
            connection.execute(query, [list(claims)])

    def hold(self, record: StayDownRecord, case_ids: Sequence[str]) -> bool:
        """These were made from its videos: they are kept down too. False where another wish came meanwhile."""
        query = f"{_ROW} WHERE claim = %s AND wish_number = %s AND wish = 'down' FOR SHARE"
        with self._connections.connection() as connection:
            if connection.execute(query, [record.claim, record.wish_number]).fetchone() is None:
                return False
            connection.execute(_HOLD, [record.claim, False, list(case_ids)])
            return True

    def cases(self, claim: str) -> Sequence[CaseKeptDown]:
        """Every case of a claim, what is made from another after that other."""
        with self._connections.connection() as connection:
            return [CaseKeptDown(*row) for row in connection.execute(_CASES, [claim]).fetchall()]

    def holders(self, case_id: str) -> Sequence[str]:
        """The claims that keep a case down."""
        query = "SELECT claim FROM stay_down_cases WHERE case_id = %s AND held ORDER BY claim"
        with self._connections.connection() as connection:
            return [row[0] for row in connection.execute(query, [case_id]).fetchall()]

    def next_unbanked(self, claim: str) -> str:
        """A case of a claim whose looks are not in the bank, those that it names first; empty where there is none."""
        with self._connections.connection() as connection:
            row = connection.execute(_NEXT, [claim]).fetchone()
        return str(row[0]) if row else ""

    def note_banked(self, claim: str, case_id: str) -> None:
        """Its looks are in the bank, or cannot be had."""
        query = "UPDATE stay_down_cases SET banked = clock_timestamp() WHERE claim = %s AND case_id = %s"
        with self._connections.connection() as connection:
            connection.execute(query, [claim, case_id])

    def note_outcome(self, claim: str, case_id: str, outcome: str) -> None:
        """What lifting the claim made of a case."""
        query = "UPDATE stay_down_cases SET outcome = %s WHERE claim = %s AND case_id = %s"
        with self._connections.connection() as connection:
            connection.execute(query, [outcome, claim, case_id])

    def note_restored(self, claim: str, case_id: str, outcome: str, *, instead_of: str) -> None:
        """Lifting a claim put a case back, which also those claims are told that had said `instead_of` of it."""
        with self._connections.connection() as connection:
            connection.execute(_RESTORED, [claim, instead_of, outcome, case_id])

    def took_down(self, case_id: str) -> bool:
        """Whether a case is down because stay-down took it down, and not somebody before it."""
        query = "SELECT 1 FROM stay_down_cases WHERE case_id = %s AND took_down LIMIT 1"
        with self._connections.connection() as connection:
            return connection.execute(query, [case_id]).fetchone() is not None

    def counts(self) -> StayDownCounts:
        """For statistics."""
        with self._connections.connection() as connection:
            row = connection.execute(_COUNT).fetchone() or (0, 0, 0)
        return StayDownCounts(claims=row[0], cases=row[1], lifted=row[2])

    def _records(self, query: str, *values: object) -> Sequence[StayDownRecord]:
        with self._connections.connection() as connection:
            rows = connection.execute(query, values).fetchall()
        return [
            StayDownRecord(claim, why, StayDownWish(wish), number, asked, done)
            for claim, why, wish, number, asked, done in rows
        ]


def record_taken_down(claim: str, connection: RegistryConnection, cases: Sequence[Case]) -> None:
    """Within the transaction: from which phase each case came down."""
    with connection.cursor() as cursor:
        cursor.executemany(_TAKEN, [[case.phase.value, claim, case.id] for case in cases])
