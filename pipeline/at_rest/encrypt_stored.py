"""Encrypts what an older Assay kept in the clear: texts in the database, and bytes of cases in the blob store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg

from core.errors import Unavailable
from pipeline.blobstores.encrypted_blob_store import MANIFEST_OWNER, EncryptedBlobStore
from pipeline.ledgers.database import Database, DatabaseConnection
from pipeline.ledgers.texts import PostgresTexts

log = logging.getLogger("assay.at_rest")

_BATCH = 1000
_SEGMENTS_AT_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionReport:
    """What was encrypted. `damaged`: digests that were left as they are. `log_cleared`: whether the database's files
    and its write-ahead log were cleared of what lay there in the clear; None where nothing did.
    """

    texts: int
    blobs: int
    damaged: tuple[str, ...]
    log_cleared: bool | None


def encrypt_stored(
    database: Database, texts: PostgresTexts, blob_store: EncryptedBlobStore, *, progress: Callable[[int], None]
) -> EncryptionReport:
    """Encrypt all that lies in the clear. If interrupted, doing it again carries on; doing it twice changes nothing.

    `progress` is called with the number of cases that were looked through. Raises Unavailable.
    """
    encrypted = texts.encrypt_stored()
    blobs, damaged = _encrypt_blobs(database, blob_store, progress)
    return EncryptionReport(
        texts=encrypted,
        blobs=blobs,
        damaged=damaged,
        log_cleared=clear_database_files(database) if encrypted else None,
    )


def clear_database_files(database: Database) -> bool:
    """Have the database write its table of texts anew, and forget the write-ahead log up to now; whether it could.

    It needs the rights for that. Where others copy the log, or keep backups, these are theirs to delete.
    """
    with database.upkeep_connection() as connection:
        try:
            connection.execute("VACUUM FULL texts")
            connection.execute("ALTER SYSTEM SET wal_recycle = off")  # old segments are deleted, and not used again
            connection.execute("SELECT pg_reload_conf()")
            _use_up_prepared_segments(connection)
            for _ in range(2):  # what the first left for the second
                connection.execute("CHECKPOINT")
            connection.execute("ALTER SYSTEM RESET wal_recycle")
            connection.execute("SELECT pg_reload_conf()")
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.LockNotAvailable) as error:
            log.warning("the database's files could not be cleared of texts in the clear: %s", str(error).strip())
            return False
    return True


def _use_up_prepared_segments(connection: DatabaseConnection) -> None:
    """Segments that were recycled already lie ready with what they held before."""
    ahead = "SELECT count(*) FROM pg_ls_waldir() WHERE name > pg_walfile_name(pg_current_wal_lsn())"
    for _ in range(_SEGMENTS_AT_MOST):
        row = connection.execute(ahead + " AND name ~ '^[0-9A-F]{24}$'").fetchone()
        connection.execute("SELECT pg_logical_emit_message(false, 'assay', 'on to the next segment')")
        connection.execute("SELECT pg_switch_wal()")
        if not row or not row[0]:
            return


def _encrypt_blobs(
    database: Database, blob_store: EncryptedBlobStore, progress: Callable[[int], None]
) -> tuple[int, tuple[str, ...]]:
    encrypted, damaged = 0, set[str]()
    for number, (owner, digests) in enumerate(_owned_digests(database), start=1):
        for digest in digests:
            try:
                encrypted += blob_store.encrypt_stored(digest, owner=owner)
            except Unavailable as error:
                if "damaged" not in str(error):
                    raise
                damaged.add(digest)
        progress(number)
    return encrypted, tuple(sorted(damaged))


def _owned_digests(database: Database) -> Iterator[tuple[str, list[str]]]:
    """Whose key is for which bytes: each case's for its own, and one for all manifests."""
    with database.connection() as connection:
        manifests = {
            row[0]
            for row in connection.execute(
                "SELECT manifest_digest FROM sealed_videos UNION SELECT digest FROM manifests"
            ).fetchall()
        }
    yield MANIFEST_OWNER, sorted(manifests)
    after = ""
    while True:
        with database.connection() as connection:
            rows = connection.execute(
                "SELECT case_id, digests FROM case_requests WHERE case_id > %s ORDER BY case_id LIMIT %s",
                [after, _BATCH],
            ).fetchall()
        if not rows:
            return
        for case_id, digests in rows:
            yield case_id, [digest for digest in digests if digest not in manifests]
        after = rows[-1][0]
