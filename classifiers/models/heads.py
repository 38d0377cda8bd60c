"""What was trained beside the encoder, and how the three are weighed. evals/train_prompt_heads.py makes the file.

Two small networks on sentence embeddings, a linear model on pieces of words and the encoder's logits are brought to one
scale, averaged with weights for English and for other texts, and calibrated for the style of the text. The second
network stands on wider embeddings, which are made only for texts that are not English.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models import grams

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PromptHeads:
    """The numbers of the file. L labels, S styles, four sources: network, pieces, encoder, wider network.

    `middle` and `spread` (4, L) scale the sources, `mix` (2, 4, L) weighs them for English and for other texts,
    `slope` and `offset` (S, L) calibrate.
    """

    labels: tuple[str, ...]
    styles: tuple[str, ...]
    up: Matrix
    up_bias: Matrix
    down: Matrix
    down_bias: Matrix
    wide_up: Matrix
    wide_up_bias: Matrix
    wide_down: Matrix
    wide_down_bias: Matrix
    pieces: Matrix
    pieces_bias: Matrix
    middle: Matrix
    spread: Matrix
    mix: Matrix
    slope: Matrix
    offset: Matrix

    def sources(self, texts: Sequence[str], embeddings: Matrix, logits: Matrix, wide: Matrix) -> Matrix:
        """(4, n, L + S): the margins of each source on its own scale. Of English texts the row of `wide` is zeros."""
        net = np.maximum(embeddings @ self.up.T + self.up_bias, 0.0) @ self.down.T + self.down_bias
        wider = np.maximum(wide @ self.wide_up.T + self.wide_up_bias, 0.0) @ self.wide_down.T + self.wide_down_bias
        cut = np.stack([grams.margins(text, self.pieces, self.pieces_bias) for text in texts])
        return np.stack([net, cut, logits, wider]).astype(np.float32)

    def margins(self, english: Sequence[bool], sources: Matrix) -> tuple[Matrix, Matrix]:
        """(n, L) margins of the three together, and (n, S) shares of the styles. `english` says it of each text."""
        count = len(self.labels)
        scaled = (sources[:, :, :count] - self.middle[:, None]) / self.spread[:, None]
        weights = self.mix[[0 if one else 1 for one in english]]
        together = np.einsum("nsl,snl->nl", weights, scaled)
        second = np.where(np.array(english)[:, None], sources[2][:, count:], sources[3][:, count:])
        raw = second + sources[0][:, count:]
        shares = np.exp(raw - raw.max(1, keepdims=True))
        return together.astype(np.float32), (shares / shares.sum(1, keepdims=True)).astype(np.float32)

    def score(
        self, texts: Sequence[str], embeddings: Matrix, logits: Matrix, wide: Matrix, english: Sequence[bool]
    ) -> Matrix:
        """(n, L) in [0, 1]."""
        together, shares = self.margins(english, self.sources(texts, embeddings, logits, wide))
        line = np.einsum("ns,nsl->nl", shares, self.slope[None] * together[:, None] + self.offset[None])
        return np.asarray(1.0 / (1.0 + np.exp(-line)), dtype=np.float32)


def load(paths: Sequence[Path]) -> PromptHeads:
    """From the .npz that the training writes."""
    with np.load(paths[0], allow_pickle=False) as kept:
        return PromptHeads(
            labels=tuple(str(label) for label in kept["labels"]),
            styles=tuple(str(style) for style in kept["styles"]),
            up=kept["up"],
            up_bias=kept["up_bias"],
            down=kept["down"],
            down_bias=kept["down_bias"],
            wide_up=kept["wide_up"].astype(np.float32),
            wide_up_bias=kept["wide_up_bias"],
            wide_down=kept["wide_down"],
            wide_down_bias=kept["wide_down_bias"],
            pieces=kept["grams"].astype(np.float32) * kept["grams_scale"],
            pieces_bias=kept["grams_bias"],
            middle=kept["middle"],
            spread=kept["spread"],
            mix=kept["mix"],
            slope=kept["slope"],
            offset=kept["offset"],
        )
