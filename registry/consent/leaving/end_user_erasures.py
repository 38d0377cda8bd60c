"""Erasures of one end user of an account as a whole: what there is of them, what is forgotten, and the certificate."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.types.json import Jsonb

from core.errors import NotFound
from registry.table_cache import ConnectionProvider

PREFIX = "enduser_"
"""What the id of such an erasure begins with: where a certificate of a cameo has the cameo's id, it has this one."""

KEPT_OF_END_USERS = (
    "ids and times of what happened to videos, in a log that cannot be changed: no words, no face; with each a hash of"
    " the account and of what the platform called its user, which whoever knows that name can recognise",
    "signed receipts of what was allowed and taken back: random ids, and that it was one end user of the account",
    "that other people do not want requests or videos of this user: theirs to keep, under a pseudonym",
    "the id of the account that asked for the erasure",
)

# What an earlier certificate speaks of is erased already, and counts no second time.
_ORDERS = """
FROM end_user_cases c WHERE c.author = %(account)s AND c.end_user = %(pseudonym)s AND NOT EXISTS (
    SELECT FROM end_user_erasures e WHERE e.account = %(account)s AND c.case_id = ANY(e.cases))
"""
_COUNT = f"""
SELECT jsonb_build_object(
    'orders',      (SELECT count(*) {_ORDERS}),
    'cameos',      (SELECT count(*) FROM cameos k WHERE k.owner = %(party)s AND k.state <> 'erased'),
    'permissions_to_them', (SELECT count(*) FROM leases l JOIN cameos k ON k.id = l.handle AND k.owner <> %(party)s
                            WHERE l.holder = %(party)s AND l.revoked IS NULL),
    'requests',    (SELECT count(*) FROM consent_requests r WHERE r.asker = %(party)s),
    'notices',     (SELECT count(*) FROM notices n WHERE n.account = %(party)s),
    'people_known_or_blocked',
        (SELECT count(*) FROM acquaintances a WHERE a.account = %(party)s OR a.other = %(party)s)
        + (SELECT count(*) FROM blocked_accounts b WHERE b.account = %(party)s)
        + (SELECT count(*) FROM consent_request_blocks b WHERE b.owner = %(party)s),
    'enrolment_takes', (SELECT count(*) FROM enrolments e WHERE e.account = %(party)s))
"""  # noqa: S608 - ours
_FORGET = (
    "DELETE FROM notices WHERE account = %(party)s",
    "DELETE FROM acquaintances WHERE account = %(party)s OR other = %(party)s",
    "DELETE FROM blocked_accounts WHERE account = %(party)s",
    "DELETE FROM consent_request_blocks WHERE owner = %(party)s",
    "DELETE FROM consent_requests WHERE asker = %(party)s",
    "DELETE FROM enrolments WHERE account = %(party)s",
)
# Nothing tells any more which of the account's users it was: the erasure's own random id stands in their place.
_UNLINK = (
    "UPDATE cameos SET owner = %(unlinked)s WHERE owner = %(party)s AND state = 'erased'",
    "UPDATE erasures SET account = %(unlinked)s WHERE account = %(party)s",
    "UPDATE leases SET holder = %(unlinked)s WHERE holder = %(party)s AND revoked IS NOT NULL",
    "UPDATE cascades SET account = %(unlinked)s WHERE account = %(party)s",
    "UPDATE cameo_answers SET by = %(unlinked)s WHERE by = %(party)s",
    "DELETE FROM notices WHERE account = %(party)s",
)
_CAMEOS_LEFT = """
SELECT EXISTS (SELECT FROM cameos c WHERE c.owner = %(party)s AND (c.destroyed IS NULL OR c.state <> 'erased'
    OR EXISTS (SELECT FROM cascades k WHERE k.cameo = c.id AND k.done IS NULL)
    OR EXISTS (SELECT FROM erasures e WHERE e.cameo = c.id AND e.certificate = '')))
"""
_READ = "SELECT id, account, party, pseudonym, asked, counts, cases, certificate, issued FROM end_user_erasures"


@dataclass(frozen=True, slots=True)
class EndUserErasure:
    """An erasure of one end user. Once nothing is left `party` and `pseudonym` are empty, and it has a certificate."""

    id: str
    account: str
    party: str
    pseudonym: str
    asked: datetime
    counts: Mapping[str, int]
    cases: Sequence[str]
    certificate: str
    issued: datetime | None


