"""The log over all events, in Postgres: new events are entered, and its head is signed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from core.errors import NotFound, Unavailable
from pipeline.audit.log_key import load_log_key, make_log_key
from pipeline.audit.merkle import MerkleFrontier, hash_leaf
from pipeline.audit.signed_note import Checkpoint, sign_log_head
from pipeline.ledgers.audited_events import unanchored_events
from pipeline.ledgers.database import Database, DatabaseConnection

log = logging.getLogger("assay.audit")

_LOCK = 0x41554454  # "AUDT": one anchors at a time
_BATCH = 5000
UNSEEN_FOR = timedelta(hours=1)
"""An event that was committed longer than this after it was written is entered by `anchor(everything=True)` only."""

_HEAD = "SELECT size, frontier, through FROM audit_checkpoints ORDER BY size DESC LIMIT 1"
_ENTER = "INSERT INTO audit_log (position, case_id, revision, entry) VALUES (%s, %s, %s, %s)"
_SIGN = "INSERT INTO audit_checkpoints (size, note, frontier, through) VALUES (%s, %s, %s, %s)"
_NOTES = "SELECT size, note FROM audit_checkpoints ORDER BY size"
_ENTRIES = "SELECT position, entry FROM audit_log WHERE position >= %s ORDER BY position LIMIT %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorResult:
    """How many events were entered, how large the log is then, and its newest signed head; empty where it has none."""

    entered: int
    size: int
    checkpoint: str


class TransparencyLog:
    """The log of one installation. Any number of processes may share it; `keys_folder` holds the key that signs."""

    def __init__(self, database: Database, keys_folder: Path) -> None:
        """The tables are there: `open_database` made them. The key is made when it is first needed."""
        self._database = database
        self._keys_folder = keys_folder

    def anchor(self, *, everything: bool = False) -> AnchorResult:
        """Enter what is not in the log and sign its head; with `everything` however old it is.

        Raises Unavailable where the database or the key is away, also where the log has heads and its key is gone.
        """
        entered = 0
        while batch := self._anchor_batch(everything=everything):
            entered += batch
            if batch < _BATCH:
                break
        notes = self.checkpoints()
        size, note = notes[-1] if notes else (0, "")
        return AnchorResult(entered=entered, size=size, checkpoint=note)

    def checkpoints(self) -> list[tuple[int, str]]:
        """Every signed head there was, with its size, the oldest first."""
        with self._database.connection() as connection:
            return [(int(size), str(note)) for size, note in connection.execute(_NOTES).fetchall()]

    def entries(self) -> Iterator[str]:
        """The log's entries in order. One that is missing shows in the root over them."""
        position = 0
        while True:
            with self._database.connection() as connection:
                rows = connection.execute(_ENTRIES, [position, _BATCH]).fetchall()
            if not rows:
                return
            yield from (entry for _, entry in rows)
            position = rows[-1][0] + 1

    def _anchor_batch(self, *, everything: bool) -> int:
        with self._database.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            frontier, through = _head(connection)
            since = None if everything or through is None else through - UNSEEN_FOR
            rows = unanchored_events(connection, since=since, limit=_BATCH)
            if not rows:
                return 0
            key = load_log_key(self._keys_folder) if frontier.size else make_log_key(self._keys_folder)
            placed = [(frontier.size + number, *row[:3]) for number, row in enumerate(rows)]
            newest = max([row.at for row in rows] + ([through] if through else []))
            with connection.cursor() as cursor:
                cursor.executemany(_ENTER, placed)
            for _, _, _, entry in placed:
                frontier = frontier.add(hash_leaf(entry.encode()))
            head = Checkpoint(origin=key.public.name, size=frontier.size, root=frontier.root)
            note = sign_log_head(head, key.private)
            connection.execute(_SIGN, [head.size, note, list(frontier.roots), newest])
        return len(rows)


@dataclass(kw_only=True)
class PeriodicAnchor:
    """Anchors when it is asked and `interval` seconds have gone by: in servers and workers. Never where that is 0."""

    log: TransparencyLog
    interval: float
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._next = monotonic() + self.interval

    def run_maintenance(self) -> None:
        """Anchor, if it is time. What is away is logged and waited for: no case stands still for it."""
        if not self.interval or monotonic() < self._next:
            return
        self._next = monotonic() + self.interval
        try:
            self.log.anchor()
        except (Unavailable, NotFound) as error:
            log.error("events are not anchored: %s", error)


def _head(connection: DatabaseConnection) -> tuple[MerkleFrontier, datetime | None]:
    row = connection.execute(_HEAD).fetchone()
    if row is None:
        return MerkleFrontier(), None
    return MerkleFrontier(size=row[0], roots=tuple(bytes(root) for root in row[1])), row[2]
