"""Decides many texts page by page and keeps each page on the disk: a run that was stopped goes on, several share it.

A page is found again by its texts, their styles, and the code, rules and weights that decided it.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from classifiers.text.prompt_intent import is_supported_script
from core.errors import Unavailable
from evals.prompts.predictions import PromptPredictions, predict_prompts
from evals.prompts.remembered_models import AnswerFiles, RememberingModels

BUILD = Path("build/predicted")
_PAGE = 400  # texts
_UNREAD = 0.02  # of a page's texts, at the most: too long ones and disguises
_DECIDING = ("classifiers/text", "classifiers/models", "policy")  # folders whose files change what is decided


def predict_in_pages(
    texts: Sequence[str], styles: Sequence[str], answers: AnswerFiles, *, order: int = 0
) -> PromptPredictions:
    """As predict_prompts. Runs of another `order` begin with other pages, and each takes those that are done."""
    pages = [
        (list(texts[at : at + _PAGE]), list(styles[at : at + _PAGE]) if styles else [])
        for at in range(0, len(texts), _PAGE)
    ]
    places = list(range(len(pages)))
    random.Random(order).shuffle(places)  # noqa: S311  an order, not a secret
    models = RememberingModels(answers=answers.read())
    for place in places:
        path = _page_file(*pages[place])
        if not path.is_file():
            known = {name: set(rows) for name, rows in models.answers.items()}
            found = predict_prompts(*pages[place], models)
            _require_measured(pages[place][0], found)
            _save(path, found)
            new = {
                name: {key: row for key, row in rows.items() if key not in known.get(name, ())}
                for name, rows in models.answers.items()
            }
            answers.save(new, part=path.stem)
            print(f"{path.stem}: page {place} of {len(pages)}", flush=True)
    return _joined([_read(_page_file(*page)) for page in pages])


def _require_measured(texts: Sequence[str], found: PromptPredictions) -> None:
    """Raises Unavailable where a model was away for a while: nothing of such a page is a figure."""
    unread = np.isnan(found.scores["prompt_intent", "unsafe"])
    if sum(is_supported_script(text) for text, none in zip(texts, unread, strict=True) if none) > _UNREAD * len(texts):
        raise Unavailable("texts were not read: a model is missing")


def _page_file(texts: list[str], styles: list[str]) -> Path:
    asked = json.dumps([deciding_digest(), texts, styles])
    return BUILD / f"{hashlib.sha256(asked.encode()).hexdigest()[:20]}.npz"


@cache
def deciding_digest() -> str:
    """Of all code and rules that decide about a text. Of weights their digests count, which weights.toml has."""
    digest = hashlib.sha256()
    for folder in _DECIDING:
        for path in sorted(p for p in Path(folder).rglob("*") if p.suffix in (".py", ".toml", ".tsv", ".txt")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _save(path: Path, found: PromptPredictions) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(
        unfinished,
        keys=np.array(["/".join(key) for key in found.scores]),
        scores=np.stack(list(found.scores.values())),
        decisions=found.decisions,
        rules=np.array(["/".join(rules) for rules in found.rules]),
    )
    unfinished.replace(path)


def _read(path: Path) -> PromptPredictions:
    with np.load(path, allow_pickle=False) as kept:
        source_label = [tuple(key.split("/")) for key in kept["keys"].tolist()]
        return PromptPredictions(
            {(source, label): row for (source, label), row in zip(source_label, kept["scores"], strict=True)},
            kept["decisions"],
            [tuple(rules.split("/")) if rules else () for rules in kept["rules"].tolist()],
        )


def _joined(pages: Sequence[PromptPredictions]) -> PromptPredictions:
    return PromptPredictions(
        {key: np.concatenate([page.scores[key] for page in pages]) for key in pages[0].scores},
        np.concatenate([page.decisions for page in pages]),
        [rules for page in pages for rules in page.rules],
    )