@dataclass(frozen=True, slots=True)
class PostgresEndUserErasures:
    """Erasures of end users in Postgres."""

    connections: ConnectionProvider

    def begin(self, account: str, party: str, pseudonym: str) -> EndUserErasure:
        """Note what there is of them. The one under way where there is one. Raises NotFound where there is nothing."""
        asked = {"account": account, "party": party, "pseudonym": pseudonym}
        add = (
            "INSERT INTO end_user_erasures (id, account, party, pseudonym, counts) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (party) WHERE party <> '' DO NOTHING"
        )
        with self.connections.connection() as connection:
            row = connection.execute(_COUNT, asked).fetchone()
            counts = row[0] if row else {}
            if not any(counts.values()) and not self._where("party = %s", party):
                raise NotFound(
                    "nothing is known of this end user: nobody ordered or was enrolled under this name, or all of it is"
                    " erased already"
                )
            name = f"{PREFIX}{secrets.token_hex(8)}"
            connection.execute(add, [name, account, party, pseudonym, Jsonb(counts)])
        return self._where("party = %s", party)[0]

    def get(self, erasure_id: str) -> EndUserErasure:
        """One of them. Raises NotFound."""
        found = self._where("id = %s", erasure_id)
        if not found:
            raise NotFound("there is no such erasure")
        return found[0]

    def is_finished(self, erasure_id: str) -> bool:
        """Whether there was this erasure, and nothing is left."""
        return any(one.certificate for one in self._where("id = %s", erasure_id))

    def of(self, account: str) -> Sequence[EndUserErasure]:
        """Those that an account asked for, the newest first."""
        return self._where("account = %s ORDER BY asked DESC", account)

    def under_way(self) -> Sequence[EndUserErasure]:
        """Those of which something is left, the oldest first."""
        return self._where("certificate = '' ORDER BY asked")

    def case_ids(self, erasure: EndUserErasure) -> Sequence[str]:
        """Everything that was ordered for them and that no certificate speaks of yet."""
        whose = {"account": erasure.account, "pseudonym": erasure.pseudonym}
        with self.connections.connection() as connection:
            rows = connection.execute(f"SELECT c.case_id {_ORDERS} ORDER BY c.case_id", whose).fetchall()
        return [row[0] for row in rows]

    def leases_to(self, party: str) -> Sequence[str]:
        """What other people allowed them and has not ended, by the leases' ids."""
        query = "SELECT id FROM leases WHERE holder = %s AND revoked IS NULL ORDER BY id"
        with self.connections.connection() as connection:
            return [row[0] for row in connection.execute(query, [party]).fetchall()]

    def forget(self, party: str) -> None:
        """What they were told, whom they know and block, what they asked for, and takes that led to nobody."""
        with self.connections.connection() as connection:
            for query in _FORGET:
                connection.execute(query, {"party": party})

    def cameos_left(self, party: str) -> bool:
        """Whether something is left of their cameos, or one of the videos with these is not down."""
        with self.connections.connection() as connection:
            row = connection.execute(_CAMEOS_LEFT, {"party": party}).fetchone()
        return bool(row and row[0])

    def count(self, erasure_id: str, **more: int) -> None:
        """Add to what was counted."""
        query = "UPDATE end_user_erasures SET counts = counts || %s WHERE id = %s"
        before = self.get(erasure_id).counts
        with self.connections.connection() as connection:
            connection.execute(query, [Jsonb({name: before.get(name, 0) + n for name, n in more.items()}), erasure_id])

    def finish(self, erasure: EndUserErasure, certificate: str, cases: Sequence[str]) -> None:
        """Nothing is left: keep the certificate, and forget whose it is."""
        query = (
            "UPDATE end_user_erasures SET certificate = %s, issued = %s, cases = %s, party = '', pseudonym = ''"
            " WHERE id = %s AND certificate = ''"
        )
        names = {"party": erasure.party, "unlinked": f"{erasure.account}#{erasure.id}"}
        with self.connections.connection() as connection:
            for unlink in _UNLINK:
                connection.execute(unlink, names)
            connection.execute(query, [certificate, datetime.now(UTC), list(cases), erasure.id])

    def _where(self, condition: str, *values: object) -> Sequence[EndUserErasure]:
        with self.connections.connection() as connection:
            rows = connection.execute(f"{_READ} WHERE {condition}", values).fetchall()
        return tuple(EndUserErasure(*row) for row in rows)
