"""What was sent from where, in Postgres: all processes count together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pipeline.ledgers.database import Database

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('assay.claims:' || %s, 0))"
_CAME = "SELECT count(*), min(at) FROM claim_activity WHERE key = %s AND what = 'came' AND at > %s"
_NOTE = """
INSERT INTO claim_activity (key, claim, what, rule, at) SELECT key, %s, %s, %s, %s FROM unnest(%s::text[]) AS k(key)
ON CONFLICT DO NOTHING
"""
_KEPT = "SELECT coalesce(sum(size), 0) FROM claim_activity WHERE key = %s AND what = 'proof' AND at > %s"
_PROOF = "INSERT INTO claim_activity (key, what, size, at) VALUES (%s, 'proof', %s, %s)"
_GUARDS = """
SELECT claim, what, rule FROM claim_activity WHERE claim = ANY(%s) AND what IN ('behind', 'proof_first')
"""
_TOTALS = """
SELECT what, count(DISTINCT CASE claim WHEN '' THEN id::text ELSE claim END)
FROM claim_activity WHERE at > %s GROUP BY what
"""


class PostgresClaimActivity:
    """The ClaimActivityStore over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def take(self, key: str, now: datetime, *, most: int, since: datetime) -> datetime | None:
        """As ClaimActivityStore.take."""
        with self._database.connection() as connection:
            connection.execute(_LOCK, [key])
            count, oldest = connection.execute(_CAME, [key, since]).fetchone() or (0, None)
            what = "came" if count < most else "turned_away"
            connection.execute(_NOTE, ["", what, "", now, [key]])
        return oldest if what == "turned_away" else None

    def take_room(self, key: str, size: int, now: datetime, *, most: int, since: datetime) -> bool:
        """As ClaimActivityStore.take_room."""
        with self._database.connection() as connection:
            connection.execute(_LOCK, [key])
            row = connection.execute(_KEPT, [key, since]).fetchone()
            has_room = (int(row[0]) if row else 0) + size <= most
            if has_room:
                connection.execute(_PROOF, [key, size, now])
        return has_room

    def count(self, key: str, what: str, since: datetime) -> int:
        """As ClaimActivityStore.count."""
        query = "SELECT count(*) FROM claim_activity WHERE key = %s AND what = %s AND at > %s"
        with self._database.connection() as connection:
            row = connection.execute(query, [key, what, since]).fetchone()
        return int(row[0]) if row else 0

    def note(self, keys: Sequence[str], claim: str, what: str, now: datetime, *, rule: str = "") -> None:
        """As ClaimActivityStore.note."""
        with self._database.connection() as connection:
            connection.execute(_NOTE, [claim, what, rule, now, list(keys)])

    def senders(self, claim: str) -> Sequence[str]:
        """As ClaimActivityStore.senders."""
        query = "SELECT key FROM claim_activity WHERE claim = %s AND what = 'sender' ORDER BY id"
        with self._database.connection() as connection:
            return [row[0] for row in connection.execute(query, [claim]).fetchall()]

    def guards(self, claims: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """As ClaimActivityStore.guards."""
        with self._database.connection() as connection:
            rows = connection.execute(_GUARDS, [list(claims)]).fetchall()
        return {claim: (what, rule) for claim, what, rule in rows}

    def remove(self, claim: str, what: Sequence[str]) -> None:
        """As ClaimActivityStore.remove."""
        query = "DELETE FROM claim_activity WHERE claim = %s AND what = ANY(%s)"
        with self._database.connection() as connection:
            connection.execute(query, [claim, list(what)])

    def delete_before(self, before: datetime) -> int:
        """As ClaimActivityStore.delete_before."""
        with self._database.connection() as connection:
            return connection.execute("DELETE FROM claim_activity WHERE at < %s", [before]).rowcount

    def totals(self, since: datetime) -> Mapping[str, int]:
        """As ClaimActivityStore.totals."""
        with self._database.connection() as connection:
            return {what: int(count) for what, count in connection.execute(_TOTALS, [since]).fetchall()}
