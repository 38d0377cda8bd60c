"""The service for accounts: what a platform may do with its own keys, and an operator with every account.

No key can make another that outranks or outlives it: scopes, expiry and limits of a new key stay within those of the
key that was shown. Commands, API and page call this and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.roles import (
    ALL_SCOPES,
    NO_LIMITS,
    STAFF_ROLES,
    Principal,
    Role,
    Scope,
    UsageLimits,
    require_role,
    require_scope,
)
from pipeline.access.key_lifetimes import STANDARD_LIFETIMES, KeyLifetimes
from pipeline.accounts import Account, AccountKey, Accounts, KeyKind, new_key

MAX_WORKING_KEYS = 25
"""Of one account: whoever needs more needs more accounts."""

MAX_LIFETIME = timedelta(days=3660)
"""Of a key that ends at all. It also keeps out years that a database or another time zone cannot hold."""

MAX_NAME_LENGTH = 80  # characters
MAX_ROTATION_OVERLAP = timedelta(days=7)
_MAX_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    """Accounts and keys, with the check who may touch them. New keys end as `lifetimes` say."""

    accounts: Accounts
    lifetimes: KeyLifetimes = STANDARD_LIFETIMES

    # -- keys

    def keys(self, who: Principal, *, account: str = "") -> Sequence[AccountKey]:
        """All keys that the account ever had, the oldest first; one's own where no account is named."""
        return tuple(self.accounts.keys(self._account(who, account).id))

    def create_key(
        self,
        who: Principal,
        name: str,
        *,
        scopes: frozenset[Scope] = frozenset(),
        expires: datetime | None = None,
        never: bool = False,
        limits: UsageLimits = NO_LIMITS,
        account: str = "",
    ) -> tuple[AccountKey, str]:
        """A new key and its token, which is shown once. No scopes: all of use to the account that `who` may give.

        Without `expires` it ends as `lifetimes` say, or with the key of `who` if that is sooner; `never` asks for one
        that does not end. Raises BadInput, Forbidden; Conflict for a name that a working key has, or where there are
        too many.
        """
        owner = self._account(who, account)
        name = _checked_name(name)
        useful = _useful_scopes(owner)
        scopes = scopes or (useful & who.scopes)
        if not scopes <= who.scopes:
            raise Forbidden(f"this key cannot give a scope that it has not: {', '.join(sorted(scopes - who.scopes))}")
        if not scopes <= useful:
            raise BadInput(f"the account has no role for the scope {', '.join(sorted(scopes - useful))}")
        self._check_room(owner, name)
        expires = self._end(who, owner, _checked_expiry(expires), never=never)
        key, token = new_key(
            owner.id, name, scopes=scopes, expires=expires, limits=_narrower(_checked_limits(limits), who.key_limits)
        )
        self.accounts.save_key(key)
        return key, token

    def add_login_key(self, who: Principal, name: str, kind: KeyKind) -> AccountKey:
        """A key of one's own account that something else than a token opens, with the scopes and limits of `who`.

        It does not end by itself: nobody can copy it. Raises BadInput, Conflict, as `create_key` does.
        """
        owner, name = self._account(who, ""), _checked_name(name)
        self._check_room(owner, name)
        key, _ = new_key(owner.id, name, scopes=who.scopes, limits=who.key_limits, kind=kind)
        self.accounts.save_key(key)
        return key

    def revoke_key(self, who: Principal, key_id: str, *, account: str = "") -> AccountKey:
        """End a key at once. Again changes nothing. Raises NotFound for a key of another account."""
        key = self._key(who, key_id, account)
        if key.revoked is None:
            key = replace(key, revoked=datetime.now(UTC))
            self.accounts.save_key(key)
        return key

    def rotate_key(
        self, who: Principal, key_id: str, *, overlap: timedelta = timedelta(0), account: str = ""
    ) -> tuple[AccountKey, str]:
        """A new token in place of a key's, with its name, scopes, limits and expiry; the old one works for `overlap`.

        A key that never ends, and that its account could not be given now, gets an end. Raises NotFound, BadInput for
        an overlap of more than a week, Conflict for a key that no longer works.
        """
        old, now = self._key(who, key_id, account), datetime.now(UTC)
        if not timedelta(0) <= overlap <= MAX_ROTATION_OVERLAP:
            raise BadInput(f"the old key may work for {MAX_ROTATION_OVERLAP.days * 24} hours more at the most")
        if old.kind is not KeyKind.TOKEN:
            raise BadInput("only a token can be rotated")
        if not old.works(now):
            raise Conflict("this key does not work any more: create a new one")
        if not old.scopes <= who.scopes:
            raise Forbidden("this key cannot rotate one that has more scopes")
        key, token = new_key(
            old.account, old.name, scopes=old.scopes, expires=self._rotated_end(old, now), limits=old.limits
        )
        self.accounts.save_key(key)
        ends = now + overlap
        if not overlap:
            self.accounts.save_key(replace(old, revoked=now))
        elif old.expires is None or ends < old.expires:
            self.accounts.save_key(replace(old, expires=ends))
        return key, token

    # -- accounts: for operators

    def all_accounts(self, who: Principal) -> Sequence[Account]:
        """Every account, in the order of their ids."""
        require_role(who, Role.OPERATOR)
        return tuple(self.accounts.all())

    def account(self, who: Principal, account: str = "") -> Account:
        """An account; one's own where none is named. Raises NotFound."""
        return self._account(who, account)

    def set_closed(self, who: Principal, account: str, *, closed: bool) -> Account:
        """Shut an account out, with all its keys, sessions and webhooks; or let it in again. Again changes nothing."""
        require_role(who, Role.OPERATOR)
        changed = replace(self._account(who, account), closed=closed)
        self.accounts.save(changed)
        return changed

    def set_roles(self, who: Principal, account: str, roles: frozenset[Role]) -> Account:
        """Give an account these roles instead of those that it has. Its keys stay, and do what the roles then allow.

        Raises BadInput for none, Forbidden for one's own account: nobody gives themselves a role.
        """
        require_role(who, Role.OPERATOR)
        if not roles:
            raise BadInput("an account has at least one role: close it where it may do nothing")
        if account == who.id:
            raise Forbidden("nobody changes the roles of their own account: another operator does")
        changed = replace(self._account(who, account), roles=roles)
        self.accounts.save(changed)
        return changed

    def set_limits(self, who: Principal, account: str, limits: UsageLimits) -> Account:
        """What all keys of an account may use together. None: as the settings say."""
        require_role(who, Role.OPERATOR)
        changed = replace(self._account(who, account), limits=_checked_limits(limits))
        self.accounts.save(changed)
        return changed

    # -- private

    def _account(self, who: Principal, account: str) -> Account:
        require_scope(who, Scope.MANAGE)
        if account and account != who.id:
            require_role(who, Role.OPERATOR)
        found = self.accounts.get(account or who.id)
        if found is None:
            raise NotFound(f"there is no account {account or who.id}")
        return found

    def _key(self, who: Principal, key_id: str, account: str) -> AccountKey:
        owner = self._account(who, account)
        found = self.accounts.by_key_id(key_id)
        if found is None or found[1].account != owner.id:
            raise NotFound("there is no such key")
        return found[1]

    def _check_room(self, owner: Account, name: str) -> None:
        working = [key for key in self.accounts.keys(owner.id) if key.works(datetime.now(UTC))]
        if owner.closed:
            raise Conflict(f"account {owner.id} is closed: reopen it first")
        if any(key.name == name for key in working):
            raise Conflict(f"a key named {name!r} works already: rotate it, or choose another name")
        if len(working) >= MAX_WORKING_KEYS:
            raise Conflict(f"an account has {MAX_WORKING_KEYS} working keys at the most: revoke one first")

    def _end(self, who: Principal, owner: Account, expires: datetime | None, *, never: bool) -> datetime | None:
        if never and expires is not None:
            raise BadInput("a key ends at a time, or never: say one of them")
        now = datetime.now(UTC)
        own = self.accounts.by_key_id(who.key) if who.key else None
        last = own[1].expires if own else None
        if expires is None and not never:
            default = self.lifetimes.default_end(owner.roles, now)
            return min(default, last) if last else default
        if last is not None and (expires is None or expires > last):
            raise Forbidden("no key can make one that outlives it")
        self.lifetimes.check(owner.roles, expires, now)
        return expires

    def _rotated_end(self, old: AccountKey, now: datetime) -> datetime | None:
        roles = owner.roles if (owner := self.accounts.get(old.account)) else frozenset()
        if old.expires is not None:
            return old.expires
        try:
            self.lifetimes.check(roles, None, now)
        except BadInput:
            return self.lifetimes.default_end(roles, now)
        return None


