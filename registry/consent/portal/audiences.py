"""Who may make videos of somebody, as four choices: only they, people they name, mutuals, everybody.

A choice is a set of permissions and no state of its own: it is read off the permissions in force, and changing it
grants and ends some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import BadInput
from registry.consent.leases import EVERYONE, MUTUALS, Lease


class LikenessAudience(StrEnum):
    """Who may make videos of somebody."""

    ME = "me"
    NAMED = "named"
    MUTUALS = "mutuals"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceRequest:
    """A choice. `accounts` are those that are named; `confirmed`: the owner said that they mean what it does."""

    audience: LikenessAudience
    accounts: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AudiencePlan:
    """What a choice does: to whom something is granted, and which permissions end."""

    grant_to: tuple[str, ...]
    end: tuple[Lease, ...]

    @property
    def points(self) -> Sequence[str]:
        """What the owner has to say they mean, a sentence each."""
        points = []
        if EVERYONE in self.grant_to:
            points.append("Anyone with an account here may ask for videos of you. You see each one first.")
        if self.end:
            many = len(self.end)
            says, what = ("One permission ends", "it") if many == 1 else (f"{many} permissions end", "them")
            points.append(
                f"{says}, and what was made with {what} comes down unless something else you allow covers it."
            )
        return points


def audience_of(leases: Sequence[Lease], owner: str, at: datetime) -> LikenessAudience:
    """The choice that these permissions amount to."""
    holders = {lease.holder for lease in leases if _is_choice(lease, at)} - {owner}
    if EVERYONE in holders:
        return LikenessAudience.EVERYONE
    if MUTUALS in holders:
        return LikenessAudience.MUTUALS
    return LikenessAudience.NAMED if holders else LikenessAudience.ME


def plan_audience(leases: Sequence[Lease], owner: str, request: AudienceRequest, at: datetime) -> AudiencePlan:
    """What has to be granted and ended for a choice. Raises BadInput where it names nobody."""
    in_force = [lease for lease in leases if _is_choice(lease, at) and lease.holder != owner]
    wanted, keep = _holders(request, {lease.holder for lease in in_force}, owner)
    there = {lease.holder for lease in in_force}
    return AudiencePlan(
        grant_to=tuple(holder for holder in wanted if holder not in there),
        end=tuple(lease for lease in in_force if lease.holder not in keep),
    )


def _is_choice(lease: Lease, at: datetime) -> bool:
    """A yes to one order is no choice of an audience: it is given and taken back by itself."""
    return lease.in_force(at) and not lease.case_id


def _holders(request: AudienceRequest, there: set[str], owner: str) -> tuple[tuple[str, ...], set[str]]:
    """Who has to have a permission, and whose stay."""
    named = there - {EVERYONE, MUTUALS}
    if request.audience is LikenessAudience.ME:
        return (), set()
    if request.audience is LikenessAudience.MUTUALS:
        return (MUTUALS,), {*named, MUTUALS}
    if request.audience is LikenessAudience.EVERYONE:
        return (EVERYONE,), {*there, EVERYONE}
    accounts = tuple(dict.fromkeys(one.strip() for one in request.accounts if one.strip() not in ("", owner)))
    if not accounts or {EVERYONE, MUTUALS} & set(accounts):
        raise BadInput("name the accounts that may make videos of you", param="accounts")
    return accounts, set(accounts)
