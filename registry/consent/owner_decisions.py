"""Owners' decisions about single uses: this draft is approved, this video is vetoed. Looked up each time."""

from __future__ import annotations

from collections.abc import Sequence

from registry.table_cache import ConnectionProvider


class PostgresOwnerDecisions:
    """Approvals and vetoes in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def approve(self, case_id: str, cameo: str, asset: str, *, by: str) -> None:
        """This draft is fine. It says nothing of another one that is made for the same case."""
        add = (
            "INSERT INTO cameo_answers (case_id, cameo, asset, answer, by) VALUES (%s, %s, %s, 'approved', %s)"
            " ON CONFLICT DO NOTHING"
        )
        with self._connections.connection() as connection:
            connection.execute(add, [case_id, cameo, asset, by])

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
