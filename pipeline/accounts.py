"""Accounts: opaque ids with roles, known by a token of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from core.roles import Principal, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is stored. `digest` is the SHA-256 of the token: it has 256 random bits, so no salt is needed."""

    id: str
    roles: frozenset[Role]
    digest: str
    closed: bool = False


class Accounts(Protocol):
    """Where accounts are kept."""

    def save(self, account: Account) -> None:
        """Keep an account; one with the same id is replaced."""

    def by_digest(self, digest: str) -> Account | None:
        """The account whose token has this SHA-256."""

    def all(self) -> Iterable[Account]:
        """Every account, in the order of their ids."""


def create_account(accounts: Accounts, roles: Iterable[Role], *, account_id: str = "") -> tuple[Principal, str]:
    """A new account (or a new token for a known id), and its token, which is shown once and never stored."""
    token = f"assay_{secrets.token_urlsafe(32)}"
    account = Account(
        id=account_id or f"acct_{secrets.token_hex(6)}", roles=frozenset(roles), digest=_token_digest(token)
    )
    accounts.save(account)
    return Principal(id=account.id, roles=account.roles), token


def authenticate(accounts: Accounts, token: str) -> Principal | None:
    """Whose token this is; None for an unknown one and for a closed account."""
    account = accounts.by_digest(_token_digest(token))
    return None if account is None or account.closed else Principal(id=account.id, roles=account.roles)


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
