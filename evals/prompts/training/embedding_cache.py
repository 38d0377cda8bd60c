"""The slow embeddings of texts for training and calibration, kept in build/ so that a second run is quick."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.catalog import model_entry
from classifiers.models.e5 import E5_DIMENSIONS

WIDE_FILES = Path("build/wide")  # one for each e5_adapter
SENTENCE_FILE = Path("build/sentence.npz")
_BATCH_SIZE = 64
"""Texts that are embedded at once."""
_KEPT_EVERY = 128 * _BATCH_SIZE  # texts after which all is written, so that a run that was stopped goes on


def embed_cached(texts: Sequence[str], cache_file: Path, model: str) -> NDArray[np.float32]:
    """(n, width) by that model; what was embedded before is read from the file, and what is new is kept as it comes."""
    known = read_rows(cache_file)
    names = [hashlib.sha256(text.encode()).hexdigest()[:20] for text in texts]
    missing = list({name: text for name, text in zip(names, texts, strict=True) if name not in known}.items())
    for at in range(0, len(missing), _BATCH_SIZE):
        page = missing[at : at + _BATCH_SIZE]
        rows = PACKAGED_MODELS.get(model).embed([text for _, text in page])
        known |= {name: row for (name, _), row in zip(page, rows, strict=True)}
        if at + _BATCH_SIZE >= len(missing) or at % _KEPT_EVERY == 0:
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
        return embed_cached(texts, WIDE_FILES / f"{adapter.sha256[:8]}.npz", "e5_multilingual")
    model = models.get("e5_multilingual")
    parts = [model.embed(texts[at : at + _BATCH_SIZE]) for at in range(0, len(texts), _BATCH_SIZE)]
    return np.concatenate(parts) if parts else np.zeros((0, E5_DIMENSIONS), np.float32)
