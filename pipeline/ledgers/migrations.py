"""Makes the tables: numbered SQL files, each applied once, however many processes start at the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg

from core.errors import Unavailable

_ROOT = Path(__file__).parents[2]

MIGRATION_FOLDERS = {"ledgers": _ROOT / "pipeline" / "ledgers" / "sql", "registry": _ROOT / "registry" / "sql"}

_LOCK = 0x41535341  # "ASSA": one starter at a time, until its transaction ends


def migrate(connection: psycopg.Connection[Any], folders: Mapping[str, Path] = MIGRATION_FOLDERS) -> list[str]:
    """Apply what is not yet applied, all or nothing, within the connection's transaction; returns the names.

    A file is known as `<folder's name>/<file>`. Raises Unavailable if a file was changed after it was applied.
    """
    connection.execute("SET LOCAL statement_timeout = '120s'")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations"
        " (name text PRIMARY KEY, digest text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
    )
    done = dict(connection.execute("SELECT name, digest FROM migrations").fetchall())
    applied = []
    for name, sql in _files(folders):
        digest = hashlib.sha256(sql).hexdigest()
        if done.get(name, digest) != digest:
            raise Unavailable(f"the migration {name} was changed after it was applied: add a new one instead")
        if name not in done:
            connection.execute(sql)
            connection.execute("INSERT INTO migrations (name, digest) VALUES (%s, %s)", [name, digest])
            applied.append(name)
    return applied


def _files(folders: Mapping[str, Path]) -> Iterator[tuple[str, bytes]]:
    for name, folder in folders.items():
        for file in sorted(folder.glob("[0-9]*.sql")):
            yield f"{name}/{file.name}", file.read_bytes().replace(b"\r\n", b"\n")
