"""The files of an index that grows: segments that never change, and a list of them that is replaced as a whole.

All processes of a machine share them. Whoever adds to them holds a lock meanwhile; whoever reads needs none, because
what is mapped stays readable after its files are gone.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from registry.near_duplicates.hash_tables import HashTables, open_tables, write_tables

log = logging.getLogger("assay.registry")

Place = tuple[datetime, str, int]
"""Where an event stands: its time, its case, its revision."""

_LARGEST_SEGMENT = 1 << 23  # hashes: one table's keys are sorted in memory
_LIST = "segments.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """What lies in files: all that the ledger of this name has up to a place, in `tables`."""

    ledger: str = ""
    through: Place | None = None
    names: tuple[str, ...] = ()
    tables: tuple[HashTables, ...] = ()


class SegmentFiles:
    """Segments in a folder, as others may have changed them since."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when something is first written."""
        self._folder = folder
        self._stamp: tuple[int, int] | None = None
        self._read = Segments()

    def current(self, ledger: str) -> Segments:
        """What is there now of this ledger; nothing where it is of another one, or damaged."""
        try:
            stat = (self._folder / _LIST).stat()
        except FileNotFoundError:
            return Segments(ledger=ledger)
        if self._stamp != (stat.st_ino, stat.st_mtime_ns):
            self._read, self._stamp = self._open(), (stat.st_ino, stat.st_mtime_ns)
        return self._read if self._read.ledger == ledger else Segments(ledger=ledger)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else on this machine adds anything meanwhile."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def add(self, before: Segments, new: HashTables, through: Place) -> None:
        """One more segment, merged with those before it that are not much larger, so that few have to be asked.

        Only within `writing`, and with what `current` said there.
        """
        parts, names, count = [new], list(before.names), len(new)
        while names and len(table := before.tables[len(names) - 1]) <= 2 * count:
            if count + len(table) > _LARGEST_SEGMENT:
                break
            parts.insert(0, table)
            names.pop()
            count += len(table)
        name = f"segment-{secrets.token_hex(8)}"
        write_tables(self._folder / name, parts)
        self._replace_list(before.ledger, through, [*names, name])
        self._remove_others({*names, name})

    def _open(self) -> Segments:
        try:
            said = json.loads((self._folder / _LIST).read_bytes())
            if said["format"] != _FORMAT:
                return Segments()
            at, case_id, revision = said["through"]
            tables = tuple(open_tables(self._folder / name) for name in said["segments"])
            through = (datetime.fromisoformat(at), str(case_id), int(revision))
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the index in %s is made anew: %s", self._folder.name, type(error).__name__)
            return Segments()
        return Segments(ledger=said["ledger"], through=through, names=tuple(said["segments"]), tables=tables)

    def _replace_list(self, ledger: str, through: Place, names: Sequence[str]) -> None:
        at, case_id, revision = through
        said = {
            "format": _FORMAT,
            "ledger": ledger,
            "through": [at.isoformat(), case_id, revision],
            "segments": list(names),
        }
        part = self._folder / f"{_LIST}.part"
        with part.open("w") as file:
            json.dump(said, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / _LIST)

    def _remove_others(self, names: set[str]) -> None:
        for one in self._folder.glob("segment-*"):
            if one.name not in names:
                shutil.rmtree(one, ignore_errors=True)
