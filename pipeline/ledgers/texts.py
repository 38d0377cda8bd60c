"""Texts that people wrote, in Postgres, stored apart from the log so that they can be erased."""

from __future__ import annotations

import secrets

from core.errors import Erased, NotFound
from pipeline.ledgers.database import Database
from pipeline.ledgers.event_rows import require_storable_text


class PostgresTexts:
    """Texts over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def put(self, text: str, *, case_id: str) -> str:
        """Keep a text; returns its random id. Raises BadInput for what is not text."""
        text_id, text = secrets.token_hex(16), require_storable_text(text)
        with self._database.statements() as connection:
            connection.execute("INSERT INTO texts (id, case_id, body) VALUES (%s, %s, %s)", [text_id, case_id, text])
        return text_id

    def read(self, text_id: str) -> str:
        """The text. Raises Erased, or NotFound."""
        with self._database.statements() as connection:
            row = connection.execute("SELECT body FROM texts WHERE id = %s", [text_id]).fetchone()
        if row is None:
            raise NotFound("there is no such text")
        if row[0] is None:
            raise Erased
        return str(row[0])

    def erase(self, *, case_id: str) -> int:
        """Erase all texts of a case; returns how many. Their ids go on to answer Erased."""
        with self._database.connection() as connection:
            return connection.execute(
                "UPDATE texts SET body = NULL, erased_at = clock_timestamp() WHERE case_id = %s AND body IS NOT NULL",
                [case_id],
            ).rowcount