def _useful_scopes(owner: Account) -> frozenset[Scope]:
    moderates = owner.roles & STAFF_ROLES
    return ALL_SCOPES if moderates else ALL_SCOPES - {Scope.MODERATE}


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise BadInput(f"a key has a name of 1 to {MAX_NAME_LENGTH} printable characters")
    return name


def _checked_expiry(expires: datetime | None) -> datetime | None:
    if expires is None:
        return None
    if expires.tzinfo is None:
        raise BadInput("say in which time zone the key expires, as 2027-01-31T00:00:00Z")
    now = datetime.now(UTC)
    if not now < expires <= now + MAX_LIFETIME:
        raise BadInput(f"a key expires in the future, within {MAX_LIFETIME.days} days; or never")
    return expires.astimezone(UTC)


def _checked_limits(limits: UsageLimits) -> UsageLimits:
    for one in fields(limits):
        value = getattr(limits, one.name)
        if value is not None and not 0 <= value <= _MAX_LIMIT:
            raise BadInput(f"{one.name} is a number from 0 (no limit) to {_MAX_LIMIT}")
    return limits


def _narrower(wanted: UsageLimits, most: UsageLimits) -> UsageLimits:
    """The limits that were asked for, but none wider than `most`, in which 0 and None are no limit."""
    return UsageLimits(
        **{f.name: _narrower_limit(getattr(wanted, f.name), getattr(most, f.name)) for f in fields(most)}
    )


def _narrower_limit(wanted: int | None, most: int | None) -> int | None:
    if not most:
        return wanted
    return min(wanted, most) if wanted else most
