"""The trained heads on sentence embeddings, one linear head a label. evals/train_prompt_heads.py makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PromptHeads:
    """`weights` (labels, 512), `bias` and the two numbers of the calibration, `slope` and `offset`, (labels,)."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    slope: NDArray[np.float32]
    offset: NDArray[np.float32]

    def score(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, labels) in [0, 1]. 0.5 stands where 2 in 100 harmless video prompts lie above, 0.8 where 3 in 1000 do."""
        margin = embeddings @ self.weights.T + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * margin + self.offset))), dtype=np.float32)


def load(paths: Sequence[Path]) -> PromptHeads:
    """From the .npz that the training writes."""
    with np.load(paths[0], allow_pickle=False) as kept:
        return PromptHeads(
            labels=tuple(str(label) for label in kept["labels"]),
            weights=kept["weights"],
            bias=kept["bias"],
            slope=kept["slope"],
            offset=kept["offset"],
        )
