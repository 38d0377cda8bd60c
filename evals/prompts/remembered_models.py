"""Models that remember, on disk, what they said of a text: many calibrations are measured for the price of one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import Models
from classifiers.models.catalog import model_entry
from classifiers.models.prompt_heads import PromptHeads

REMEMBERED = ("use_multilingual", "prompt_encoder", "e5_multilingual")

Answers = dict[str, NDArray[np.float32]]


class RememberingModel:
    """One model: asks it only of texts that it was not asked of before, and passes on everything else."""

    def __init__(self, model: Any, answers: Answers) -> None:
        self._model, self._answers = model, answers

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the model's own."""
        return self._asked(texts, self._model.embed)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the model's own."""
        return self._asked(texts, self._model.logits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def _asked(self, texts: Sequence[str], ask: Callable[[list[str]], NDArray[np.float32]]) -> NDArray[np.float32]:
        keys = [text_key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._answers}
        if missing:
            self._answers.update(zip(missing, ask(list(missing.values())), strict=True))
        return np.stack([self._answers[key] for key in keys])


@dataclass(frozen=True, slots=True)
class RememberingModels(Models):
    """The packaged models with other heads."""

    answers: dict[str, Answers] = field(default_factory=dict)
    heads: PromptHeads | None = None

    def get(self, name: str) -> Any:
        """The model of this name."""
        if name == "prompt_heads" and self.heads is not None:
            return self.heads
        model = Models.get(self, name)
        return RememberingModel(model, self.answers.setdefault(name, {})) if name in REMEMBERED else model


@dataclass(frozen=True, slots=True)
class AnswerFiles:
    """The answers on disk, those of each set of weights, and of ways to run them, in a folder of its own."""

    folder: Path

    @property
    def _current(self) -> Path:
        entries = [model_entry(name) for name in (*REMEMBERED, "e5_adapter")]
        versions = hashlib.sha256(repr([(entry.version, entry.loader) for entry in entries]).encode()).hexdigest()
        return self.folder / "-".join([*(file.sha256[:8] for entry in entries for file in entry.files), versions[:8]])

    def save(self, answers: Mapping[str, Answers], part: str = "") -> None:
        """Write them, each model's into a file of its own; those of a part beside what was written before."""
        self._current.mkdir(parents=True, exist_ok=True)
        for name, found in answers.items():
            if found:
                unfinished = self._current / f"{name}.{os.getpid()}.npz"
                np.savez(unfinished, keys=np.array(list(found)), rows=np.stack(list(found.values())))
                unfinished.replace(self._current / (f"{name}.part-{part}.npz" if part else f"{name}.npz"))

    def read(self) -> dict[str, Answers]:
        """What was saved before."""
        return {name: self._read(name) for name in REMEMBERED}

    def _read(self, name: str) -> Answers:
        found: Answers = {}
        for path in (self._current / f"{name}.npz", *sorted(self._current.glob(f"{name}.part-*.npz"))):
            if path.is_file():
                with np.load(path, allow_pickle=False) as kept:
                    found |= dict(zip(kept["keys"].tolist(), kept["rows"], strict=True))
        return found


def text_key(text: str) -> str:
    """By which answers about a text are found again."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]
