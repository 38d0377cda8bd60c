"""Reports of owners that a use of their likeness is wrong, in Postgres, with what was answered to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import NotFound, NotNow
from registry.consent.takedown_store import add_notices
from registry.table_cache import ConnectionProvider

TAKEN_DOWN, KEPT = "taken_down", "kept"
"""What may be answered to a report."""

_FIELDS = """
SELECT r.key, r.cameo, coalesce(c.handle, ''), coalesce(c.owner, ''), r.case_id, r.words, r.at, r.answer, r.code,
       r.reply, r.by, r.answered
FROM likeness_reports r LEFT JOIN cameos c ON c.id = r.cameo
"""
_ANSWER = """
UPDATE likeness_reports SET answer = %s, code = %s, reply = %s, by = %s, answered = clock_timestamp()
WHERE key = %s AND answer = ''
"""


@dataclass(frozen=True, slots=True)
class AnsweredReport:
    """One report. `words` and `reply` are ids of erasable texts; `answer` is empty while it waits."""

    key: int
    cameo: str
    handle: str
    owner: str
    case_id: str
    words: str
    at: datetime
    answer: str
    code: str
    reply: str
    by: str
    answered: datetime | None


class PostgresLikenessReports:
    """Reports in Postgres. Rows of a cameo go when it is erased."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def open(self, *, limit: int = 500) -> Sequence[AnsweredReport]:
        """Those that wait for an answer, the longest-waiting first."""
        return self._where("WHERE r.answer = '' ORDER BY r.key LIMIT %s", limit)

    def all(self, *, limit: int = 500) -> Sequence[AnsweredReport]:
        """Every report, the newest first."""
        return self._where("ORDER BY r.key DESC LIMIT %s", limit)

    def of_owner(self, owner: str, *, limit: int = 500) -> Sequence[AnsweredReport]:
        """What an account reported about its cameos, the newest first."""
        return self._where("WHERE c.owner = %s ORDER BY r.key DESC LIMIT %s", owner, limit)

    def get(self, key: int) -> AnsweredReport:
        """By its number. Raises NotFound, also once the cameo was erased."""
        found = self._where("WHERE r.key = %s", key)
        if not found:
            raise NotFound("there is no such report")
        return found[0]

    def answer(
        self,
        key: int,
        answer: str,
        *,
        code: str,
        reply: str,
        by: str,
        notices: Sequence[tuple[str, str, str, str]],
    ) -> None:
        """Answer one that waits, and tell both sides, all or nothing; `notices` as in `add_notices`. Raises NotNow."""
        with self._connections.connection() as connection:
            if connection.execute(_ANSWER, [answer, code, reply, by, key]).rowcount != 1:
                raise NotNow("this report was answered already")
            add_notices(connection, notices)

    def _where(self, condition: str, *values: object) -> Sequence[AnsweredReport]:
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} {condition}", [*values]).fetchall()
        return tuple(AnsweredReport(*row) for row in rows)
