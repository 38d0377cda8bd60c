"""Search among millions of templates: they lie in cells around centres, and a probe looks into the nearest cells.

An inverted file (Sivic and Zisserman 2003) as faiss keeps it, in half precision. Adding and removing touch one cell
and take microseconds. It may miss a template that lies in a cell far from the probe's:
evals/likeness/template_search.py says
how often.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from media.arrays import EmbeddingMatrix
from registry.templates.brute_force_index import TemplateBatch, TemplateMatch

NLIST = 1024
NPROBE = 96
"""Cells that a probe looks into."""

TRAINING_TEMPLATES = 16_384
"""Of so many templates the centres are made: half a second of CPU."""

_ROUNDS = 2
_SEED = 7


class InvertedFileIndex:
    """Templates by cell. Not safe between threads: its owner locks."""

    def __init__(self, training: EmbeddingMatrix, *, nlist: int = NLIST) -> None:
        """Nobody is in it yet: `training` (n, length) are only what the centres are found among."""
        faiss, length = _faiss(), training.shape[1]
        self._centres, half = faiss.IndexFlatL2(length), faiss.ScalarQuantizer.QT_fp16
        self._index = faiss.IndexIVFScalarQuantizer(
            self._centres, length, min(nlist, len(training)), half, faiss.METRIC_L2, False
        )
        self._index.cp.niter, self._index.cp.seed, self._index.cp.min_points_per_centroid = _ROUNDS, _SEED, 1
        self._index.train(np.ascontiguousarray(training[:: max(1, len(training) // TRAINING_TEMPLATES)], np.float32))
        self._index.set_direct_map_type(faiss.DirectMap.Hashtable)
        self._nothing = np.zeros(self._index.code_size, np.uint8)
        self._about: dict[int, tuple[str, str]] = {}
        self._keys: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._about)

    def add(self, batch: TemplateBatch) -> None:
        """Add templates; a key that is there already is left alone."""
        new = [n for n, key in enumerate(batch.keys) if key not in self._about]
        if not new:
            return
        keys = np.array([batch.keys[n] for n in new], np.int64)
        self._index.add_with_ids(np.ascontiguousarray(batch.vectors[new], np.float32), keys)
        for n in new:
            self._about[batch.keys[n]] = batch.ids[n], batch.kinds[n]
            self._keys.setdefault(batch.ids[n], []).append(batch.keys[n])

    def remove(self, keys: Collection[int]) -> None:
        """Remove templates, from memory too."""
        known = [key for key in keys if key in self._about]
        if not known:
            return
        touched = {int(self._index.direct_map.get(key)) >> 32 for key in known}
        self._index.remove_ids(_faiss().IDSelectorArray(np.array(known, np.int64)))
        self._blank(touched, len(known))
        for key in known:
            person, _ = self._about.pop(key)
            self._keys[person].remove(key)
            if not self._keys[person]:
                del self._keys[person]

    def nearest(
        self, probe: EmbeddingMatrix, *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> TemplateMatch | None:
        """The nearest template found whose id is not in `exclude`, and is in `only` if that is given; or None.

        With `only` those are looked at one by one: a person's own templates are never missed.
        """
        if only is not None:
            return self._among([key for name in set(only) - set(exclude) for key in self._keys.get(name, ())], probe)
        faiss, wanted = _faiss(), {"nprobe": NPROBE}
        if barred := [key for name in exclude for key in self._keys.get(name, ())]:
            wanted["sel"] = faiss.IDSelectorNot(faiss.IDSelectorBatch(np.array(barred, np.int64)))
        looking = faiss.SearchParametersIVF(**wanted)
        distances, found = self._index.search(np.ascontiguousarray(probe[None], np.float32), 1, params=looking)
        return None if found[0, 0] < 0 else self._match(int(found[0, 0]), float(np.sqrt(max(0.0, distances[0, 0]))))

    def _among(self, keys: Iterable[int], probe: EmbeddingMatrix) -> TemplateMatch | None:
        away = {key: float(np.linalg.norm(self._index.reconstruct(key) - probe)) for key in keys}
        return (
            self._match(best, away[best])
            if (best := min(away, key=away.__getitem__, default=None)) is not None
            else None
        )

    def _match(self, key: int, distance: float) -> TemplateMatch:
        return *self._about[key], distance

    def _blank(self, cells: Iterable[int], places: int) -> None:
        """Where templates were removed the last of the cell took their place: what it left behind is overwritten."""
        lists = self._index.invlists
        for cell in cells:
            size = lists.list_size(cell)
            for _ in range(places):
                lists.add_entry(cell, -1, _faiss().swig_ptr(self._nothing))
            lists.resize(cell, size)


def _faiss() -> Any:
    """Loaded when there is something to be searched with it; small galleries never need it."""
    import faiss

    return faiss
