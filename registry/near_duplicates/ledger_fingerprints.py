"""The fingerprints of all sealed videos, read off the ledger: what was sealed before a search is found by it.

What has settled lies in files that all processes of a machine share; what came in the last minutes each holds itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from registry.near_duplicates.fingerprint_index import (
    MAX_HAMMING_DISTANCE,
    FingerprintIndex,
    FingerprintMatch,
    rank_matches,
)
from registry.near_duplicates.hash_tables import FINGERPRINT_BYTES, HashMatrix, build_tables
from registry.near_duplicates.segment_files import Place, SegmentFiles, Segments
from registry.table_cache import ConnectionProvider, RegistryConnection

log = logging.getLogger("assay.registry")

MIN_HASH_QUALITY = 50
"""Below this quality (of 100) a picture or a sound is too plain for its hash to mean anything."""

_OVERLAP = timedelta(minutes=2)  # an event's time is taken before its transaction ends, which it does within 30 s
_TAIL = 5_000  # videos that a process holds itself before it writes them into a segment for all
_BATCH = 2_000  # videos read at once
_BEGINNING: Place = (datetime(2000, 1, 1, tzinfo=UTC), "", 0)

# Which ledger this is, and its clock. A database that was restored from a copy is the same one.
_LEDGER = "SELECT min(at)::text || ' ' || current_database(), clock_timestamp() FROM migrations"
_PLACES = """
SELECT at, case_id, revision FROM sealed_videos
WHERE at >= %(at)s AND (at, case_id, revision) > (%(at)s, %(case)s, %(revision)s)
ORDER BY at, case_id, revision LIMIT %(most)s
"""
_HASHES = """
SELECT v.case_id, v.revision, CASE %s WHEN 'sound' THEN v.sound ELSE v.fingerprint END
FROM sealed_videos v JOIN unnest(%s::text[], %s::int[]) AS asked (case_id, revision) USING (case_id, revision)
"""
_FIRST = """
SELECT case_id, min(at) FROM sealed_videos WHERE case_id = ANY(%s) GROUP BY case_id
"""


class LedgerFingerprints:
    """Near duplicates among the sealed. Each search reads what is new, a few thousand videos at a time."""

    def __init__(
        self,
        connections: ConnectionProvider,
        folder: Path,
        *,
        field: Literal["fingerprint", "sound"] = "fingerprint",
        max_distance: int = MAX_HAMMING_DISTANCE,
        multi_probe: bool = True,
        tail: int = _TAIL,
    ) -> None:
        """`field` names the fingerprints of Sealed; `max_distance` and `multi_probe` as in FingerprintIndex.

        `folder` is where the index of this field lies; other processes may use it at the same time. After `tail` videos
        they are written there. The ledger's tables are there: the migrations made them.
        """
        self._connections, self._what, self._within, self._wide = connections, field, max_distance, multi_probe
        self._files, self._most_held = SegmentFiles(folder / field), tail
        self._lock = Lock()
        self._segments = Segments()
        self._tail: dict[Place, HashMatrix] = {}
        self._large: list[FingerprintIndex] = []
        self._small: FingerprintIndex | None = None

    def search(self, probes: HashMatrix, seconds: Sequence[int], *, most: int = 5) -> list[FingerprintMatch]:
        """The videos that look like this one, best first; ids are those of cases. Raises Unavailable, BadInput.

        Of those that are equally alike the one that was sealed first comes first: the later ones may be copies of it.
        """
        with self._lock:
            self._take_in()
            indexes = [*self._large, *([self._small] if self._small else [])]
        return self._dated(rank_matches(indexes, probes, seconds))[:most]

    def any(self) -> bool:
        """Whether there is anything to be found. Raises Unavailable."""
        with self._lock:
            self._take_in()
            return bool(self._large or self._small)

    def _dated(self, matches: Sequence[FingerprintMatch]) -> list[FingerprintMatch]:
        """With when each was first sealed. What a ledger that was restored has no more is left out."""
        if not matches:
            return []
        with self._connections.connection() as connection:
            first: dict[str, datetime] = dict(connection.execute(_FIRST, [[one.id for one in matches]]).fetchall())
        dated = [replace(one, sealed_at=first[one.id]) for one in matches if one.id in first]
        return sorted(dated, key=lambda one: (-one.share, first[one.id], one.id))

    def _take_in(self) -> None:
        """Read what is new, batch by batch; once there is much of it, what has settled goes into the files."""
        with self._connections.connection() as connection:
            ledger, now = connection.execute(_LEDGER).fetchone() or ("", datetime.now(UTC))
            self._adopt(self._files.current(ledger))
            changed, place = False, self._begin_reading()
            while places := self._places_after(connection, place):
                changed |= self._hold(connection, [one for one in places if one not in self._tail])
                place = places[-1]
                settled = [one for one in self._tail if one[0] < now - _OVERLAP]
                if len(settled) >= self._most_held:
                    self._write(ledger, settled)
                    place = max(place, self._segments.through or place)
                if len(places) < _BATCH:
                    break
        if changed:
            self._small = self._index_tail()

    def _begin_reading(self) -> Place:
        """From where on to read: a little before the newest, as others may have become visible since."""
        begin = self._segments.through or _BEGINNING
        newest = max(self._tail)[0] if self._tail else begin[0]
        return max(begin, (newest - _OVERLAP, "", 0))

    def _places_after(self, connection: RegistryConnection, place: Place) -> list[Place]:
        at, case_id, revision = place
        values = {"at": at, "case": case_id, "revision": revision, "most": _BATCH}
        return [(row[0], row[1], row[2]) for row in connection.execute(_PLACES, values).fetchall()]

    def _hold(self, connection: RegistryConnection, places: Sequence[Place]) -> bool:
        if not places:
            return False
        asked = [self._what, [case for _, case, _ in places], [revision for _, _, revision in places]]
        hashes = {(case, revision): _hashes(said) for case, revision, said in connection.execute(_HASHES, asked)}
        self._tail.update((one, hashes[one[1:]]) for one in places)
        return True

    def _write(self, ledger: str, settled: Sequence[Place]) -> None:
        """Put these into a segment, unless another process did meanwhile: then take over what it wrote."""
        with self._files.writing():
            there = self._files.current(ledger)
            left = sorted(one for one in settled if there.through is None or one > there.through)
            if len(left) >= self._most_held:
                self._files.add(there, build_tables(*_rows(left, self._tail)), left[-1])
            self._adopt(self._files.current(ledger))

    def _adopt(self, segments: Segments) -> None:
        """Search these segments, and forget what they hold. They may be fewer than before: of another ledger."""
        if segments.names == self._segments.names:
            return
        if (segments.through or _BEGINNING) < (self._segments.through or _BEGINNING):
            self._tail.clear()  # what was in the files has to be read again, from before what is held
        self._segments = segments
        wide, within = self._wide, self._within
        self._large = [
            FingerprintIndex.over(tables, max_distance=within, multi_probe=wide) for tables in segments.tables
        ]
        through = segments.through or _BEGINNING
        self._tail = {place: hashes for place, hashes in self._tail.items() if place > through}
        self._small = self._index_tail()

    def _index_tail(self) -> FingerprintIndex | None:
        if not self._tail:
            return None
        rows = _rows(sorted(self._tail), self._tail)
        return FingerprintIndex(*rows, max_distance=self._within, multi_probe=self._wide)


def _rows(places: Sequence[Place], known: dict[Place, HashMatrix]) -> tuple[HashMatrix, NDArray[np.uint32], list[str]]:
    """Hashes, whose each is, and the cases."""
    hashes = [known[one] for one in places]
    owners = np.repeat(np.arange(len(places), dtype=np.uint32), [len(one) for one in hashes])
    return (
        np.concatenate([np.empty((0, FINGERPRINT_BYTES), np.uint8), *hashes]),
        owners,
        [case_id for _, case_id, _ in places],
    )


def _hashes(written: Iterable[object] | None) -> HashMatrix:
    """The hashes of `second:hex:quality` entries that are not too plain; what cannot be read is left out."""
    found = []
    for entry in written or ():
        try:
            _, bits, quality = str(entry).split(":")
            if int(quality) >= MIN_HASH_QUALITY and len(raw := bytes.fromhex(bits)) == FINGERPRINT_BYTES:
                found.append(raw)
        except ValueError:
            log.warning("a fingerprint in the ledger cannot be read")
    return np.frombuffer(b"".join(found), dtype=np.uint8).reshape(-1, FINGERPRINT_BYTES)
