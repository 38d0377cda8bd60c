"""The fingerprints of all sealed videos, read off the ledger: what was sealed before a search is found by it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Literal

import numpy as np

from registry.near_duplicates.fingerprint_index import (
    FINGERPRINT_BYTES,
    MAX_HAMMING_DISTANCE,
    FingerprintIndex,
    FingerprintMatch,
    HashMatrix,
    rank_matches,
)
from registry.table_cache import ConnectionProvider

log = logging.getLogger("assay.registry")

MIN_HASH_QUALITY = 50
"""Below this quality (of 100) a picture or a sound is too plain for its hash to mean anything."""

_OVERLAP = timedelta(minutes=2)  # an event's time is taken before its transaction ends, which it does within 30 s
_TAIL = 20_000
_NEW = """
SELECT case_id, revision, at, CASE %s WHEN 'sound' THEN sound ELSE fingerprint END
FROM sealed_videos WHERE at > %s ORDER BY at
"""
_FIRST = """
SELECT case_id, min(at) FROM sealed_videos WHERE case_id = ANY(%s) GROUP BY case_id
"""


class LedgerFingerprints:
    """Near duplicates among the sealed. The first search reads all of them; later ones only what is new."""

    def __init__(
        self,
        connections: ConnectionProvider,
        *,
        field: Literal["fingerprint", "sound"] = "fingerprint",
        max_distance: int = MAX_HAMMING_DISTANCE,
        multi_probe: bool = True,
    ) -> None:
        """`field` names the fingerprints of Sealed; `max_distance` and `multi_probe` as in FingerprintIndex.

        The ledger's tables are there: the migrations made them.
        """
        self._connections, self._what, self._within, self._wide = connections, field, max_distance, multi_probe
        self._lock = Lock()
        self._since = datetime(2000, 1, 1, tzinfo=UTC)
        self._seen: set[tuple[str, int]] = set()
        self._ids: list[str] = []
        self._hashes: list[HashMatrix] = []
        self._indexes: list[FingerprintIndex] = []

    def search(self, probes: HashMatrix, seconds: Sequence[int], *, most: int = 5) -> list[FingerprintMatch]:
        """The videos that look like this one, best first; ids are those of cases. Raises Unavailable, BadInput.

        Of those that are equally alike the one that was sealed first comes first: the later ones may be copies of it.
        """
        with self._lock:
            self._take_in()
            indexes = list(self._indexes)
        return self._dated(rank_matches(indexes, probes, seconds))[:most]

    def any(self) -> bool:
        """Whether there is anything to be found. Raises Unavailable."""
        with self._lock:
            self._take_in()
            return bool(self._indexes)

    def _dated(self, matches: Sequence[FingerprintMatch]) -> list[FingerprintMatch]:
        if not matches:
            return []
        with self._connections.connection() as connection:
            first: dict[str, datetime] = dict(connection.execute(_FIRST, [[one.id for one in matches]]).fetchall())
        dated = [replace(one, sealed_at=first[one.id]) for one in matches]
        return sorted(dated, key=lambda one: (-one.share, first[one.id], one.id))

    def _take_in(self) -> None:
        with self._connections.connection() as connection:
            rows = connection.execute(_NEW, [self._what, self._since - _OVERLAP]).fetchall()
        new = [row for row in rows if (row[0], row[1]) not in self._seen]
        if not new:
            return
        self._since = max(self._since, *(row[2] for row in new))
        self._seen = {(row[0], row[1]) for row in rows if row[2] > self._since - _OVERLAP}
        self._ids += [row[0] for row in new]
        self._hashes += [_hashes(row[3]) for row in new]
        self._rebuild()

    def _rebuild(self) -> None:
        """A large index that stays, and a small one with what came since, which is made anew each time."""
        kept = self._indexes[0].videos if self._indexes else 0
        tail = len(self._ids) - kept
        if kept and tail <= max(_TAIL, kept // 10):
            self._indexes = [self._indexes[0], self._index(self._ids[kept:], self._hashes[kept:])]
        else:
            self._indexes = [self._index(self._ids, self._hashes)]

    def _index(self, ids: Sequence[str], hashes: Sequence[HashMatrix]) -> FingerprintIndex:
        owners = np.repeat(np.arange(len(ids), dtype=np.uint32), [len(one) for one in hashes])
        rows = np.concatenate([np.empty((0, FINGERPRINT_BYTES), np.uint8), *hashes])
        return FingerprintIndex(rows, owners, list(ids), max_distance=self._within, multi_probe=self._wide)


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
