"""Finds near duplicates among millions of videos by the hashes of their seconds, in milliseconds, with numpy alone.

The hashes are PDQ of pictures, or of sound (provenance.fingerprint.sound_fingerprint), each kind in an index of its
own.

Sixteen tables, one for every 16 of the 256 bits. Two hashes that differ in d bits share at least one table's key with
probability 1 - (1 - (1 - d/256)^16)^16: over 0.99 up to d = 21, 0.90 at d = 31, but 0.3 at d = 56. Where keys that
differ in one bit are looked up as well, that is 0.99 at d = 40 and 0.8 at d = 56. A video has many seconds, so that
missing one of them loses nothing. What shares a key is then compared in full. (Greene et al., "Multi-index hashing",
1994; Norouzi et al., 2012; Lv et al., "Multi-probe LSH", 2007.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from registry.near_duplicates.hash_tables import FINGERPRINT_BYTES, HASH_TABLES, HashMatrix, HashTables, build_tables

MAX_HAMMING_DISTANCE = 56
"""Up to how many of 256 bits may differ in the same picture.

For single pictures 31 is usual (Hosgood et al. 2019). Here two seconds at least must be found, of many, so that more
may differ, as by subtitles and a logo. Other pictures differ in about 128 (evals/results/lookup.json).
"""

MAX_SOUND_DISTANCE = 56
"""Up to how many of 256 bits may differ in the same sound; in other sound about 128 do (evals/results/lookup.json)."""

_MAX_BUCKET = 20_000  # a key that so many share tells nothing: another table finds them, if they are alike

_PROBE_MASKS = np.array([0, *(1 << bit for bit in range(16))])


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerprintMatch:
    """A video of the index. `seconds` of those asked about were found in it, `share` of all asked about, in (0, 1].

    `at` are those seconds; `sealed_at` is when it was first sealed, where the index knows.
    """

    id: str
    share: float
    seconds: int
    sealed_at: datetime | None = None
    at: tuple[int, ...] = ()


class FingerprintIndex:
    """An index over hashes (n, 32), each of the video `ids[owners[row]]`, of about 100 bytes a hash. Never changed.

    `max_distance` is up to how many bits may differ in what is the same. `multi_probe` also looks at keys that
    differ in one bit:
    more is found, of seventeen times the candidates, which is for few probes only. A key that more than `max_bucket`
    hashes share is left to the other tables; without such a limit nothing up to 31 bits away is ever missed.
    """

    def __init__(
        self,
        hashes: HashMatrix,
        owners: NDArray[np.uint32],
        ids: Sequence[str],
        *,
        max_distance: int = MAX_HAMMING_DISTANCE,
        multi_probe: bool = True,
        max_bucket: int = _MAX_BUCKET,
    ) -> None:
        tables = build_tables(hashes, owners, ids)
        self._use(tables, max_distance=max_distance, multi_probe=multi_probe, max_bucket=max_bucket)

    @classmethod
    def over(cls, tables: HashTables, *, max_distance: int = MAX_HAMMING_DISTANCE, multi_probe: bool = True) -> Self:
        """The index over tables that were made before, as those in files."""
        index = cls.__new__(cls)
        index._use(tables, max_distance=max_distance, multi_probe=multi_probe, max_bucket=_MAX_BUCKET)
        return index

    def _use(self, tables: HashTables, *, max_distance: int, multi_probe: bool, max_bucket: int) -> None:
        self.tables, self._words = tables, _words(tables.hashes)
        self._within, self._max_bucket = max_distance, max_bucket
        self._masks = _PROBE_MASKS if multi_probe else _PROBE_MASKS[:1]

    def __len__(self) -> int:
        return len(self._words)

    @property
    def videos(self) -> int:
        """How many videos there are."""
        return len(self.tables.ids)

    def hits(self, probes: HashMatrix) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
        """Pairs (row of probes (m, 32), number of a video) of hashes at most `max_distance` bits apart; some are
        missed.
        """
        asked, rows, _ = self.near_rows(probes)
        return asked, self.tables.owners[rows]

    def near_rows(self, probes: HashMatrix) -> tuple[NDArray[np.intp], NDArray[np.uint32], NDArray[np.uint16]]:
        """Triples (row of probes (m, 32), row of the index, bits that differ), as in `hits`; a row may come twice."""
        keys = np.ascontiguousarray(probes).view("<u2").reshape(-1, HASH_TABLES)
        near = [self._near(key, word) for key, word in zip(keys, _words(probes), strict=True)]
        asked = np.repeat(np.arange(len(probes)), [len(rows) for rows, _ in near])
        return (
            asked,
            np.concatenate([np.empty(0, np.uint32), *(rows for rows, _ in near)]),
            np.concatenate([np.empty(0, np.uint16), *(bits for _, bits in near)]),
        )

    def id_of(self, video: int) -> str:
        """The id of a video by its number."""
        return bytes(self.tables.ids[video]).decode()

    def _near(
        self, keys: NDArray[np.uint16], words: NDArray[np.uint64]
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
        """Rows near one probe, some more than once, and how far away.

        One probe at a time, added up by hand: four times faster than all at once.
        """
        rows = self._candidates(keys)
        apart = np.take(self._words, rows, axis=0)
        apart ^= words
        first, *others = np.bitwise_count(apart).T
        bits = first.astype(np.uint16)
        for one in others:
            bits += one
        near = bits <= self._within
        return rows[near], bits[near]

    def _candidates(self, keys: NDArray[np.uint16]) -> NDArray[np.uint32]:
        runs = [
            rows[starts[key] : starts[key + 1]]
            for starts, rows, one in zip(self.tables.starts, self.tables.rows, keys.astype(int), strict=True)
            for key in (one ^ self._masks)
            if starts[key + 1] - starts[key] <= self._max_bucket
        ]
        return np.concatenate(runs) if runs else np.empty(0, np.uint32)


def rank_matches(
    indexes: Sequence[FingerprintIndex], probes: HashMatrix, seconds: Sequence[int], *, min_share: float = 0.3
) -> list[FingerprintMatch]:
    """All videos in which at least this share of the probes' seconds was found, best first, then by id.

    Probe i belongs to second `seconds[i]`; several may belong to the same. Of a file with three seconds and more, two
    at least must be found. Raises BadInput for probes that are not (m, 32) bytes.
    """
    if probes.ndim != 2 or probes.shape[1] != FINGERPRINT_BYTES or len(probes) != len(seconds):
        raise BadInput("a fingerprint is 32 bytes for each second")
    asked = len(set(seconds))
    best: dict[str, tuple[int, ...]] = {}
    for index in indexes:
        for video, at in _found_seconds(index, probes, np.asarray(seconds)):
            best[video] = max(best.get(video, ()), at, key=len)
    found = [FingerprintMatch(id=video, share=len(at) / asked, seconds=len(at), at=at) for video, at in best.items()]
    enough = [one for one in found if one.share >= min_share and one.seconds >= (2 if asked >= 3 else 1)]
    return sorted(enough, key=lambda one: (-one.share, one.id))


def _found_seconds(
    index: FingerprintIndex, probes: HashMatrix, seconds: NDArray[np.intp]
) -> list[tuple[str, tuple[int, ...]]]:
    """Each video that was found, with the seconds asked about that were found in it."""
    asked, videos = index.hits(probes)
    if not len(asked):
        return []
    pairs = np.unique(np.stack([videos.astype(np.int64), seconds[asked]], axis=1), axis=0)
    numbers, begins = np.unique(pairs[:, 0], return_index=True)
    parts = np.split(pairs[:, 1], begins[1:])
    return [
        (index.id_of(int(number)), tuple(int(second) for second in part))
        for number, part in zip(numbers, parts, strict=True)
    ]


def _words(hashes: HashMatrix) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes).view(np.uint64).reshape(-1, FINGERPRINT_BYTES // 8)
