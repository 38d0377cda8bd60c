"""Measures texts and decides about them as the installation would, for evals.prompts.accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers import PromptText, PromptWorks, label_subjects, measure_all
from classifiers.base import Classifier
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.text.prompt_intent import PromptIntent
from classifiers.text.prompt_terms import PromptTerms
from core.signals import Signal
from core.text_styles import TextStyle
from core.verdicts import Decision, Gate
from policy.decide import decide
from policy.pack import DEFAULT_PACK, Policy, load
from policy.vocabulary import FACTS, Vocabulary
from registry.rights.registered_works import MemoryWorks

SOURCES = ("prompt_terms", "prompt_intent", "prompt_works", "together")
_STYLES = {"video": TextStyle.VIDEO, "chat": TextStyle.CHAT, "social": TextStyle.POST}
_DEFAULT_FACTS: Mapping[type, object] = {bool: False, int: 0, float: 0.0, str: ""}


@dataclass(frozen=True, slots=True, eq=False)
class PromptPredictions:
    """Of each text the highest score by (source, label), NaN where none could be measured, and the decision."""

    scores: dict[tuple[str, str], NDArray[np.float64]]
    decisions: NDArray[np.int64]
    rules: list[tuple[str, ...]]


def predict_prompts(
    texts: Sequence[str], styles: Sequence[str] = (), models: Models = PACKAGED_MODELS
) -> PromptPredictions:
    """Every prompt classifier and the default policy over each text. `styles` are evals.prompts.corpus.STYLES, where
    whoever asks says them.
    """
    classifiers: tuple[Classifier, ...] = (PromptTerms(), PromptIntent(models), PromptWorks(MemoryWorks()))
    labels = sorted({label for classifier in classifiers for label in classifier.labels})
    scores = {(source, label): np.full(len(texts), np.nan) for source in SOURCES for label in labels}
    policy = load(DEFAULT_PACK, Vocabulary(labels=label_subjects(), facts=FACTS))
    decisions, rules = np.zeros(len(texts), np.int64), []
    for place, text in enumerate(texts):
        style = _STYLES[styles[place]] if styles else None
        signals = measure_all(PromptText(text, style), classifiers).signals
        for signal in signals:
            for source in (signal.source.split("/")[0], "together"):
                if signal.score is not None:
                    kept = scores[source, signal.label]
                    kept[place] = np.fmax(kept[place], signal.score)
        decisions[place], fired = prompt_decision(signals, policy)
        rules.append(fired)
    return PromptPredictions(scores, decisions, rules)


def prompt_decision(signals: Sequence[Signal], policy: Policy) -> tuple[Decision, tuple[str, ...]]:
    """The decision at the prompt gate about nobody's request, and the rules that counted."""
    facts = {name: _DEFAULT_FACTS[kind] for name, kind in FACTS.items()}
    verdict = decide(Gate.PROMPT, signals, facts, (), policy)
    return verdict.decision, verdict.rules
