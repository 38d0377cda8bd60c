"""The links in Postgres: one in force for each case at the most, found by the digest of its secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.creator.link_key import link_digest, link_secret
from pipeline.ledgers.database import Database

_IN_FORCE = """
UPDATE creator_links SET expires = greatest(expires, %(expires)s)
WHERE case_id = %(case)s AND revoked IS NULL AND expires > clock_timestamp()
RETURNING number, expires, digest
"""
_NEXT = "SELECT coalesce(max(number), 0) + 1 FROM creator_links WHERE case_id = %(case)s"
_ADD = "INSERT INTO creator_links (digest, case_id, number, expires) VALUES (%s, %s, %s, %s)"
_REVOKE = """
UPDATE creator_links SET revoked = clock_timestamp()
WHERE case_id = %s AND revoked IS NULL AND expires > clock_timestamp()
"""
_CASE = """
SELECT case_id, expires FROM creator_links WHERE digest = %s AND revoked IS NULL AND expires > clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class CreatorLink:
    """A link in force. `secret` is the last part of its address."""

    case_id: str
    secret: str
    expires: datetime


class PostgresCreatorLinks:
    """Links over Postgres. `key` gives the key of which their secrets are made."""

    def __init__(self, database: Database, key: Callable[[], bytes]) -> None:
        """The tables are there: `open_database` made them."""
        self._database, self._key = database, key

    def make(self, case_id: str, *, expires: datetime) -> CreatorLink:
        """The link of a case: the one that is in force, for longer if need be, or a new one."""
        asked = {"case": case_id, "expires": expires}
        key = self._key()
        with self._database.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 79))", [case_id])
            row = connection.execute(_IN_FORCE, asked).fetchone()
            if row is not None and link_digest(secret := link_secret(key, case_id, row[0])) == row[2]:
                return CreatorLink(case_id, secret, row[1])
            connection.execute(_REVOKE, [case_id])  # its secret is lost: it was made of a key that was deleted
            (number,) = connection.execute(_NEXT, asked).fetchone() or (1,)
            secret = link_secret(key, case_id, number)
            connection.execute(_ADD, [link_digest(secret), case_id, number, expires])
        return CreatorLink(case_id, secret, expires)

    def revoke(self, case_id: str) -> bool:
        """End the link of a case; whether there was one in force. Its secret never comes back."""
        with self._database.connection() as connection:
            return connection.execute(_REVOKE, [case_id]).rowcount > 0

    def find(self, secret: str) -> CreatorLink | None:
        """The link of this secret; None where there is none, or it has expired or was revoked."""
        with self._database.statements() as connection:
            row = connection.execute(_CASE, [link_digest(secret)]).fetchone()
        return CreatorLink(row[0], secret, row[1]) if row else None
