"""MiniLM tuned on prompts (evals/prompts/training/encoder.py), in 7 bits through onnxruntime."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.batching import batches_by_length
from classifiers.models.onnx_net import onnx_session

_LONGER = re.compile(r"[^\W\d_]{3,}")
MAX_ENCODER_TOKENS = 128  # tokens; the rest of a longer text is not seen, so callers give parts


class PromptEncoder:
    """Logits of texts; safe to share between threads."""

    def __init__(self, model: Path, vocabulary: Path) -> None:
        from tokenizers import Tokenizer

        self._session = onnx_session(model, no_overflow=True)
        self._words = Tokenizer.from_file(str(vocabulary))
        self._words.no_padding()
        self._words.enable_truncation(MAX_ENCODER_TOKENS)
        self._known = {word for word in self._words.get_vocab() if word.isalpha() and len(word) > 1}

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), labels + styles)."""
        ids = [encoding.ids for encoding in self._words.encode_batch(list(texts))]
        by_index: dict[int, NDArray[np.float32]] = {}
        for batch in batches_by_length([len(encoding) for encoding in ids]):
            lengths = np.array([len(ids[place]) for place in batch], np.int32)
            tokens = np.zeros((len(batch), lengths.max()), np.int64)
            for line, place in enumerate(batch):
                tokens[line, : lengths[line]] = ids[place]
            batch_logits = self._session.run(["logits"], {"ids": tokens, "lengths": lengths})[0]
            by_index.update(zip(batch, batch_logits, strict=True))
        return np.stack([by_index[place] for place in range(len(ids))]).astype(np.float32)

    def english(self, text: str) -> bool:
        """Whether three in five of the longer words are in the vocabulary, and none has letters that English lacks.

        One such letter in fifty ("the café") is let pass where four in five are. True for a text without such words,
        if it has no other letters either.
        """
        words = [word.casefold() for word in _LONGER.findall(text)]
        if text.isascii():
            return 5 * sum(map(self.in_vocabulary, words)) >= 3 * len(words)
        letters = [letter for letter in text if letter.isalpha()]
        strange = sum(1 for letter in letters if not letter.isascii())
        least = 4 if strange else 3
        return 50 * strange <= len(letters) and 5 * sum(map(self.in_vocabulary, words)) >= least * len(words)

    def in_vocabulary(self, word: str) -> bool:
        """Whether the vocabulary has it as a word by itself: common English, and much of what is near to it."""
        return word in self._known


def load(paths: Sequence[Path]) -> PromptEncoder:
    """The model and its vocabulary, in this order."""
    return PromptEncoder(paths[0], paths[1])
