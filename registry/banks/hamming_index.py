"""Exact search among perceptual hashes by Hamming distance: a hundred thousand of PDQ take a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from registry.banks.bank_entries import BANK_KINDS, validate_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHash:
    """A hash of a known picture: phash is 8 bytes, pdq is 32. `kind` is its bank's."""

    id: str
    kind: str
    algorithm: str
    bits: bytes

    def __post_init__(self) -> None:
        if self.kind not in BANK_KINDS:
            raise BadInput(f"{self.kind!r} is no kind of hash: one of {', '.join(BANK_KINDS)}")
        validate_hash(self.algorithm, self.bits)


class HammingIndex:
    """Hashes, grouped by kind and algorithm. Never changed once made."""

    def __init__(self, known: Iterable[KnownHash]) -> None:
        groups: dict[tuple[str, str], list[KnownHash]] = {}
        for one in known:
            groups.setdefault((one.kind, one.algorithm), []).append(one)
        self._ids = {group: [one.id for one in members] for group, members in groups.items()}
        # One row a word: the bits are then counted along the long axis.
        self._words = {group: _columns([one.bits for one in members]) for group, members in groups.items()}

    def __len__(self) -> int:
        return sum(len(ids) for ids in self._ids.values())

    def nearest(self, algorithm: str, bits: bytes, *, kind: str) -> tuple[str, str, int] | None:
        """(id, kind, Hamming distance) of the nearest hash of this kind and algorithm, or None."""
        validate_hash(algorithm, bits)
        group = (kind, algorithm)
        if group not in self._ids:
            return None
        differing = self._words[group] ^ np.frombuffer(bits, dtype=np.uint64)[:, None]
        distances = np.bitwise_count(differing).sum(axis=0, dtype=np.uint16)
        row = int(distances.argmin())
        return self._ids[group][row], kind, int(distances[row])


def _columns(hashes: Sequence[bytes]) -> NDArray[np.uint64]:
    words = np.frombuffer(b"".join(hashes), dtype=np.uint64)
    return np.ascontiguousarray(words.reshape(len(hashes), -1).T)
