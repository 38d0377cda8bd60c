"""Who is asking, and what they may do. The service asks this; pages only hide what it would refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.case import Case
from core.errors import Forbidden


class Role(StrEnum):
    """What an account is for. No role has the rights of another: whoever needs several is given each by its name."""

    PLATFORM = "platform"  # orders videos, and enrols people
    MODERATOR = "moderator"  # sees and rules on what is held; manages nothing
    SAFETY_OFFICER = "safety_officer"  # acts on sealed cases, which nobody views; beside the role moderator
    LEAD = "lead"  # sees how moderators are doing and what was decided; sees and rules on no case
    RIGHTS_HOLDER = "rights_holder"  # registers works, says what is allowed of them, answers about drafts
    OPERATOR = "operator"  # manages accounts, registers and the roll-out of the policy; sees and rules on no case


STAFF_ROLES = frozenset({Role.MODERATOR, Role.LEAD, Role.OPERATOR})
"""Roles of people who work for the installation."""


class Scope(StrEnum):
    """What a key of an account may be used for. A role says what the account may do, a scope narrows it for a key."""

    SUBMIT = "submit"  # order videos, change, appeal and recall one's own
    READ = "read"  # see one's own cases and videos
    VERIFY = "verify"  # ask what would be said of a prompt or a file, without a case
    MODERATE = "moderate"  # act as a moderator, if the account is one
    MANAGE = "manage"  # keys, webhooks, and what people allow of their likeness


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLimits:
    """How much an account, or one of its keys, may use. None: no limit of its own. 0: no limit at all."""

    requests_per_minute: int | None = None
    videos_per_day: int | None = None
    video_seconds_per_month: int | None = None


NO_LIMITS = UsageLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An account and its roles. `id` is opaque: never a name or an address.

    `key` is the id of the key that was shown, and empty for somebody who acts without one, such as whoever types
    commands on the installation's own machine: they have every scope, and no usage is counted.
    """

    id: str
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = ALL_SCOPES
    key: str = field(default="", compare=False)
    account_limits: UsageLimits = field(default=NO_LIMITS, compare=False)
    key_limits: UsageLimits = field(default=NO_LIMITS, compare=False)

    def has(self, *roles: Role) -> bool:
        """Whether the person has one of these roles."""
        return bool(self.roles & {*roles})


def require_role(principal: Principal, *roles: Role) -> None:
    """Raises Forbidden unless the person has one of these roles."""
    if not principal.has(*roles):
        raise Forbidden(f"your account needs the role {' or '.join(roles)} for this")


def require_scope(who: Principal, *scopes: Scope) -> None:
    """Raises Forbidden unless the key that was shown has one of these scopes."""
    if not who.scopes & {*scopes}:
        raise Forbidden(f"this key needs the scope {' or '.join(scopes)} for this")


def require_owner(who: Principal, case: Case) -> None:
    """Raises Forbidden unless the case is the person's own, or the person is a moderator."""
    if case.request.author != who.id and not who.has(Role.MODERATOR):
        raise Forbidden("this case belongs to another account")
