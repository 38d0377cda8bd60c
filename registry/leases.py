"""What people allowed to be done with their likeness: to whom, face and voice apart, until when."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from core.errors import BadInput, NotFound
from registry.rows import Connections

EVERYONE = "*"

_FIELDS = "SELECT id, handle, holder, face, voice, until, revoked FROM leases"


class Standing(StrEnum):
    """Whether an account may use a cameo. Only GRANTED is permission."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Use(StrEnum):
    """What of a person is used."""

    FACE = "face"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One permission. `holder` is an account or `*`; without `until` it holds until revoked."""

    id: str
    handle: str
    holder: str
    face: bool
    voice: bool
    until: datetime | None
    revoked: datetime | None = None

    def covers(self, account: str, at: datetime, use: Use) -> bool:
        """Whether the account may do this at that time. What was revoked covers nothing, whatever the time."""
        in_time = self.revoked is None and (self.until is None or at < self.until)
        allowed = self.face if use is Use.FACE else self.voice
        return in_time and allowed and self.holder in (EVERYONE, account)


class PostgresLeases:
    """Leases in Postgres: looked up anew each time, so that a revocation counts at once."""

    def __init__(self, connections: Connections) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def grant(
        self, handle: str, holder: str, *, until: datetime | None = None, face: bool = True, voice: bool = False
    ) -> Lease:
        """Allow an account, or `*`, to use a cameo's face, its voice, or both. Raises BadInput."""
        lease = _new(handle, holder, until, face=face, voice=voice)
        values = [lease.id, lease.handle, lease.holder, lease.face, lease.voice, lease.until]
        with self._connections.connection() as connection:
            connection.execute(
                "INSERT INTO leases (id, handle, holder, face, voice, until) VALUES (%s, %s, %s, %s, %s, %s)", values
            )
        return lease

    def revoke(self, lease_id: str) -> None:
        """End a lease now. Nothing happens if it was revoked before. Raises NotFound."""
        with self._connections.connection() as connection:
            revoke = "UPDATE leases SET revoked = coalesce(revoked, clock_timestamp()) WHERE id = %s"
            if connection.execute(revoke, [lease_id]).rowcount != 1:
                raise NotFound("there is no such lease")

    def of(self, handle: str) -> Sequence[Lease]:
        """All leases of a cameo, revoked ones too, the oldest first."""
        with self._connections.connection() as connection:
            query = f"{_FIELDS} WHERE handle = %s ORDER BY granted, id"
            rows = connection.execute(query, [handle_of(handle)]).fetchall()
        return tuple(
            Lease(id=i, handle=h, holder=holder, face=face, voice=voice, until=until, revoked=revoked)
            for i, h, holder, face, voice, until, revoked in rows
        )

    def standing(self, handle: str, account: str, at: datetime, *, use: Use = Use.FACE) -> Standing:
        """Whether the account may use the cameo at that time; UNKNOWN if no one ever leased it. Raises Unavailable."""
        return _standing(self.of(handle), account, at, use)


class MemoryLeases:
    """The same in memory, for tests and for trying out."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}

    def grant(
        self, handle: str, holder: str, *, until: datetime | None = None, face: bool = True, voice: bool = False
    ) -> Lease:
        """See PostgresLeases."""
        lease = _new(handle, holder, until, face=face, voice=voice)
        self._leases[lease.id] = lease
        return lease

    def revoke(self, lease_id: str) -> None:
        """See PostgresLeases."""
        if lease_id not in self._leases:
            raise NotFound("there is no such lease")
        lease = self._leases[lease_id]
        self._leases[lease_id] = replace(lease, revoked=lease.revoked or datetime.now(UTC))

    def of(self, handle: str) -> Sequence[Lease]:
        """See PostgresLeases."""
        wanted = handle_of(handle)
        return tuple(lease for lease in tuple(self._leases.values()) if lease.handle == wanted)

    def standing(self, handle: str, account: str, at: datetime, *, use: Use = Use.FACE) -> Standing:
        """See PostgresLeases."""
        return _standing(self.of(handle), account, at, use)


def handle_of(words: str) -> str:
    """A handle in the one form in which it is stored: no @, no difference of case or of Unicode's lookalike forms."""
    return unicodedata.normalize("NFKC", words).strip().removeprefix("@").casefold()


def _new(handle: str, holder: str, until: datetime | None, *, face: bool, voice: bool) -> Lease:
    if not handle_of(handle) or not holder:
        raise BadInput("a lease names a cameo and an account")
    if until is not None and until.tzinfo is None:
        raise BadInput("the end of a lease needs a time zone")
    if not (face or voice):
        raise BadInput("a lease allows the face, the voice or both")
    lease_id = f"lease_{secrets.token_hex(8)}"
    return Lease(id=lease_id, handle=handle_of(handle), holder=holder, face=face, voice=voice, until=until)


def _standing(leases: Sequence[Lease], account: str, at: datetime, use: Use) -> Standing:
    if not leases:
        return Standing.UNKNOWN
    return Standing.GRANTED if any(lease.covers(account, at, use) for lease in leases) else Standing.DENIED
