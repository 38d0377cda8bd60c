"""The heads trained with the encoder, and how the three are weighed. evals/prompts/training/heads.py makes the file.

Two small networks on sentence embeddings, a linear model on pieces of words and the encoder's logits are brought to one
scale, averaged with weights for English and for other texts, and calibrated for the style of the text. The second
network uses wider embeddings, which are made only for texts that are not English. Any source may be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.models import hashed_ngrams
from media.arrays import FloatMatrix

SENTENCE = 0  # the sources, by their row in an array of scores
NGRAMS = 1
ENCODER = 2
MULTILINGUAL = 3
_SMALLEST = 1e-6  # of a score and of its distance from one, on the scale of log odds, which has no end


@dataclass(frozen=True, slots=True, eq=False)
class PromptHeads:
    """The numbers of the file. L labels, S styles, four sources: network, pieces, encoder, wider network.

    `middle` and `spread` (4, L) scale the sources, `mix` (2, 4, L) weighs them and `slope` and `offset` (2, S, L)
    calibrate, for English and for other texts. `wary` (2,): a text of which no label's score is that high after two
    sources needs no more of them.
    """

    labels: tuple[str, ...]
    styles: tuple[str, ...]
    up: FloatMatrix
    up_bias: FloatMatrix
    down: FloatMatrix
    down_bias: FloatMatrix
    wide_up: FloatMatrix
    wide_up_bias: FloatMatrix
    wide_down: FloatMatrix
    wide_down_bias: FloatMatrix
    ngram_weights: FloatMatrix
    ngram_bias: FloatMatrix
    middle: FloatMatrix
    spread: FloatMatrix
    mix: FloatMatrix
    slope: FloatMatrix
    offset: FloatMatrix
    wary: FloatMatrix
    given_style: str = ""

    def for_style(self, style: str) -> PromptHeads:
        """The same heads for texts of a known style, one of `styles`; empty where it is to be told from the text."""
        if style and style not in self.styles:
            raise ValueError(f"the heads know no style {style!r}")
        return replace(self, given_style=style)

    def sentence_logits(self, embeddings: FloatMatrix) -> FloatMatrix:
        """(n, L + S) margins from (n, 512) embeddings."""
        inner = np.maximum(embeddings @ self.up.T + self.up_bias, 0.0)
        return np.asarray(inner @ self.down.T + self.down_bias, np.float32)

    def ngram_logits(self, texts: Sequence[str]) -> FloatMatrix:
        """(n, L + S) margins from pieces of words."""
        return np.stack([hashed_ngrams.logits(text, self.ngram_weights, self.ngram_bias) for text in texts])

    def multilingual_logits(self, embeddings: FloatMatrix) -> FloatMatrix:
        """(n, L + S) margins from (n, 384) wider embeddings."""
        inner = np.maximum(embeddings @ self.wide_up.T + self.wide_up_bias, 0.0)
        return np.asarray(inner @ self.wide_down.T + self.wide_down_bias, np.float32)

    def logits(self, english: NDArray[np.bool_], sources: FloatMatrix) -> tuple[FloatMatrix, FloatMatrix]:
        """(n, L) margins of all sources together, and (n, S) shares of the styles: of a given one all.

        `sources` (4, n, L + S): the margins of each on its own scale, NaN where it was not asked; the others count for
        it. `english` (n,) says it of each text.
        """
        count = len(self.labels)
        known = ~np.isnan(sources[:, :, 0])
        scaled = (np.nan_to_num(sources[:, :, :count]) - self.middle[:, None]) / self.spread[:, None]
        weights = self.mix[np.where(english, 0, 1)] * known.T[:, :, None]
        weights = weights / np.maximum(weights.sum(1, keepdims=True), 1e-6)
        together = np.einsum("nsl,snl->nl", weights, scaled)
        if self.given_style:
            given = np.array([style == self.given_style for style in self.styles], np.float32)
            return together.astype(np.float32), np.broadcast_to(given, (len(together), len(given)))
        reader = np.where(english[:, None], sources[ENCODER][:, count:], sources[MULTILINGUAL][:, count:])
        stacked = np.stack([sources[SENTENCE][:, count:], reader])
        available = ~np.isnan(stacked)
        raw = 2.0 * np.where(available, stacked, 0.0).sum(0) / np.maximum(available.sum(0), 1)
        shares = np.exp(raw - raw.max(1, keepdims=True))
        return together.astype(np.float32), (shares / shares.sum(1, keepdims=True)).astype(np.float32)

    def score(self, english: NDArray[np.bool_], sources: FloatMatrix) -> FloatMatrix:
        """(n, L) in [0, 1]; `sources` as in `logits`."""
        together, shares = self.logits(english, sources)
        kind = np.where(english, 0, 1)
        line = np.einsum("ns,nsl->nl", shares, self.slope[kind] * together[:, None] + self.offset[kind])
        return np.asarray(1.0 / (1.0 + np.exp(-line)), dtype=np.float32)


def log_odds(scores: ArrayLike) -> NDArray[np.float64]:
    """ln(p / (1 - p)) of scores in [0, 1], of the same shape: the scale on which evidence adds up."""
    kept = np.clip(np.asarray(scores, np.float64), _SMALLEST, 1.0 - _SMALLEST)
    return np.asarray(np.log(kept / (1.0 - kept)))


def load(paths: Sequence[Path]) -> PromptHeads:
    """From the .npz that the training writes."""
    with np.load(paths[0], allow_pickle=False) as kept:
        return PromptHeads(
            labels=tuple(str(label) for label in kept["labels"]),
            styles=tuple(str(style) for style in kept["styles"]),
            up=kept["up"].astype(np.float32),
            up_bias=kept["up_bias"],
            down=kept["down"],
            down_bias=kept["down_bias"],
            wide_up=kept["wide_up"].astype(np.float32),
            wide_up_bias=kept["wide_up_bias"],
            wide_down=kept["wide_down"],
            wide_down_bias=kept["wide_down_bias"],
            ngram_weights=kept["grams"].astype(np.float32) * kept["grams_scale"],
            ngram_bias=kept["grams_bias"],
            middle=kept["middle"],
            spread=kept["spread"],
            mix=kept["mix"],
            slope=kept["slope"],
            offset=kept["offset"],
            wary=kept["wary"],
        )
