"""Accounts in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pipeline.accounts import Account, AccountKey


class MemoryAccounts:
    """Accounts for as long as the process lives."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, AccountKey] = {}
        self._ended_sessions: dict[str, datetime] = {}

    def save(self, account: Account) -> None:
        """See Accounts."""
        self._accounts[account.id] = account

    def get(self, account_id: str) -> Account | None:
        """See Accounts."""
        return self._accounts.get(account_id)

    def all(self) -> Iterable[Account]:
        """See Accounts."""
        return sorted(self._accounts.values(), key=lambda a: a.id)

    def save_key(self, key: AccountKey) -> None:
        """See Accounts."""
        self._keys[key.id] = key

    def by_digest(self, digest: str) -> tuple[Account, AccountKey] | None:
        """See Accounts."""
        found = next((k for k in self._keys.values() if secrets.compare_digest(k.digest, digest)), None)
        return (self._accounts[found.account], found) if found else None

    def by_key_id(self, key_id: str) -> tuple[Account, AccountKey] | None:
        """See Accounts."""
        found = self._keys.get(key_id)
        return (self._accounts[found.account], found) if found else None

    def keys(self, account_id: str) -> Iterable[AccountKey]:
        """See Accounts."""
        return sorted((k for k in self._keys.values() if k.account == account_id), key=lambda k: (k.created, k.id))

    def record_use(self, key_id: str, at: datetime) -> None:
        """See Accounts."""
        self._keys[key_id] = replace(self._keys[key_id], last_used=at)

    def end_session(self, digest: str, until: datetime) -> None:
        """See Accounts."""
        self._ended_sessions[digest] = until

    def is_session_ended(self, digest: str) -> bool:
        """See Accounts."""
        return digest in self._ended_sessions
