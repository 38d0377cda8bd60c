"""How long keys work. Tokens are copied and forgotten, so each one ends, unless it was made as one that does not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import BadInput
from core.roles import STAFF_ROLES, Role

KEY_WARNING = timedelta(days=14)
"""So long before its end a key is shown as one that ends soon."""

_STAFF = frozenset({Role.MODERATOR, Role.SAFETY_OFFICER, Role.LEAD, Role.OPERATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLifetimes:
    """`standard_days` for keys of people, moderators and operators, `platform_days` for those of a mere platform.

    `endless_staff_keys` lets moderators and operators have keys that never end, or that end later than a year from now.
    """

    standard_days: int = 90
    platform_days: int = 365
    endless_staff_keys: bool = False

    def default_end(self, roles: Collection[Role], now: datetime) -> datetime:
        """When a key ends of which nothing else was said."""
        platform = Role.PLATFORM in roles and not STAFF_ROLES & set(roles)
        return now + timedelta(days=self.platform_days if platform else self.standard_days)

    def check(self, roles: Collection[Role], expires: datetime | None, now: datetime) -> None:
        """Raises BadInput for an end that these roles may not have; None is a key that never ends."""
        if self.endless_staff_keys or not STAFF_ROLES & set(roles):
            return
        if expires is None or expires > now + timedelta(days=max(self.standard_days, 366)):
            raise BadInput("keys of moderators and operators end within a year, unless the setting endless_staff_keys")


STANDARD_LIFETIMES = KeyLifetimes()
"""What holds where no settings say otherwise."""


def ends_soon(expires: datetime | None, now: datetime) -> bool:
    """Whether a key that works now will not for much longer."""
    return expires is not None and now < expires <= now + KEY_WARNING
