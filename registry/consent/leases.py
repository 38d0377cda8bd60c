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
_NAMES = ("id", "handle", "holder", "face", "voice", "until", "revoked", "replaces", "case_id", *_OF_TERMS)
_FIELDS = f"SELECT {', '.join(_NAMES)} FROM leases"  # noqa: S608 - names of ours
_ADD = f"INSERT INTO leases ({', '.join(_NAMES)}) VALUES ({', '.join(['%s'] * len(_NAMES))})"  # noqa: S608
_BLOCKED = """
SELECT 1 FROM cameos c JOIN blocked_accounts b ON b.account = c.owner AND b.blocked = ANY(%(askers)s)
WHERE c.id = %(cameo)s
"""
_MUTUAL = """
SELECT 1 FROM cameos c
JOIN acquaintances a ON a.account = c.owner AND a.other = ANY(%(askers)s)
JOIN acquaintances b ON b.account = a.other AND b.other = c.owner
WHERE c.id = %(cameo)s
"""


class BiometricModality(StrEnum):
    """What of a person is used."""

    FACE = "face"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRequest:
    """A use about which leases are asked. `mutual` says whether account and owner know each other.

    `party` is the account's end user for whom it asks, as in registry.consent.end_users; empty: the account itself.
    """

    account: str
    party: str = ""
    case_id: str = ""
    at: datetime
    modality: BiometricModality = BiometricModality.FACE
    purpose: str = ""
    territory: tuple[str, ...] = ()
    mutual: bool = False

    @property
    def askers(self) -> tuple[str, ...]:
        """Who may hold a lease for this by name: the end user, and the account that speaks for them."""
        return (self.party, self.account) if self.party else (self.account,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One permission. `handle` is a cameo's id; `holder` an account, one of its end users, `*` or `~`.

    Without `until`: until revoked. With `case_id` it is for that one order, and for nothing that is made from it.
    """

    id: str
    handle: str
    holder: str
    face: bool
    voice: bool
    until: datetime | None
    revoked: datetime | None = None
    replaces: str = ""
    case_id: str = ""
    terms: LeaseTerms = field(default_factory=LeaseTerms)

    def covers(self, request: UseRequest) -> bool:
        """Whether this may be done at that time. What was revoked covers nothing, whatever the time."""
        return self.is_meant_for(request) and self.terms.permits(request.purpose, request.territory)

    def is_meant_for(self, request: UseRequest) -> bool:
        """Whether it is in force, for this account, and of the face or the voice that is asked about."""
        modality = self.face if request.modality is BiometricModality.FACE else self.voice
        is_holder = self.holder in (EVERYONE, *request.askers) or (self.holder == MUTUALS and request.mutual)
        this_order = self.case_id in ("", request.case_id)
        return self.in_force(request.at) and modality and is_holder and this_order

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
        """The lease under which this may be done, or None; no lease covers who is blocked. Raises Unavailable."""
        with self._connections.connection() as connection:
            leases = leases_of(connection, handle)
            parameters = {"askers": list(request.askers), "cameo": normalise_handle(handle)}
            if leases and connection.execute(_BLOCKED, parameters).fetchone() is not None:
                return None
            if any(lease.holder == MUTUALS for lease in leases):
                request = replace(request, mutual=are_mutuals(connection, handle, request.askers))
        return best_lease(leases, request)

    def leased_for_order(self, case_id: str) -> Sequence[str]:
        """The cameos of which a lease was made for this one order, also where it has ended since."""
        query = "SELECT DISTINCT handle FROM leases WHERE case_id = %s AND case_id <> '' ORDER BY handle"
        with self._connections.connection() as connection:
            return tuple(row[0] for row in connection.execute(query, [case_id]).fetchall())


def are_mutuals(connection: RegistryConnection, cameo: str, askers: Sequence[str]) -> bool:
    """Whether the owner of a cameo and one of these say of each other that they know them."""
    parameters = {"askers": list(askers), "cameo": normalise_handle(cameo)}
    return connection.execute(_MUTUAL, parameters).fetchone() is not None


def best_lease(leases: Sequence[Lease], request: UseRequest) -> Lease | None:
    """The newest lease that covers this, of those that are made most for this account.

    A lease for this one order counts alone, then one for the end user, for the account, for mutuals, for everyone:
    whoever allowed one account parody only has not allowed it more because everyone may advertise.
    """
    meant = [lease for lease in leases if lease.is_meant_for(request)]
    most = max((_closeness(lease, request) for lease in meant), default=0)
    covering = [lease for lease in meant if _closeness(lease, request) == most and lease.covers(request)]
    return covering[-1] if covering else None


def _closeness(lease: Lease, request: UseRequest) -> int:
    """How much a lease that is meant for this is made for this alone."""
    if lease.case_id:
        return 4
    if lease.holder == request.account:
        return 2
    return {request.party: 3, MUTUALS: 1}.get(lease.holder, 0)


def new_lease(
    handle: str,
    holder: str,
    *,
    until: datetime | None = None,
    face: bool = True,
    voice: bool = False,
    terms: LeaseTerms | None = None,
    replaces: str = "",
    case_id: str = "",
) -> Lease:
    """A lease that is stored nowhere yet. Raises BadInput."""
    if not normalise_handle(handle) or not holder:
        raise BadInput("say who is allowed this")
    if until is not None and until.tzinfo is None:
        raise BadInput("say the time zone of the end, as 2027-01-31T12:00:00Z")
    if not (face or voice):
        raise BadInput("choose the face, the voice or both")
    return Lease(
        id=f"lease_{secrets.token_hex(8)}",
        handle=normalise_handle(handle),
        holder=holder,
        face=face,
        voice=voice,
        until=until,
        replaces=replaces,
        case_id=case_id,
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
