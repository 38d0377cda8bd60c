"""What people allowed to be done with their likeness: to whom, face and voice apart, for what, until when."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.errors import BadInput, NotFound
from registry.consent.lease_terms import LeaseTerms
from registry.table_cache import ConnectionProvider, RegistryConnection

EVERYONE = "*"
MUTUALS = "~"
"""Holders that are not accounts: EVERYONE, and MUTUALS, who know the owner and whom the owner knows."""

_OF_TERMS = ("purposes", "territory", "bans", "words", "approval", "asks", "reviewed", "watched")
_NAMES = ("id", "handle", "holder", "face", "voice", "until", "revoked", "replaces", *_OF_TERMS)
_FIELDS = f"SELECT {', '.join(_NAMES)} FROM leases"  # noqa: S608 - names of ours
_ADD = f"INSERT INTO leases ({', '.join(_NAMES)}) VALUES ({', '.join(['%s'] * len(_NAMES))})"  # noqa: S608
_MUTUAL = """
SELECT 1 FROM cameos c
JOIN acquaintances a ON a.account = c.owner AND a.other = %(account)s
JOIN acquaintances b ON b.account = %(account)s AND b.other = c.owner
WHERE c.id = %(cameo)s
"""


class BiometricModality(StrEnum):
    """What of a person is used."""

    FACE = "face"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRequest:
    """A use about which leases are asked. `mutual` says whether account and owner know each other."""

    account: str
    at: datetime
    modality: BiometricModality = BiometricModality.FACE
    purpose: str = ""
    territory: tuple[str, ...] = ()
    mutual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One permission. `handle` is a cameo's id; `holder` an account, `*` or `~`. Without `until`: until revoked."""

    id: str
    handle: str
    holder: str
    face: bool
    voice: bool
    until: datetime | None
    revoked: datetime | None = None
    replaces: str = ""
    terms: LeaseTerms = field(default_factory=LeaseTerms)

    def covers(self, request: UseRequest) -> bool:
        """Whether this may be done at that time. What was revoked covers nothing, whatever the time."""
        allowed = self.face if request.modality is BiometricModality.FACE else self.voice
        is_holder = self.holder in (EVERYONE, request.account) or (self.holder == MUTUALS and request.mutual)
        return (
            self.in_force(request.at)
            and allowed
            and is_holder
            and self.terms.permits(request.purpose, request.territory)
        )

    def in_force(self, at: datetime) -> bool:
        """Whether it has neither ended nor been revoked."""
        return self.revoked is None and (self.until is None or at < self.until)


class PostgresLeases:
    """Leases in Postgres: looked up each time, so that a revocation counts at once."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def grant(
        self, handle: str, holder: str, *, until: datetime | None = None, face: bool = True, voice: bool = False
    ) -> Lease:
        """Allow an account, or `*`, to use a cameo's face, its voice, or both. Raises BadInput."""
        lease = new_lease(handle, holder, until=until, face=face, voice=voice)
        with self._connections.connection() as connection:
            add_lease(connection, lease)
        return lease

    def revoke(self, lease_id: str) -> None:
        """End a lease now. Nothing happens if it was revoked before. Raises NotFound."""
        with self._connections.connection() as connection:
            end_lease(connection, lease_id)

    def of(self, handle: str) -> Sequence[Lease]:
        """All leases of a cameo, revoked ones too, the oldest first."""
        with self._connections.connection() as connection:
            return leases_of(connection, handle)

    def covering_lease(self, handle: str, request: UseRequest) -> Lease | None:
        """The lease under which this may be done, or None. Raises Unavailable."""
        with self._connections.connection() as connection:
            leases = leases_of(connection, handle)
            if any(lease.holder == MUTUALS for lease in leases):
                parameters = {"account": request.account, "cameo": normalise_handle(handle)}
                request = replace(request, mutual=connection.execute(_MUTUAL, parameters).fetchone() is not None)
        return best_lease(leases, request)


def best_lease(leases: Sequence[Lease], request: UseRequest) -> Lease | None:
    """Of the leases that cover this, the one made most for this account; of several such the newest."""
    covering = [lease for lease in leases if lease.covers(request)]
    rank = {request.account: 2, MUTUALS: 1}
    return max(covering, key=lambda lease: (rank.get(lease.holder, 0), covering.index(lease)), default=None)


def new_lease(
    handle: str,
    holder: str,
    *,
    until: datetime | None = None,
    face: bool = True,
    voice: bool = False,
    terms: LeaseTerms | None = None,
    replaces: str = "",
) -> Lease:
    """A lease that is stored nowhere yet. Raises BadInput."""
    if not normalise_handle(handle) or not holder:
        raise BadInput("a lease names a cameo and an account")
    if until is not None and until.tzinfo is None:
        raise BadInput("the end of a lease needs a time zone")
    if not (face or voice):
        raise BadInput("a lease allows the face, the voice or both")
    return Lease(
        id=f"lease_{secrets.token_hex(8)}",
        handle=normalise_handle(handle),
        holder=holder,
        face=face,
        voice=voice,
        until=until,
        replaces=replaces,
        terms=terms or LeaseTerms(),
    )


def add_lease(connection: RegistryConnection, lease: Lease) -> None:
    """Store a lease, within the connection's transaction."""
    connection.execute(_ADD, [_column(lease, name) for name in _NAMES])


def end_lease(connection: RegistryConnection, lease_id: str) -> bool:
    """End a lease now, within the connection's transaction; whether it was still in force. Raises NotFound."""
    row = connection.execute("SELECT revoked FROM leases WHERE id = %s FOR UPDATE", [lease_id]).fetchone()
    if row is None:
        raise NotFound("there is no such lease")
    connection.execute("UPDATE leases SET revoked = clock_timestamp() WHERE id = %s AND revoked IS NULL", [lease_id])
    return row[0] is None


def leases_of(connection: RegistryConnection, handle: str) -> Sequence[Lease]:
    """All leases of a cameo, the oldest first."""
    rows = connection.execute(
        f"{_FIELDS} WHERE handle = %s ORDER BY granted, id", [normalise_handle(handle)]
    ).fetchall()
    return tuple(_lease(row) for row in rows)


def lease_by_id(connection: RegistryConnection, lease_id: str) -> Lease:
    """One lease. Raises NotFound."""
    row = connection.execute(f"{_FIELDS} WHERE id = %s", [lease_id]).fetchone()
    if row is None:
        raise NotFound("there is no such lease")
    return _lease(row)


def normalise_handle(handle: str) -> str:
    """A handle in the one form in which it is stored: no @, no difference of case or of Unicode's lookalike forms."""
    return unicodedata.normalize("NFKC", handle).strip().removeprefix("@").casefold()


def _column(lease: Lease, name: str) -> object:
    value = getattr(lease.terms if name in _OF_TERMS else lease, name)
    return list(value) if isinstance(value, tuple) else value


def _lease(row: Sequence[Any]) -> Lease:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in zip(_NAMES, row, strict=True)}
    terms: dict[str, Any] = {name: values.pop(name) for name in _OF_TERMS}
    return Lease(**values, terms=LeaseTerms(**terms))
