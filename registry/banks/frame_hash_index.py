"""Which hashes of a bank lie near: few are compared one by one, millions are found by parts of their bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.arrays import BitArray
from registry.near_duplicates import FINGERPRINT_BYTES, MAX_HAMMING_DISTANCE, FingerprintIndex

MAX_COMPARED_ROWS = 20_000
"""Up to so many hashes are compared one by one; beyond, copies up to 31 bits away are found for certain, and those at
56 bits in 86 of 100 frames (evals/results/binary_indexes.json)."""

_CHUNK = 64  # probes compared at once: bounds memory


class FrameHashIndex:
    """Hashes (n, 32), of frames or of seconds of sound. Never changed once made."""

    def __init__(self, rows: BitArray) -> None:
        self._rows = np.ascontiguousarray(rows).reshape(-1, FINGERPRINT_BYTES)
        self._words = self._rows.view(np.uint64) if len(self._rows) else np.zeros((0, 4), np.uint64)
        self._tables = _tables(self._rows) if len(self._rows) > MAX_COMPARED_ROWS else None

    def __len__(self) -> int:
        return len(self._rows)

    def near(self, probes: BitArray) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]:
        """Triples (row of probes (m, 32), row of the index, bits that differ), up to MAX_HAMMING_DISTANCE bits."""
        if not len(probes) or not len(self._rows):
            nothing = np.empty(0, np.intp)
            return nothing, nothing, np.empty(0, np.uint16)
        if self._tables is not None:
            asked, rows, distances = self._tables.near_rows(probes)
            return asked, rows.astype(np.intp), distances
        words = np.ascontiguousarray(probes).view(np.uint64)
        parts = [self._compared(words, start) for start in range(0, len(words), _CHUNK)]
        asked, found, apart = (np.concatenate(column) for column in zip(*parts, strict=True))
        return asked, found, apart

    def _compared(
        self, words: NDArray[np.uint64], start: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint16]]:
        part = words[start : start + _CHUNK]
        distances = np.zeros((len(part), len(self._words)), np.uint16)
        for column in range(self._words.shape[1]):
            distances += np.bitwise_count(part[:, column, None] ^ self._words[None, :, column])
        asked, rows = np.nonzero(distances <= MAX_HAMMING_DISTANCE)
        return asked + start, rows, distances[asked, rows]


def _tables(rows: BitArray) -> FingerprintIndex:
    return FingerprintIndex(rows, np.zeros(len(rows), np.uint32), [""], max_bucket=len(rows))
