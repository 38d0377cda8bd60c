"""Who is asking, and what they may do. The service asks this; pages only hide what it would refuse."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.case import Case
from core.errors import Forbidden


class Role(StrEnum):
    """What an account is for. An operator may do everything."""

    PLATFORM = "platform"
    MODERATOR = "moderator"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An account and its roles. `id` is opaque: never a name or an address."""

    id: str
    roles: frozenset[Role] = frozenset()

    def has(self, *roles: Role) -> bool:
        """Whether the person has one of these roles, or is an operator."""
        return bool(self.roles & {*roles, Role.OPERATOR})


def require_role(principal: Principal, *roles: Role) -> None:
    """Raises Forbidden unless the person has one of these roles."""
    if not principal.has(*roles):
        raise Forbidden(f"your account needs the role {' or '.join(roles)} for this")


def require_owner(who: Principal, case: Case) -> None:
    """Raises Forbidden unless the case is the person's own, or the person is a moderator."""
    if case.request.author != who.id and not who.has(Role.MODERATOR):
        raise Forbidden("this case belongs to another account")
