"""Search among millions of templates: they lie in cells around centres, and a probe looks into the nearest cells.

An inverted file (Sivic and Zisserman 2003), in numpy. Adding and removing touch one cell and take microseconds.
It may miss a template that lies in a cell far from the probe's: evals/likeness_search.py says how often.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from registry.exact import Batch, Match, Vectors

LOOKED_INTO = range(24, 65)
"""Cells that a probe looks into: the least, and on to the most while fewer than ENOUGH templates were seen."""

ENOUGH = 10_000

CELLS = 2048
_TRAINED_ON, _ROUNDS, _AT_ONCE = 16_384, 3, 16_384


@dataclass(slots=True)
class _Cell:
    vectors: NDArray[np.float16]
    keys: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


class Cells:
    """Templates in half precision, by cell. Not safe between threads: its owner locks."""

    def __init__(self, batch: Batch, *, cells: int = CELLS) -> None:
        """Centres are found among some of the templates; later ones join the nearest."""
        self._centres = _centres(batch.vectors, cells)
        self._squares = np.einsum("ij,ij->i", self._centres, self._centres)
        length = batch.vectors.shape[1]
        self._cells = [_Cell(np.zeros((0, length), np.float16)) for _ in self._centres]
        self._where: dict[int, int] = {}
        self.add(batch)

    def __len__(self) -> int:
        return len(self._where)

    def add(self, batch: Batch) -> None:
        """Add templates; a key that is there already is left alone."""
        new = np.array([n for n, key in enumerate(batch.keys) if key not in self._where], dtype=np.int64)
        owners = self._owners(batch.vectors, new)
        order = np.argsort(owners, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(owners[order])) + 1):
            if len(group):
                self._put(int(owners[group[0]]), batch, new[group])

    def remove(self, keys: Collection[int]) -> None:
        """Remove templates."""
        for key in keys:
            owner = self._where.pop(key, None)
            if owner is None:
                continue
            cell = self._cells[owner]
            place = cell.keys.index(key)
            cell.vectors = np.delete(cell.vectors, place, axis=0)
            del cell.keys[place], cell.ids[place], cell.kinds[place]

    def nearest(
        self, probe: Vectors, *, but: Collection[str] = (), only: Collection[str] | None = None
    ) -> Match | None:
        """The nearest template found whose id is not in `but`, and is in `only` if that is given; or None.

        With `only` every cell is looked into: a person's own templates are never missed.
        """
        seen, best = 0, None
        for number, place in enumerate(self._order(probe, everywhere=only is not None)):
            if only is None and number >= LOOKED_INTO.start and seen >= ENOUGH:
                break
            found = _nearest_in(self._cells[place], probe, but, only)
            seen += len(self._cells[place].keys)
            if found is not None and (best is None or found[2] < best[2]):
                best = found
        return best

    def _order(self, probe: Vectors, *, everywhere: bool) -> list[int]:
        """Cells to look into, the nearest first."""
        if everywhere:
            return list(range(len(self._cells)))
        away = self._squares - 2.0 * (self._centres @ probe)
        most = min(LOOKED_INTO.stop - 1, len(away))
        near = np.argpartition(away, most - 1)[:most]
        return [int(place) for place in near[np.argsort(away[near])]]

    def _owners(self, vectors: Vectors, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        owners = [
            _owner(self._centres, self._squares, vectors[chosen[at : at + _AT_ONCE]])
            for at in range(0, len(chosen), _AT_ONCE)
        ]
        return np.concatenate(owners) if owners else np.zeros(0, np.int64)

    def _put(self, owner: int, batch: Batch, chosen: NDArray[np.int64]) -> None:
        cell = self._cells[owner]
        cell.vectors = np.concatenate([cell.vectors, batch.vectors[chosen].astype(np.float16)])
        for n in chosen:
            cell.keys.append(batch.keys[n])
            cell.ids.append(batch.ids[n])
            cell.kinds.append(batch.kinds[n])
            self._where[batch.keys[n]] = owner


def _nearest_in(cell: _Cell, probe: Vectors, but: Collection[str], only: Collection[str] | None) -> Match | None:
    if not cell.keys:
        return None
    apart = cell.vectors.astype(np.float32) - probe
    distances = np.einsum("ij,ij->i", apart, apart)
    if only is not None or but:
        barred = [(only is not None and name not in only) or name in but for name in cell.ids]
        distances[np.array(barred)] = np.inf
    place = int(np.argmin(distances))
    if np.isinf(distances[place]):
        return None
    return cell.ids[place], cell.kinds[place], float(np.sqrt(distances[place]))


def _centres(vectors: Vectors, count: int) -> Vectors:
    """Centres of cells: a few rounds of k-means over some of the vectors, the same ones every time."""
    rng = np.random.default_rng(7)
    some = vectors[np.sort(rng.choice(len(vectors), min(_TRAINED_ON, len(vectors)), replace=False))].astype(np.float32)
    centres = some[rng.choice(len(some), min(count, len(some)), replace=False)].copy()
    for _ in range(_ROUNDS):
        owners = _owner(centres, np.einsum("ij,ij->i", centres, centres), some)
        sums = np.zeros_like(centres)
        np.add.at(sums, owners, some)
        sizes = np.bincount(owners, minlength=len(centres))
        centres[sizes > 0] = sums[sizes > 0] / sizes[sizes > 0, None]
    return centres


def _owner(centres: Vectors, squares: Vectors, vectors: Vectors) -> NDArray[np.int64]:
    return np.asarray(np.argmin(squares - 2.0 * (vectors @ centres.T), axis=1), np.int64)
