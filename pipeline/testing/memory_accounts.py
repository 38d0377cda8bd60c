"""Accounts in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from pipeline.accounts import Account


class MemoryAccounts:
    """Accounts for as long as the process lives."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def save(self, account: Account) -> None:
        """See Accounts."""
        self._accounts[account.id] = account

    def by_digest(self, digest: str) -> Account | None:
        """See Accounts."""
        return next((a for a in self._accounts.values() if secrets.compare_digest(a.digest, digest)), None)

    def all(self) -> Iterable[Account]:
        """See Accounts."""
        return sorted(self._accounts.values(), key=lambda a: a.id)
