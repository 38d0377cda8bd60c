"""What owners say of single uses: this draft is approved, this video is vetoed, this one somebody should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.consent.takedown_store import open_takedown
from registry.table_cache import ConnectionProvider, RegistryConnection


@dataclass(frozen=True, slots=True)
class LikenessReport:
    """A use that an owner asked moderators to look at. `words` and `reply` are ids of erasable texts; `answer` is
    taken_down or kept, empty while it waits."""

    cameo: str
    case_id: str
    words: str
    at: datetime
    answer: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class OwnerAnswer:
    """What an owner decided about one use: `answer` is approved or vetoed, `words` the id of a text."""

    case_id: str
    answer: str
    at: datetime
    words: str = ""


class PostgresOwnerDecisions:
    """Approvals, vetoes and reports in Postgres, looked up each time."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def approve(self, case_id: str, cameo: str, asset: str, *, by: str, words: str = "") -> None:
        """This draft is fine. It says nothing of another one that is made for the same case.

        `words` is the id of a text for the maker.
        """
        add = (
            "INSERT INTO cameo_answers (case_id, cameo, asset, answer, by, words)"
            " VALUES (%s, %s, %s, 'approved', %s, %s) ON CONFLICT DO NOTHING"
        )
        with self._connections.connection() as connection:
            connection.execute(add, [case_id, cameo, asset, by, words])

    def words(self, case_ids: Sequence[str]) -> dict[str, str]:
        """The newest words of an owner about each of these cases, as ids of texts; cases without any are left out."""
        query = (
            "SELECT DISTINCT ON (case_id) case_id, words FROM cameo_answers"
            " WHERE case_id = ANY(%s) AND words <> '' ORDER BY case_id, at DESC"
        )
        with self._connections.connection() as connection:
            return dict(connection.execute(query, [list(case_ids)]).fetchall())

    def approved_cameos(self, case_id: str, asset: str) -> frozenset[str]:
        """The cameos whose owners approved this draft."""
        query = "SELECT cameo FROM cameo_answers WHERE case_id = %s AND asset = %s AND answer = 'approved'"
        with self._connections.connection() as connection:
            return frozenset(row[0] for row in connection.execute(query, [case_id, asset]).fetchall())

    def count_vetoes(self, case_ids: Sequence[str]) -> int:
        """How often owners said no to one of these cases."""
        query = "SELECT count(*) FROM cameo_answers WHERE case_id = ANY(%s) AND answer = 'vetoed'"
        with self._connections.connection() as connection:
            row = connection.execute(query, [list(case_ids)]).fetchone()
        return int(row[0]) if row else 0

    def answers(self, cameo: str) -> Sequence[OwnerAnswer]:
        """Everything that was decided about uses of a cameo, in order."""
        query = "SELECT case_id, answer, at, words FROM cameo_answers WHERE cameo = %s ORDER BY at, case_id"
        with self._connections.connection() as connection:
            return tuple(OwnerAnswer(*row) for row in connection.execute(query, [cameo]).fetchall())

    def report(self, case_id: str, cameo: str, words: str) -> None:
        """Somebody should look at this use."""
        with self._connections.connection() as connection:
            add_report(connection, cameo, case_id, words)

    def reports(self, cameo: str = "", *, limit: int = 500) -> Sequence[LikenessReport]:
        """What was reported, the newest first; with `cameo` by its owner alone."""
        query = (
            "SELECT cameo, case_id, words, at, answer, reply FROM likeness_reports WHERE %s IN ('', cameo)"
            " ORDER BY key DESC LIMIT %s"
        )
        with self._connections.connection() as connection:
            return tuple(LikenessReport(*row) for row in connection.execute(query, [cameo, limit]).fetchall())


def add_report(connection: RegistryConnection, cameo: str, case_id: str, words: str) -> None:
    """Somebody should look at this use, within the transaction; `words` is the id of a text."""
    add = "INSERT INTO likeness_reports (cameo, case_id, words) VALUES (%s, %s, %s)"
    connection.execute(add, [cameo, case_id, words])


def add_veto(connection: RegistryConnection, cameo: str, case_id: str, *, by: str, words: str = "") -> str:
    """The owner does not want this use, nor what was made from it, within the transaction: the takedown's id."""
    add = (
        "INSERT INTO cameo_answers (case_id, cameo, asset, answer, by, words)"
        " VALUES (%s, %s, '', 'vetoed', %s, %s) ON CONFLICT DO NOTHING"
    )
    connection.execute(add, [case_id, cameo, by, words])
    return open_takedown(connection, cameo, "vetoed", case_id=case_id)
