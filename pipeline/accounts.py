"""Accounts: opaque ids with roles, and the keys that open them, of which only the SHA-256 is kept.

Who has a key is found by `authenticate`. What an account may do with its own keys is in pipeline.access.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from core.errors import Forbidden
from core.roles import ALL_SCOPES, NO_LIMITS, Principal, Role, Scope, UsageLimits
from pipeline.access.key_lifetimes import STANDARD_LIFETIMES, KeyLifetimes

FIRST_KEY_NAME = "token"
"""The key that came with the account. `create_account` for a known id replaces it, and no other."""

_LAST_USED_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is stored of an account. A closed one is shut out whatever its keys say."""

    id: str
    roles: frozenset[Role]
    closed: bool = False
    limits: UsageLimits = NO_LIMITS


class KeyKind(StrEnum):
    """What opens a key."""

    TOKEN = "token"  # noqa: S105 - the kind, and no token
    PASSKEY = "passkey"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey:
    """A key of an account. `digest` is the SHA-256 of the token: it has 256 random bits, so no salt is needed.

    `hint` are the first characters of the token, by which people tell their keys apart. All times are in UTC.
    """

    id: str
    account: str
    name: str
    digest: str
    hint: str = ""
    scopes: frozenset[Scope] = ALL_SCOPES
    limits: UsageLimits = NO_LIMITS
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    expires: datetime | None = None
    revoked: datetime | None = None
    last_used: datetime | None = None
    kind: KeyKind = KeyKind.TOKEN

    def works(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class Accounts(Protocol):
    """Where accounts and their keys are kept."""

    def save(self, account: Account) -> None:
        """Keep an account; one with the same id is replaced. Its keys stay."""

    def get(self, account_id: str) -> Account | None:
        """The account with this id."""

    def all(self) -> Iterable[Account]:
        """Every account, in the order of their ids."""

    def save_key(self, key: AccountKey) -> None:
        """Keep a key; one with the same id is replaced."""

    def by_digest(self, digest: str) -> tuple[Account, AccountKey] | None:
        """The key whose token has this SHA-256, and its account, whether or not they still open anything."""

    def by_key_id(self, key_id: str) -> tuple[Account, AccountKey] | None:
        """The key with this id, and its account."""

    def keys(self, account_id: str) -> Iterable[AccountKey]:
        """All keys that an account ever had, the oldest first."""

    def record_use(self, key_id: str, at: datetime) -> None:
        """A key was used at this time."""

    def end_session(self, digest: str, until: datetime) -> None:
        """The session with this SHA-256 opens nothing any more; by `until` it would have ended by itself."""

    def is_session_ended(self, digest: str) -> bool:
        """Whether this session was ended before its time."""


def create_account(
    accounts: Accounts, roles: Iterable[Role], *, account_id: str = "", lifetimes: KeyLifetimes = STANDARD_LIFETIMES
) -> tuple[Principal, str]:
    """A new account (or a new token for a known id), and its token, which is shown once and never stored.

    The token of a known id is replaced; its other keys stay. It ends as `lifetimes` say. Raises Forbidden for a closed
    account.
    """
    known = accounts.get(account_id) if account_id else None
    if known is not None and known.closed:
        raise Forbidden(f"account {account_id} is closed: reopen it first")
    account = Account(
        id=account_id or new_account_id(),
        roles=frozenset(roles),
        limits=known.limits if known else NO_LIMITS,
    )
    accounts.save(account)
    now = datetime.now(UTC)
    for former in accounts.keys(account.id):
        if former.name == FIRST_KEY_NAME and former.revoked is None:
            accounts.save_key(replace(former, revoked=now))
    key, token = new_key(account.id, FIRST_KEY_NAME, expires=lifetimes.default_end(account.roles, now))
    accounts.save_key(key)
    return Principal(id=account.id, roles=account.roles, key=key.id), token


def new_account_id() -> str:
    """An opaque id for an account."""
    return f"acct_{secrets.token_hex(6)}"


def new_key(
    account_id: str,
    name: str,
    *,
    scopes: frozenset[Scope] = ALL_SCOPES,
    expires: datetime | None = None,
    limits: UsageLimits = NO_LIMITS,
    kind: KeyKind = KeyKind.TOKEN,
) -> tuple[AccountKey, str]:
    """A key that is not stored yet, and its token. A key of another kind has one that is to be forgotten."""
    token = f"assay_{secrets.token_urlsafe(32)}"
    made = AccountKey(
        id=f"key_{secrets.token_hex(8)}",
        account=account_id,
        name=name,
        digest=token_digest(token),
        hint=token[:10] if kind is KeyKind.TOKEN else "",
        scopes=scopes,
        limits=limits,
        expires=expires,
        kind=kind,
    )
    return made, token


def authenticate(accounts: Accounts, token: str) -> Principal | None:
    """Who this token lets in; None for an unknown, revoked or expired one and for a closed account. Notes the use."""
    found = accounts.by_digest(token_digest(token))
    return None if found is None else admit(accounts, *found)


def admit(accounts: Accounts, account: Account, key: AccountKey) -> Principal | None:
    """Who this key lets in now, or None. Its use is noted, to the minute."""
    now = datetime.now(UTC)
    if account.closed or not key.works(now):
        return None
    if key.last_used is None or now - key.last_used >= _LAST_USED_PRECISION:
        accounts.record_use(key.id, now)
    return Principal(
        id=account.id,
        roles=_roles_within(account.roles, key.scopes),
        scopes=key.scopes,
        key=key.id,
        account_limits=account.limits,
        key_limits=key.limits,
    )


def token_digest(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def _roles_within(roles: frozenset[Role], scopes: frozenset[Scope]) -> frozenset[Role]:
    """A key without the scope `moderate` makes nobody a moderator or a lead, and an operator needs every scope."""
    if scopes >= ALL_SCOPES:
        return roles
    moderating = frozenset() if Scope.MODERATE in scopes else {Role.MODERATOR, Role.SAFETY_OFFICER, Role.LEAD}
    return roles - {Role.OPERATOR} - moderating
