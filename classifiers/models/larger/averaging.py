"""The head of the second reader and how it counts: evals/prompts/training/second_reader_head.py makes the file. ADR 67.

A linear model on the embeddings of a larger encoder says how unsafe a text is as a whole. Where the quick readers leave
a text undecided, the two are averaged, on the scale on which 0 is where the rules of the default pack begin to hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.prompt_heads import log_odds
from media.arrays import FloatMatrix

_HIGHEST_RAISED = 1.0  # log-odds above the limit: 0.73 for `unsafe`, which holds, and with no other label refuses


@dataclass(frozen=True, slots=True, eq=False)
class SecondReader:
    """The numbers of the file. L labels, S styles in which it reads.

    `limits` (L,): scores from which the default rules hold. Of style s, a text whose highest label lies `low[s]` to
    `high[s]` above its limit, in log-odds, is read; then it lies at `quick[s]` of that, and `second[s]` of this
    reader's margin, and `offset[s]`, but never outside the band, and raised no higher than is needed to be held.
    """

    labels: tuple[str, ...]
    styles: tuple[str, ...]
    limits: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float
    quick: NDArray[np.float64]
    second: NDArray[np.float64]
    offset: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def margins(self, embeddings: FloatMatrix) -> NDArray[np.float64]:
        """(n,) from (n, 768) embeddings: how unsafe each text is."""
        return np.asarray(embeddings.astype(np.float64) @ self.weights + self.bias)

    def above_limits(self, scores: FloatMatrix) -> NDArray[np.float64]:
        """(n, L) log-odds of the scores above those from which rules hold."""
        return log_odds(scores) - log_odds(self.limits)

    def is_undecided(self, above: NDArray[np.float64], style: str) -> NDArray[np.bool_]:
        """(n,) of (n,): which lie in the band."""
        place = self.styles.index(style)
        return np.asarray((above >= self.low[place]) & (above <= self.high[place]))

    def averaged(self, above: NDArray[np.float64], margins: NDArray[np.float64], style: str) -> NDArray[np.float64]:
        """(n,) of the highest labels above their limits, and of margins: where each text lies now. Rising in both."""
        place = self.styles.index(style)
        line = self.quick[place] * above + self.second[place] * margins + self.offset[place]
        kept = np.clip(line, self.low[place], np.maximum(above, min(_HIGHEST_RAISED, self.high[place])))
        return np.where(self.is_undecided(above, style), kept, above)

    def moved(self, scores: FloatMatrix, margins: NDArray[np.float64], style: str) -> FloatMatrix:
        """(n, L) of (n, L): what lies lower now lies lower with all its labels, what lies higher is more `unsafe`.

        So the highest label lies where `averaged` says, and nothing that this reader says gives a text a label that
        the quick ones did not.
        """
        above = self.above_limits(scores)
        highest = above.max(1)
        shift = self.averaged(highest, margins, style) - highest
        lowest = self.low[self.styles.index(style)]
        sunk = np.maximum(above + np.minimum(shift, 0.0)[:, None], np.minimum(above, lowest))
        unsafe = self.labels.index("unsafe")
        sunk[:, unsafe] = np.where(shift > 0, np.maximum(sunk[:, unsafe], highest + shift), sunk[:, unsafe])
        changed = 1.0 / (1.0 + np.exp(-(sunk + log_odds(self.limits))))
        return np.where(sunk == above, scores, changed).astype(np.float32)


def load(paths: Sequence[Path]) -> SecondReader:
    """From the .npz that the training writes."""
    with np.load(paths[0], allow_pickle=False) as kept:
        numbers = {name: kept[name].astype(np.float64) for name in ("limits", "weights")}
        numbers |= {name: kept[name].astype(np.float64) for name in ("quick", "second", "offset", "low", "high")}
        return SecondReader(
            labels=tuple(str(label) for label in kept["labels"]),
            styles=tuple(str(style) for style in kept["styles"]),
            bias=float(kept["bias"]),
            **numbers,
        )
