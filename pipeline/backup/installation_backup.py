"""A copy of an installation: the database, what it published, bytes and keys. And an installation from such a copy.

    records/database.dump   all tables, as they were at one moment
    records/blobs/          the blob store without keys: unreadable by itself
    records/published/      the public store
    records/head.txt        the newest signed head of the audit log, against which a restored one is checked
    keys/cases/             the keys of cases and people
    keys/installation/      the keys folder, with the key that wraps those
    backup.json             what is here, and the digest of the dump

The dump comes first: bytes are put before an event refers to them, so that all that it refers to is there to be copied.
What lies in buckets is not copied, but named: buckets are copied by their own means, after the dump.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg

from core.errors import BadInput, NotFound, Unavailable
from pipeline.at_rest.private_files import make_private_folder, prepare_home
from pipeline.audit.installation_audit import audit_installation
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.backup.folder_copy import copy_folder
from pipeline.backup.postgres_tools import dump_database, load_database
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.rebuild_cases import rebuild_cases
from pipeline.settings import Settings

_FORMAT = 1
_DUMP, _HEAD, _LIST = "records/database.dump", "records/head.txt", "backup.json"
_CASE_KEYS = "keys"  # the folder of the blob store that holds keys
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """How many files were copied, by part; and the buckets that were not."""

    files: Mapping[str, int]
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What is there again. `intact` is what the audit says of it, and `breaks` where it is not; see AuditReport."""

    files: Mapping[str, int]
    events: int
    cases: int
    intact: bool
    breaks: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def back_up(settings: Settings, folder: Path) -> BackupReport:
    """Copy all of it into a folder that is new or empty; meanwhile it may be in use. Raises BadInput, Unavailable."""
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty: each backup has a folder of its own")
    make_private_folder(folder / "records")
    make_private_folder(folder / "keys")
    try:
        return _copy_everything(settings, folder)
    except BaseException:
        for part in ("records", "keys"):  # it was empty: what is there is of no use to anybody
            shutil.rmtree(folder / part, ignore_errors=True)
        raise


def _copy_everything(settings: Settings, folder: Path) -> BackupReport:
    with closing(_open_database(settings)) as database:
        log = TransparencyLog(database, settings.keys_folder)
        if settings.keys_folder.exists():
            log.anchor(everything=True)
        dump_database(_owners_dsn(settings), folder / _DUMP, embedded=settings.database_url is None)
        notes = log.checkpoints()
    if notes:
        (folder / _HEAD).write_text(notes[-1][1])
    files, elsewhere = dict[str, int](), list[str]()
    for part in _parts(settings, folder):
        if part.place is None:
            elsewhere.append(part.bucket)
        else:
            files[part.name] = copy_folder(part.place, part.copy, without=part.without)
    said = {
        "format": _FORMAT,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": _digest(folder / _DUMP),
        "files": files,
        "elsewhere": elsewhere,
    }
    (folder / _LIST).write_text(json.dumps(said, indent=1) + "\n")
    return BackupReport(files=files, elsewhere=tuple(elsewhere))


def restore_installation(settings: Settings, folder: Path) -> RestoreReport:
    """Make what a backup holds the content of this installation, which has to be new, and look whether it is whole.

    What was interrupted may be done again. Raises BadInput, NotFound, Unavailable.
    """
    said = _read_list(folder)
    if _digest(folder / _DUMP) != said["database"]:
        raise BadInput("the dump of the database is not the one that the backup's list names")
    with _empty_database(settings) as dsn:
        files = {
            part.name: copy_folder(part.copy, part.place, mode=part.mode)
            for part in _parts(settings, folder)
            if part.place is not None
        }
        load_database(dsn, folder / _DUMP, embedded=settings.database_url is None)
    with closing(_open_database(settings)) as database:
        with database.connection() as connection:
            mended = rebuild_cases(connection)
        head = folder / _HEAD
        kept = {"the backup's head": head.read_text()} if head.exists() else {}
        report = audit_installation(database, settings.keys_folder, kept=kept)
    return RestoreReport(
        files=files,
        events=report.events,
        cases=report.cases,
        intact=report.intact,
        breaks=tuple(one.says for one in report.breaks),
        mended=tuple(mended),
        elsewhere=tuple(map(str, said.get("elsewhere", ()))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Where a part lies, None for a `bucket`; where it is in the copy; and which sub-folders are no part of it."""

    name: str
    place: Path | None
    copy: Path
    without: tuple[str, ...] = ()
    bucket: str = ""
    mode: int = 0o600


def _parts(settings: Settings, folder: Path) -> Iterator[_Part]:
    blobs, published, records = settings.blob_store_url, settings.public_store_url, folder / "records"
    if _is_bucket(blobs):
        yield _Part(name="blobs", place=None, copy=records / "blobs", bucket=blobs)
    else:
        place = _folder_at(blobs) or settings.root / "vault"
        yield _Part(name="blobs", place=place, copy=records / "blobs", without=(_CASE_KEYS,))
        yield _Part(name="keys of cases", place=place / _CASE_KEYS, copy=folder / "keys" / "cases")
    copy = records / "published"
    if _is_bucket(published):
        yield _Part(name="published", place=None, copy=copy, bucket=published)
    else:  # a folder that somebody chose for it is one that a web server reads
        place = _folder_at(published) or settings.root / "published"
        yield _Part(name="published", place=place, copy=copy, mode=0o644 if published else 0o600)
    yield _Part(name="keys of the installation", place=settings.keys_folder, copy=folder / "keys" / "installation")


def _is_bucket(url: str) -> bool:
    return url.rpartition("://")[0] not in ("", "file")


def _folder_at(url: str) -> Path | None:
    return Path(unquote(urlsplit(url).path) if url.startswith("file://") else url) if url else None


def _read_list(folder: Path) -> dict[str, Any]:
    try:
        said = json.loads((folder / _LIST).read_bytes())
        known = said["format"] == _FORMAT and isinstance(said["database"], str)
    except FileNotFoundError:
        raise NotFound(f"{folder} holds no finished backup: {_LIST} is missing") from None
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise BadInput(f"{folder / _LIST} cannot be read: was it made by a newer Assay?")
    return dict(said)


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        raise NotFound(f"{file} is missing") from None


def _open_database(settings: Settings) -> Database:
    url, owner = settings.database_url, settings.database_owner_url
    if url is None:
        return open_database(settings.root)
    return open_database(url.get_secret_value(), owner_url=owner.get_secret_value() if owner else "")


def _owners_dsn(settings: Settings) -> str:
    """Where the owner of the tables connects. The embedded server runs."""
    url = settings.database_owner_url or settings.database_url
    return EmbeddedPostgres(settings.root).owner_dsn if url is None else url.get_secret_value()


@contextmanager
def _empty_database(settings: Settings) -> Iterator[str]:
    """The owner's DSN of a database without tables. Raises BadInput for one with tables, Unavailable."""
    prepare_home(settings.root)
    embedded = EmbeddedPostgres(settings.root) if settings.database_url is None else None
    if embedded:
        embedded.start()
    try:
        dsn = _owners_dsn(settings)
        try:
            with psycopg.connect(dsn, connect_timeout=10) as connection:
                row = connection.execute(_TABLES).fetchone()
        except psycopg.Error as error:
            raise Unavailable(f"the database does not answer: {type(error).__name__}") from error
        if row and row[0]:
            raise BadInput("this installation has a database with tables already: restore into one that is new")
        yield dsn
    finally:
        if embedded:
            embedded.stop()
