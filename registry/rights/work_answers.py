"""What rights holders said of single drafts that show their works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from registry.table_cache import ConnectionProvider

HOLDER_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "setting": "The work appears in a setting that its holder does not want.",
        "portrayal": "The work is not presented as its holder wants it to be.",
        "purpose": "The holder does not want the work to be used for this.",
        "licence": "The holder wants to agree on a licence first: ask them for one.",
        "other": "The holder gave no further reason.",
    }
)
"""Why a holder refuses a draft, by code, in the words that its author reads."""


@dataclass(frozen=True, slots=True)
class WorkAnswer:
    """What a holder said of one draft, by its digest: `answer` is approved or refused, `code` of HOLDER_REFUSALS."""

    case_id: str
    work: str
    asset: str
    answer: str
    code: str
    at: datetime


class PostgresWorkAnswers:
    """Answers in Postgres, looked up each time."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def of_case(self, case_id: str) -> Sequence[WorkAnswer]:
        """What holders said of drafts of a case, the oldest first."""
        return self._where("case_id = %s ORDER BY at", case_id)

    def of_work(self, work: str) -> Sequence[WorkAnswer]:
        """What was said of drafts that show a work, the oldest first."""
        return self._where("work = %s ORDER BY at", work)

    def _where(self, condition: str, *values: object) -> Sequence[WorkAnswer]:
        query = f"SELECT case_id, work, asset, answer, code, at FROM work_answers WHERE {condition}"  # noqa: S608 - ours
        with self._connections.connection() as connection:
            return tuple(WorkAnswer(*row) for row in connection.execute(query, values).fetchall())
