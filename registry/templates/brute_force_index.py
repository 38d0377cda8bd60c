"""Exact search among templates of one space, with numpy alone: a hundred thousand take some milliseconds.

Templates come and go without anything being built anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.embedding_spaces import EmbeddingSpace
from core.errors import BadInput
from media.arrays import EmbeddingMatrix

PROTECTED_KINDS = ("cameo", "public_figure", "estate", "claimant", "other")

TemplateMatch = tuple[str, str, float]
"""(id, kind, Euclidean distance)."""


@dataclass(frozen=True, slots=True, eq=False)
class TemplateBatch:
    """Templates to add: keys are unique for ever, ids are people; `vectors` is (n, length)."""

    keys: Sequence[int]
    ids: Sequence[str]
    kinds: Sequence[str]
    vectors: EmbeddingMatrix


class BruteForceIndex:
    """Templates as rows of a matrix with room to grow. Not safe between threads: its owner locks."""

    def __init__(self, length: int) -> None:
        self._vectors = np.zeros((16, length), np.float32)
        self._squares = np.zeros(16, np.float32)
        self._ids = np.empty(16, dtype=object)
        self._kinds: list[str] = []
        self._keys: list[int] = []
        self._place: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, batch: TemplateBatch) -> None:
        """Add templates; a key that is there already is left alone."""
        new = [n for n, key in enumerate(batch.keys) if key not in self._place]
        if not new:
            return
        start, end = len(self), len(self) + len(new)
        self._grow(end)
        self._vectors[start:end] = batch.vectors[new]
        self._squares[start:end] = np.einsum("ij,ij->i", self._vectors[start:end], self._vectors[start:end])
        for place, n in enumerate(new, start):
            self._ids[place] = batch.ids[n]
            self._place[batch.keys[n]] = place
        self._kinds += [batch.kinds[n] for n in new]
        self._keys += [batch.keys[n] for n in new]

    def remove(self, keys: Collection[int]) -> None:
        """Remove templates; the last row takes the place of each."""
        for key in keys:
            place = self._place.pop(key, None)
            if place is None:
                continue
            last = len(self) - 1
            last_key, last_kind = self._keys.pop(), self._kinds.pop()
            if place != last:
                self._vectors[place], self._squares[place] = self._vectors[last], self._squares[last]
                self._ids[place], self._kinds[place], self._keys[place] = self._ids[last], last_kind, last_key
                self._place[last_key] = place
            self._ids[last] = None
            self._vectors[last] = 0  # what was removed is not kept in memory either

    def nearest(
        self, probe: EmbeddingMatrix, *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> TemplateMatch | None:
        """The nearest template whose id is not in `exclude`, and is in `only` if that is given; or None."""
        count = len(self)
        distances = self._squares[:count] - 2.0 * (self._vectors[:count] @ probe)
        distances[_excluded_rows(self._ids[:count], exclude, only)] = np.inf
        if not count or np.isinf(best := distances.min()):
            return None
        place = int(np.flatnonzero(distances == best)[0])
        apart = self._vectors[place].astype(np.float64) - probe
        return str(self._ids[place]), self._kinds[place], float(np.linalg.norm(apart))

    def batch(self, first: int = 0, last: int | None = None) -> TemplateBatch:
        """Some of the rows, or all of them, to build something else from."""
        rows = slice(first, len(self) if last is None else min(last, len(self)))
        return TemplateBatch(self._keys[rows], list(self._ids[rows]), self._kinds[rows], self._vectors[rows])

    def _grow(self, count: int) -> None:
        if count > len(self._squares):
            room = max(count, 2 * len(self._squares)) - len(self._squares)
            self._vectors = np.concatenate([self._vectors, np.zeros((room, self._vectors.shape[1]), np.float32)])
            self._squares = np.concatenate([self._squares, np.zeros(room, np.float32)])
            self._ids = np.concatenate([self._ids, np.empty(room, dtype=object)])


def _excluded_rows(ids: NDArray[np.object_], but: Collection[str], only: Collection[str] | None) -> NDArray[np.bool_]:
    barred = np.zeros(len(ids), dtype=bool) if only is None else np.ones(len(ids), dtype=bool)
    for wanted in only or ():
        barred[ids == wanted] = False
    for excluded in but:
        barred[ids == excluded] = True
    return barred


def validate_template(embedding: NDArray[np.float32], space: EmbeddingSpace) -> EmbeddingMatrix:
    """The embedding as float32 of the space's length. Raises BadInput for another shape, or what is not finite."""
    found = np.asarray(embedding, dtype=np.float32)
    if found.shape != (space.dimensions,) or not np.isfinite(found).all():
        raise BadInput(f"a template of {space.name} is {space.dimensions} finite numbers")
    return found


def validate_kind(kind: str) -> str:
    """The kind itself. Raises BadInput for one that does not exist."""
    if kind not in PROTECTED_KINDS:
        raise BadInput(f"{kind!r} is no kind of protected person: one of {', '.join(PROTECTED_KINDS)}")
    return kind
