"""Challenges, each good for one take within minutes, and what became of it: labels and scores, no face, no voice."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from core.errors import NotFound, NotNow
from registry.consent.end_users import account_of
from registry.table_cache import ConnectionProvider, RegistryConnection

CHALLENGE_LIFETIME = timedelta(minutes=5)
DIGIT_PAIRS = 3  # pairs of digits to be spoken: one guess in a million
HEAD_TURNS = ("left", "right", "up", "down")
OPEN_CHALLENGES = 5
DAILY_CHALLENGES = 50
"""How many challenges an account may have open, and get in 24 hours: who collects them waits for one that a found
recording happens to answer, of 12 million that are possible. Each end user of an account has these."""
DAILY_CHALLENGES_OF_ALL = 1000
"""How many an account gets in 24 hours for all its end users together: whom it names is its own word."""
CAPTURE_HASH_RETENTION = timedelta(days=365)

_FIELDS = """
SELECT id, account, handle, kind, digits, turns, issued, expires, used, outcome, cameo, signals, rules FROM enrolments
"""
_COUNTED = """
SELECT count(*) FILTER (WHERE used IS NULL AND expires > %(now)s), count(*) FROM enrolments
WHERE account = %(account)s AND issued > %(yesterday)s
"""
_REDEEM = """
UPDATE enrolments SET used = %(now)s
WHERE id = %(id)s AND account = %(account)s AND used IS NULL AND expires > %(now)s RETURNING id
"""
_END = "UPDATE enrolments SET outcome = %s, cameo = %s, signals = %s, rules = %s, looks = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class EnrolmentChallenge:
    """What has to be said (`digits`, three pairs: `47 19 30`) and done (two turns of the head, then a blink)."""

    id: str
    account: str
    handle: str
    kind: str
    digits: str
    turns: tuple[str, ...]
    issued: datetime
    expires: datetime
    used: datetime | None = None
    outcome: str = ""
    cameo: str = ""
    signals: Sequence[dict[str, object]] = field(default_factory=tuple)
    rules: tuple[str, ...] = ()


class PostgresEnrolmentChallenges:
    """Challenges in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def issue(
        self,
        account: str,
        handle: str,
        kind: str,
        *,
        lifetime: timedelta = CHALLENGE_LIFETIME,
        most_open: int = OPEN_CHALLENGES,
        most_a_day: int = DAILY_CHALLENGES,
        most_for_all: int = DAILY_CHALLENGES_OF_ALL,
    ) -> EnrolmentChallenge:
        """A new challenge, random from the operating system. Raises NotNow for an account that has had too many."""
        now = datetime.now(UTC)
        pairs = [f"{secrets.randbelow(10)}{secrets.randbelow(10)}" for _ in range(DIGIT_PAIRS)]
        first = secrets.choice(HEAD_TURNS)
        turns = [first, secrets.choice([turn for turn in HEAD_TURNS if turn != first])]
        name = f"enrol_{secrets.token_hex(12)}"
        add = (
            "INSERT INTO enrolments (id, account, handle, kind, digits, turns, issued, expires)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        )
        with self._connections.connection() as connection:
            lock = f"enrolments:{account_of(account)}"
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [lock])
            still_open, today = _counted(connection, account, now)
            if still_open >= most_open:
                raise NotNow(f"{most_open} challenges are open: use one of them, or wait five minutes")
            if today >= most_a_day or _counted_for_all(connection, account, now) >= most_for_all:
                raise NotNow("too many challenges were given out in 24 hours: try again tomorrow")
            connection.execute(add, [name, account, handle, kind, " ".join(pairs), turns, now, now + lifetime])
        return self.get(name)

    def get(self, name: str) -> EnrolmentChallenge:
        """By its id. Raises NotFound."""
        challenges = self._where("id = %s", name)
        if not challenges:
            raise NotFound("there is no such challenge")
        return challenges[0]

    def redeem(self, name: str, account: str) -> EnrolmentChallenge:
        """Take up a challenge, once. Raises NotFound for another's, NotNow for one that was used or has run out."""
        if self.get(name).account != account:
            raise NotFound("there is no such challenge")
        parameters = {"id": name, "account": account, "now": datetime.now(UTC)}
        with self._connections.connection() as connection:
            if connection.execute(_REDEEM, parameters).fetchone() is None:
                raise NotNow("this challenge was used, or has run out: ask for another")
        return self.get(name)

    def record_outcome(
        self,
        name: str,
        outcome: str,
        *,
        cameo: str,
        signals: object,
        rules: Sequence[str],
        capture_hashes: NDArray[np.uint8],
    ) -> None:
        """What became of a take. `capture_hashes` (n, 32) are hashes of its pictures."""
        values = [outcome, cameo, Jsonb(signals), list(rules), capture_hashes.astype(np.uint8).tobytes(), name]
        with self._connections.connection() as connection:
            connection.execute(_END, values)

    def capture_hashes(self, *, exclude: str = "") -> NDArray[np.uint8]:
        """The pictures of all earlier takes, (n, 32)."""
        query = "SELECT looks FROM enrolments WHERE id <> %s AND length(looks) > 0"
        with self._connections.connection() as connection:
            rows = connection.execute(query, [exclude]).fetchall()
        return np.frombuffer(b"".join(row[0] for row in rows), dtype=np.uint8).reshape(-1, 32)

    def of(self, account: str) -> Sequence[EnrolmentChallenge]:
        """Those of an account, the oldest first."""
        return self._where("account = %s", account)

    def by_cameo(self, cameo: str) -> Sequence[EnrolmentChallenge]:
        """Those that led to a cameo."""
        return self._where("cameo = %s", cameo)

    def forget(self, cameo: str, *, account: str = "", kind: str = "") -> None:
        """Delete the stored measurements of a cameo's takes, and of takes of this account and kind that led to none."""
        query = "DELETE FROM enrolments WHERE cameo = %s OR (cameo = '' AND account = %s AND kind = %s)"
        with self._connections.connection() as connection:
            connection.execute(query, [cameo, account, kind])

    def delete_expired(self, at: datetime) -> int:
        """Delete unused challenges, and after a year the measurements of takes that led to no cameo."""
        query = "DELETE FROM enrolments WHERE (used IS NULL AND expires < %s) OR (outcome = 'refused' AND used < %s)"
        with self._connections.connection() as connection:
            return connection.execute(query, [at - timedelta(days=1), at - CAPTURE_HASH_RETENTION]).rowcount

    def _where(self, condition: str, *values: object) -> Sequence[EnrolmentChallenge]:
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} WHERE {condition} ORDER BY issued, id", values).fetchall()
        return tuple(_challenge(row) for row in rows)


def _counted(connection: RegistryConnection, account: str, now: datetime) -> tuple[int, int]:
    """How many challenges of an account are open, and how many it got in 24 hours."""
    parameters = {"account": account, "now": now, "yesterday": now - timedelta(days=1)}
    row = connection.execute(_COUNTED, parameters).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _counted_for_all(connection: RegistryConnection, account: str, now: datetime) -> int:
    """How many challenges an account got in 24 hours for itself and all its end users."""
    query = "SELECT count(*) FROM enrolments WHERE split_part(account, '#', 1) = %s AND issued > %s"
    row = connection.execute(query, [account_of(account), now - timedelta(days=1)]).fetchone()
    return int(row[0]) if row else 0


def _challenge(row: Sequence[Any]) -> EnrolmentChallenge:
    values: dict[str, Any] = dict(zip(EnrolmentChallenge.__slots__, row, strict=True))
    whole: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return EnrolmentChallenge(**whole)
