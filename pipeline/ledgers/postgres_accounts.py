"""Accounts and their keys in Postgres, so that every process knows the same people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.roles import Role, Scope, UsageLimits
from pipeline.accounts import Account, AccountKey, KeyKind
from pipeline.ledgers.database import Database

_LIMITS = ("requests_per_minute", "videos_per_day", "video_seconds_per_month")

_KEEP = """
INSERT INTO accounts (id, roles, closed, requests_per_minute, videos_per_day, video_seconds_per_month)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET roles = excluded.roles, closed = excluded.closed,
    requests_per_minute = excluded.requests_per_minute, videos_per_day = excluded.videos_per_day,
    video_seconds_per_month = excluded.video_seconds_per_month
"""

_KEEP_KEY = """
INSERT INTO account_keys (id, account, name, digest, hint, scopes, created, expires, revoked, last_used,
                          requests_per_minute, videos_per_day, video_seconds_per_month, kind)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes, expires = excluded.expires,
    revoked = excluded.revoked, last_used = greatest(account_keys.last_used, excluded.last_used),
    requests_per_minute = excluded.requests_per_minute, videos_per_day = excluded.videos_per_day,
    video_seconds_per_month = excluded.video_seconds_per_month
"""

_ACCOUNTS = """
SELECT id, roles, closed, requests_per_minute, videos_per_day, video_seconds_per_month FROM accounts
"""

_KEYS = """
SELECT k.id, k.account, k.name, k.digest, k.hint, k.scopes, k.created, k.expires, k.revoked, k.last_used, k.kind,
       k.requests_per_minute, k.videos_per_day, k.video_seconds_per_month,
       a.id, a.roles, a.closed, a.requests_per_minute, a.videos_per_day, a.video_seconds_per_month
FROM account_keys k JOIN accounts a ON a.id = k.account
"""
_KEY_COLUMNS = 14


class PostgresAccounts:
    """Accounts over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def save(self, account: Account) -> None:
        """Keep an account; one with the same id is replaced. Its keys stay."""
        roles = sorted(role.value for role in account.roles)
        with self._database.connection() as connection:
            connection.execute(_KEEP, [account.id, roles, account.closed, *_limit_values(account.limits)])

    def get(self, account_id: str) -> Account | None:
        """The account with this id."""
        with self._database.statements() as connection:
            row = connection.execute(f"{_ACCOUNTS} WHERE id = %s", [account_id]).fetchone()
        return _account(*row) if row else None

    def all(self) -> Sequence[Account]:
        """Every account, in the order of their ids."""
        with self._database.statements() as connection:
            rows = connection.execute(f'{_ACCOUNTS} ORDER BY id COLLATE "C"').fetchall()
        return tuple(_account(*row) for row in rows)

    def save_key(self, key: AccountKey) -> None:
        """Keep a key; one with the same id is replaced. Its account, token and time of creation never change."""
        scopes = sorted(scope.value for scope in key.scopes)
        times = [key.created, key.expires, key.revoked, key.last_used]
        fixed = [key.id, key.account, key.name, key.digest, key.hint, scopes]
        values = [*fixed, *times, *_limit_values(key.limits), key.kind.value]
        with self._database.connection() as connection:
            connection.execute(_KEEP_KEY, values)

    def by_digest(self, digest: str) -> tuple[Account, AccountKey] | None:
        """The key whose token has this SHA-256, and its account."""
        return self._find("k.digest = %s", digest)

    def by_key_id(self, key_id: str) -> tuple[Account, AccountKey] | None:
        """The key with this id, and its account."""
        return self._find("k.id = %s", key_id)

    def keys(self, account_id: str) -> Sequence[AccountKey]:
        """All keys that an account ever had, the oldest first."""
        query = f"{_KEYS} WHERE k.account = %s ORDER BY k.created, k.id"
        with self._database.statements() as connection:
            return tuple(_key(*row[:_KEY_COLUMNS]) for row in connection.execute(query, [account_id]).fetchall())

    def record_use(self, key_id: str, at: datetime) -> None:
        """A key was used at this time."""
        with self._database.statements() as connection:
            connection.execute("UPDATE account_keys SET last_used = %s WHERE id = %s", [at, key_id])

    def end_session(self, digest: str, until: datetime) -> None:
        """See Accounts. What has ended by itself meanwhile is forgotten."""
        with self._database.connection() as connection:
            connection.execute("DELETE FROM ended_sessions WHERE until < clock_timestamp()")
            connection.execute("INSERT INTO ended_sessions VALUES (%s, %s) ON CONFLICT DO NOTHING", [digest, until])

    def is_session_ended(self, digest: str) -> bool:
        """See Accounts."""
        with self._database.statements() as connection:
            row = connection.execute("SELECT 1 FROM ended_sessions WHERE digest = %s", [digest]).fetchone()
        return row is not None

    def _find(self, condition: str, value: str) -> tuple[Account, AccountKey] | None:
        if "\x00" in value:  # Postgres knows no such text
            return None
        with self._database.statements() as connection:
            row = connection.execute(f"{_KEYS} WHERE {condition}", [value]).fetchone()
        return (_account(*row[_KEY_COLUMNS:]), _key(*row[:_KEY_COLUMNS])) if row else None


def _account(account_id: str, roles: Sequence[str], closed: bool, *limits: int | None) -> Account:
    return Account(id=account_id, roles=frozenset(map(Role, roles)), closed=closed, limits=_usage_limits(limits))


def _key(*row: Any) -> AccountKey:
    key_id, account, name, digest, hint, scopes, created, expires, revoked, last_used, kind, *limits = row
    return AccountKey(
        id=key_id,
        account=account,
        name=name,
        digest=digest,
        hint=hint,
        scopes=frozenset(map(Scope, scopes)),
        limits=_usage_limits(limits),
        created=created,
        expires=expires,
        revoked=revoked,
        last_used=last_used,
        kind=KeyKind(kind),
    )


def _usage_limits(values: Sequence[int | None]) -> UsageLimits:
    return UsageLimits(**dict(zip(_LIMITS, values, strict=True)))


def _limit_values(limits: UsageLimits) -> list[int | None]:
    return [getattr(limits, name) for name in _LIMITS]
