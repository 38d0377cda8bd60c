"""The slow embeddings of texts for training and calibration, kept in build/ so that a second run is quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.catalog import model_entry
from classifiers.models.e5 import E5_DIMENSIONS
from evals.prompts.remembered_models import text_key

WIDE_FILES = Path("build/wide")  # one for each e5_adapter
SENTENCE_FILE = Path("build/sentence.npz")
_BATCH_SIZE = 64
"""Texts that are embedded at once."""
_KEPT_EVERY = 8192  # texts after which all is written, so that a run that was stopped goes on


def embed_cached(
    texts: Sequence[str], cache_file: Path, embed: Callable[[list[str]], NDArray[np.float32]], *, at_once: int = 64
) -> NDArray[np.float32]:
    """(n, width) by `embed`, which is asked of so many texts at once.

    What was embedded before is read from the file, and what is new is kept as it comes. The first run gets the
    numbers as they are kept, so that a second learns from the very same and goes on where the first was stopped.
    """
    known = read_rows(cache_file)
    names = [text_key(text) for text in texts]
    missing = list({name: text for name, text in zip(names, texts, strict=True) if name not in known}.items())
    for at in range(0, len(missing), at_once):
        page = missing[at : at + at_once]
        rows = embed([text for _, text in page]).astype(np.float16).astype(np.float32)
        known |= zip([name for name, _ in page], rows, strict=True)
        if at + at_once >= len(missing) or at % _KEPT_EVERY == 0:
            write_rows(cache_file, known)
    return (
        np.stack([known[name] for name in names]).astype(np.float32)
        if names
        else np.zeros((0, E5_DIMENSIONS), np.float32)
    )


def write_rows(file: Path, known: Mapping[str, NDArray[np.float32]], kind: type[np.floating[Any]] = np.float16) -> None:
    """Keep a row for each name, as numbers of this kind; whoever is killed meanwhile leaves what was there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, names=np.array(list(known)), rows=np.stack(list(known.values())).astype(kind))
    unfinished.replace(file)


def read_rows(file: Path) -> dict[str, NDArray[np.float32]]:
    """What write_rows kept; nothing where there is no such file."""
    if not file.is_file():
        return {}
    with np.load(file, allow_pickle=False) as kept:
        return dict(zip(kept["names"].tolist(), kept["rows"].astype(np.float32), strict=True))


def embed_wide(texts: Sequence[str], models: Models = PACKAGED_MODELS) -> NDArray[np.float32]:
    """(n, 384) by models that may remember by themselves, else through the file."""
    if models == PACKAGED_MODELS:
        (adapter,) = model_entry("e5_adapter").files
        return embed_cached(texts, WIDE_FILES / f"{adapter.sha256[:8]}.npz", models.get("e5_multilingual").embed)
    model = models.get("e5_multilingual")
    parts = [model.embed(texts[at : at + _BATCH_SIZE]) for at in range(0, len(texts), _BATCH_SIZE)]
    return np.concatenate(parts) if parts else np.zeros((0, E5_DIMENSIONS), np.float32)
