"""Exact search among faces, with numpy alone: a hundred thousand take a few milliseconds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

LENGTH = 128
KINDS = ("cameo", "public_figure", "estate", "claimant", "other")


class Faces:
    """Faces as rows of a (n, 128) float32 matrix. Never changed once made."""

    def __init__(self, ids: Sequence[str], kinds: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        self._ids = np.array(ids, dtype=object)
        self._kinds = kinds
        self._embeddings = embeddings.reshape(-1, LENGTH)
        self._squares = np.einsum("ij,ij->i", self._embeddings, self._embeddings)

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(self, embedding: NDArray[np.float32], *, but: Collection[str] = ()) -> tuple[str, str, float] | None:
        """(id, kind, Euclidean distance) of the nearest face whose id is not in `but`, or None."""
        probe = face(embedding)
        distances = self._squares - 2.0 * (self._embeddings @ probe)  # less the square of the probe, the same for all
        for excluded in but:
            distances[self._ids == excluded] = np.inf
        if not len(distances) or np.isinf(best := distances.min()):
            return None
        row = int(np.flatnonzero(distances == best)[0])
        distance = float(np.linalg.norm(self._embeddings[row].astype(np.float64) - probe))
        return str(self._ids[row]), self._kinds[row], distance


def face(embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    """The embedding as float32 (128,). Raises BadInput for any other shape, and for what is not finite."""
    found = np.asarray(embedding, dtype=np.float32)
    if found.shape != (LENGTH,) or not np.isfinite(found).all():
        raise BadInput(f"a face is {LENGTH} finite numbers")
    return found


def kind_of_face(kind: str) -> str:
    """The kind itself. Raises BadInput for one that does not exist."""
    if kind not in KINDS:
        raise BadInput(f"{kind!r} is no kind of protected face: one of {', '.join(KINDS)}")
    return kind
