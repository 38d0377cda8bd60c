"""Figures that were told to the public, so that the same months are not told otherwise (086_claims_mended.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from pipeline.ledgers.database import Database

_READ = "SELECT body FROM told_figures WHERE until = %s AND smallest = %s"
_KEEP = """
INSERT INTO told_figures (until, smallest, body) VALUES (%s, %s, %s)
ON CONFLICT (until, smallest) DO UPDATE SET body = excluded.body, told = excluded.told
"""


class PostgresFigures:
    """The FigureStore over Postgres."""

    def __init__(self, database: Database) -> None:
        """The table is there: `open_database` made it."""
        self._database = database

    def read(self, until: datetime, smallest: int) -> dict[str, Any] | None:
        """As FigureStore.read."""
        with self._database.statements() as connection:
            row = connection.execute(_READ, [until, smallest]).fetchone()
        return row[0] if row else None

    def keep(self, until: datetime, smallest: int, body: dict[str, Any]) -> None:
        """As FigureStore.keep."""
        with self._database.connection() as connection:
            connection.execute(_KEEP, [until, smallest, Jsonb(body)])
