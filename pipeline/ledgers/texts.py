"""Texts that people wrote, in Postgres, stored apart from the log so that they can be erased.

They are encrypted under the key of their case, which lies elsewhere: neither the write-ahead log nor a backup of the
database has a word of them, and what was erased cannot be read from either, since its key was destroyed.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Protocol

from psycopg.errors import RestrictViolation

from core.errors import Erased, NotFound
from pipeline.at_rest.envelope import decrypt_bytes, encrypt_bytes, is_encrypted_under
from pipeline.ledgers.database import Database
from pipeline.ledgers.event_rows import require_storable_text

_BATCH = 500


class TextKeys(Protocol):
    """A key for each case."""

    def make(self, name: str) -> bytes:
        """The key of this name, created if there is none."""

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed."""

    def destroy(self, name: str) -> None:
        """Delete the key."""


class PostgresTexts:
    """Texts over Postgres."""

    def __init__(self, database: Database, keys: TextKeys) -> None:
        """The tables are there: `open_database` made them."""
        self._database, self._keys = database, keys

    def put(self, text: str, *, case_id: str) -> str:
        """Keep a text; returns its random id. Raises BadInput for what is not text, Erased for words about somebody who
        was erased meanwhile.
        """
        text_id, text = secrets.token_hex(16), require_storable_text(text)
        sealed = encrypt_bytes(text.encode(), self._keys.make(case_id), _context(text_id))
        try:
            with self._database.statements() as connection:
                insert = "INSERT INTO texts (id, case_id, sealed) VALUES (%s, %s, %s)"
                connection.execute(insert, [text_id, case_id, sealed])
        except RestrictViolation:
            self._keys.destroy(case_id)
            raise Erased from None
        return text_id

    def read(self, text_id: str) -> str:
        """The text. Raises Erased, or NotFound; Unavailable where its key cannot be had, or it was altered."""
        with self._database.statements() as connection:
            row = connection.execute("SELECT case_id, body, sealed FROM texts WHERE id = %s", [text_id]).fetchone()
        if row is None:
            raise NotFound("there is no such text")
        case_id, body, sealed = row
        if body is not None:
            return str(body)
        if sealed is None:
            raise Erased
        return self._decrypted(text_id, case_id, bytes(sealed))

    def read_many(self, text_ids: Collection[str]) -> Mapping[str, str]:
        """As TextStore.read_many. Raises Unavailable where a key cannot be had, or a text was altered."""
        query = "SELECT id, case_id, body, sealed FROM texts WHERE id = ANY(%s) AND erased_at IS NULL"
        with self._database.statements() as connection:
            rows = connection.execute(query, [list(text_ids)]).fetchall()
        found = {}
        for text_id, case_id, body, sealed in rows:
            with suppress(Erased):
                found[text_id] = str(body) if body is not None else self._decrypted(text_id, case_id, bytes(sealed))
        return found

    def erase(self, *, case_id: str) -> int:
        """Erase all texts of a case; returns how many. Their ids go on to answer Erased.

        The key of the case is destroyed first, and with it the case's bytes in the blob store.
        """
        self._keys.destroy(case_id)
        with self._database.connection() as connection:
            return connection.execute(
                "UPDATE texts SET body = NULL, sealed = NULL, erased_at = clock_timestamp()"
                " WHERE case_id = %s AND erased_at IS NULL",
                [case_id],
            ).rowcount

    def count_in_the_clear(self) -> int:
        """How many texts an older Assay left that are not encrypted."""
        with self._database.connection() as connection:
            row = connection.execute("SELECT count(*) FROM texts WHERE body IS NOT NULL").fetchone()
        return int(row[0]) if row else 0

    def encrypt_stored(self) -> int:
        """Encrypt the texts that lie in the clear; returns how many did. If interrupted, doing it again carries on."""
        encrypted = 0
        while batch := self._encrypt_batch():
            encrypted += batch
        return encrypted

    def _encrypt_batch(self) -> int:
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT id, case_id, body FROM texts WHERE body IS NOT NULL ORDER BY id LIMIT %s FOR UPDATE", [_BATCH]
            ).fetchall()
            for text_id, case_id, body in rows:
                sealed = encrypt_bytes(body.encode(), self._keys.make(case_id), _context(text_id))
                connection.execute("UPDATE texts SET body = NULL, sealed = %s WHERE id = %s", [sealed, text_id])
        return len(rows)

    def _decrypted(self, text_id: str, case_id: str, sealed: bytes) -> str:
        try:
            key = self._keys.get(case_id)
        except NotFound:
            raise Erased from None
        if not is_encrypted_under(sealed, key):
            raise Erased  # under a key that was destroyed; the case has got another since
        return decrypt_bytes(sealed, key, _context(text_id)).decode()


def _context(text_id: str) -> str:
    return f"text {text_id}"
