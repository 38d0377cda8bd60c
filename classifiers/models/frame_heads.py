"""What CLIP's vectors of frames say: one linear head a label. evals/footage/train_frame_heads.py makes the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.arrays import FloatMatrix


@dataclass(frozen=True, slots=True, eq=False)
class FrameHeads:
    """The numbers of the file: L labels, vectors of 512. `middle` (L,): the margin at 0.5, `slope` (L,): how steep."""

    labels: tuple[str, ...]
    mean: FloatMatrix
    weights: FloatMatrix
    middle: FloatMatrix
    slope: FloatMatrix

    def margins(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, L), before calibration, for (n, 512)."""
        return np.asarray((vectors - self.mean) @ self.weights.T, dtype=np.float32)

    def scores(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, L) from 0 to 1."""
        steepness = np.clip(self.slope * (self.margins(vectors) - self.middle), -30, 30)
        return np.asarray(1 / (1 + np.exp(-steepness)), dtype=np.float32)


def load(paths: Sequence[Path]) -> FrameHeads:
    """From the one .npz file; nothing in it is pickled."""
    with np.load(paths[0], allow_pickle=False) as held:
        return FrameHeads(
            labels=tuple(str(label) for label in held["labels"]),
            mean=held["mean"],
            weights=held["weights"],
            middle=held["middle"],
            slope=held["slope"],
        )
