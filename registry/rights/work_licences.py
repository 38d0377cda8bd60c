"""What rights holders allow of a work beyond its terms: to whom, what for, as parody or not, where, until when."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.errors import BadInput, NotFound
from registry.consent.lease_terms import LeaseTerms
from registry.consent.leases import EVERYONE
from registry.table_cache import ConnectionProvider, RegistryConnection

PARODY_TERMS = ("allowed", "only", "no")
"""Whether videos that are ordered as parody are among what is allowed, all that is allowed, or not allowed."""

PARODY_PURPOSE = "parody"
_NAMES = ("id", "work", "licensee", "purposes", "parody", "territory", "until", "revoked", "replaces")
_FIELDS = f"SELECT {', '.join(_NAMES)} FROM work_licences"  # noqa: S608 - names of ours
_ADD = f"INSERT INTO work_licences ({', '.join(_NAMES)}) VALUES ({', '.join(['%s'] * len(_NAMES))})"  # noqa: S608


class LicenceLimit(StrEnum):
    """What of a licence an order does not keep to."""

    AUDIENCE = "audience"  # it is made for other accounts
    PURPOSE = "purpose"
    PARODY = "parody"
    TERRITORY = "territory"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkUse:
    """A use about which licences are asked: by which account, when, and what the order states. Nothing is assumed."""

    account: str
    at: datetime
    purpose: str = ""
    territory: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLicence:
    """One permission. `licensee` is an account or `*`; empty `purposes` and `territory` allow all of them."""

    id: str
    work: str
    licensee: str
    purposes: tuple[str, ...] = ()
    parody: str = "allowed"
    territory: tuple[str, ...] = ()
    until: datetime | None = None
    revoked: datetime | None = None
    replaces: str = ""

    def in_force(self, at: datetime) -> bool:
        """Whether it has neither ended nor been revoked."""
        return self.revoked is None and (self.until is None or at < self.until)

    def exceeded_limits(self, use: WorkUse) -> frozenset[LicenceLimit]:
        """The limits that this use does not keep to; empty where the licence covers it."""
        for_purpose, anywhere = LeaseTerms(purposes=self.purposes), LeaseTerms(territory=self.territory)
        is_parody = use.purpose == PARODY_PURPOSE
        found = {
            LicenceLimit.AUDIENCE: self.licensee not in (EVERYONE, use.account),
            LicenceLimit.PARODY: is_parody if self.parody == "no" else self.parody == "only" and not is_parody,
            LicenceLimit.PURPOSE: not is_parody and not for_purpose.permits(use.purpose, ()),
            LicenceLimit.TERRITORY: not anywhere.permits(use.purpose, use.territory),
            LicenceLimit.ENDED: not self.in_force(use.at),
        }
        return frozenset(limit for limit, is_exceeded in found.items() if is_exceeded)


class PostgresWorkLicences:
    """Licences in Postgres: looked up each time, so that a revocation counts at once."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def of(self, work: str) -> Sequence[WorkLicence]:
        """All licences of a work, revoked ones too, the oldest first."""
        return self.of_each([work])

    def of_each(self, works: Sequence[str]) -> Sequence[WorkLicence]:
        """All licences of these works, the oldest first."""
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} WHERE work = ANY(%s) ORDER BY granted, id", [list(works)]).fetchall()
        return tuple(_licence(row) for row in rows)


def new_licence(
    work: str,
    licensee: str,
    *,
    purposes: Sequence[str] = (),
    parody: str = "allowed",
    territory: Sequence[str] = (),
    until: datetime | None = None,
    replaces: str = "",
) -> WorkLicence:
    """A licence that is stored nowhere yet. Raises BadInput."""
    if not work or not licensee.strip():
        raise BadInput("a licence names a work and an account, or * for everyone")
    if parody not in PARODY_TERMS:
        raise BadInput(f"parody is one of {', '.join(PARODY_TERMS)}")
    if until is not None and until.tzinfo is None:
        raise BadInput("the end of a licence needs a time zone")
    if PARODY_PURPOSE in purposes:
        raise BadInput("parody is a limit of its own: say whether it is allowed, and leave it out of the purposes")
    LeaseTerms(purposes=tuple(purposes), territory=tuple(territory))  # raises BadInput for what is none of them
    return WorkLicence(
        id=f"licence_{secrets.token_hex(8)}",
        work=work,
        licensee=licensee.strip(),
        purposes=tuple(purposes),
        parody=parody,
        territory=tuple(territory),
        until=until,
        replaces=replaces,
    )


def covering_licence(licences: Sequence[WorkLicence], use: WorkUse) -> WorkLicence | None:
    """The newest licence that covers this, of those that are made most for this account.

    A licence in force for the account counts alone, whatever everyone may: as with leases.
    """
    own = [one for one in licences if one.licensee == use.account and one.in_force(use.at)]
    covering = [one for one in own or licences if not one.exceeded_limits(use)]
    return covering[-1] if covering else None


def nearest_limits(licences: Sequence[WorkLicence], use: WorkUse) -> frozenset[LicenceLimit]:
    """The limits that this use exceeds of the licence that fits it best; empty where nothing was ever allowed."""
    offered = [one for one in licences if one.revoked is None]
    own = [one for one in offered if one.licensee == use.account and one.in_force(use.at)]
    found = [one.exceeded_limits(use) for one in own or offered]
    return min(found, key=lambda limits: (len(limits), LicenceLimit.AUDIENCE in limits), default=frozenset())


def add_licence(connection: RegistryConnection, licence: WorkLicence) -> None:
    """Store a licence, within the connection's transaction."""
    connection.execute(_ADD, [_column(licence, name) for name in _NAMES])


def licence_by_id(connection: RegistryConnection, licence_id: str, *, lock: bool = True) -> WorkLicence:
    """One licence; its row stays locked until the transaction ends, but for who only reads it. Raises NotFound."""
    row = connection.execute(f"{_FIELDS} WHERE id = %s{' FOR UPDATE' if lock else ''}", [licence_id]).fetchone()
    if row is None:
        raise NotFound("there is no such licence")
    return _licence(row)


def _column(licence: WorkLicence, name: str) -> object:
    value = getattr(licence, name)
    return list(value) if isinstance(value, tuple) else value


def _licence(row: Sequence[Any]) -> WorkLicence:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in zip(_NAMES, row, strict=True)}
    return WorkLicence(**values)
