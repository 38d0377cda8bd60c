"""Where a cameo is recognised, read off the ledger's cases a page at a time, and what its owner said of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg.types.json import Jsonb

from core.errors import BadInput
from registry.table_cache import ConnectionProvider, RegistryConnection

_PAGE = """
SELECT c.case_id, c.phase, c.submitted_at, c.changed_at, c.request, coalesce(a.answer, '')
FROM case_requests c LEFT JOIN found_answers a ON a.cameo = %(cameo)s AND a.case_id = c.case_id
WHERE c.recognised @> %(recognised)s AND c.phase IN ('held', 'published')
  AND (%(one)s = '' OR c.case_id = %(one)s)
  AND (%(one)s <> '' OR coalesce(a.answer, '') = %(answer)s)
  AND (%(after)s = '' OR (c.submitted_at, c.case_id)
       < ((SELECT submitted_at FROM case_requests WHERE case_id = %(after)s), %(after)s))
ORDER BY c.submitted_at DESC, c.case_id DESC LIMIT %(limit)s
"""
_FIGURES = """
SELECT answer, sum(count)::bigint FROM (
    SELECT answer, count(*) AS count FROM found_answers GROUP BY answer
    UNION ALL SELECT answer, count FROM found_answer_counts
) AS counted GROUP BY answer
"""
_COUNT_ERASED = """
INSERT INTO found_answer_counts (day, answer, count)
SELECT current_date, answer, count(*) FROM found_answers WHERE cameo = %s GROUP BY answer
ON CONFLICT (day, answer) DO UPDATE SET count = found_answer_counts.count + excluded.count
"""


class FoundAnswer(StrEnum):
    """What an owner said of a video that shows them: NEW for nothing yet."""

    NEW = ""
    ARCHIVED = "archived"
    NOT_ME = "not_me"
    REMOVAL = "removal"


@dataclass(frozen=True, slots=True)
class RecognisedCase:
    """A case in whose video somebody is recognised, with what was asked for."""

    case_id: str
    phase: str
    submitted: datetime
    moved: datetime
    submission: dict[str, object]
    answer: str


class PostgresFoundMatches:
    """Found matches in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def page(
        self, cameo: str, *, answer: FoundAnswer = FoundAnswer.NEW, after: str = "", case_id: str = "", limit: int = 50
    ) -> Sequence[RecognisedCase]:
        """Where a cameo is recognised, published or held, the newest first; from the case after `after` on.

        Those of which the owner said this; with `case_id` that case alone, whatever they said.
        """
        asked = {
            "cameo": cameo,
            "recognised": Jsonb([cameo]),
            "answer": answer.value,
            "after": after,
            "one": case_id,
            "limit": limit,
        }
        with self._connections.connection() as connection:
            return tuple(RecognisedCase(*row) for row in connection.execute(_PAGE, asked).fetchall())

    def answer(
        self,
        cameo: str,
        case_id: str,
        answer: FoundAnswer,
        *,
        words: str = "",
        in_transaction: Callable[[RegistryConnection], None] | None = None,
    ) -> None:
        """What the owner says of it now. NEW takes back what they said; a request to remove it is not taken back.

        `in_transaction` is called with the connection after, in the same transaction.
        """
        add = (
            "INSERT INTO found_answers (cameo, case_id, answer, words) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (cameo, case_id) DO UPDATE"
            " SET answer = excluded.answer, words = excluded.words, at = clock_timestamp()"
            " WHERE found_answers.answer <> 'removal'"
        )
        remove = "DELETE FROM found_answers WHERE cameo = %s AND case_id = %s AND answer <> 'removal'"
        with self._connections.connection() as connection:
            if answer is FoundAnswer.NEW:
                connection.execute(remove, [cameo, case_id])
            elif connection.execute(add, [cameo, case_id, answer.value, words]).rowcount != 1:
                raise BadInput("you have asked for its removal already")
            if in_transaction is not None:
                in_transaction(connection)

    def answers(self, cameo: str) -> Sequence[tuple[str, str, str, datetime]]:
        """All that an owner said: (case, answer, id of their words, when)."""
        query = "SELECT case_id, answer, words, at FROM found_answers WHERE cameo = %s ORDER BY at, case_id"
        with self._connections.connection() as connection:
            rows = connection.execute(query, [cameo]).fetchall()
        return [(case, answer, words, at) for case, answer, words, at in rows]

    def figures(self) -> dict[str, int]:
        """How often each answer was given, by everybody; also by those who are erased since."""
        with self._connections.connection() as connection:
            return {answer: int(count) for answer, count in connection.execute(_FIGURES).fetchall()}


def erase_found_answers(connection: RegistryConnection, cameo: str) -> None:
    """Of what an erased person said only the figures stay, within the transaction."""
    connection.execute(_COUNT_ERASED, [cameo])
    connection.execute("DELETE FROM found_answers WHERE cameo = %s", [cameo])
