"""Times screening on one core and writes evals/results/prompt_speed.json: ASSAY_DATA=… python -m evals.prompts.latency.

CPU time of one thread, over dev prompts for videos as they come, and a registry of 100,000 names beside the word lists.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from classifiers import PromptText, PromptWorks, label_subjects, locate_all, measure_all
from classifiers.base import Classifier
from classifiers.text.prompt_intent import PromptIntent
from classifiers.text.prompt_terms import PromptTerms
from core.signals import Signal
from core.verdicts import Decision
from evals.bench.machine_info import machine_info
from evals.prompts.datasets import load_split
from evals.prompts.predictions import prompt_decision
from policy.pack import DEFAULT_PACK, load
from policy.vocabulary import FACTS, Vocabulary
from registry.rights.registered_works import MemoryWorks, RegisteredWork

RESULT = Path("evals/results/prompt_speed.json")
DECISION = "everything and the decision"
EXPLANATION = "the same, and the words of what is not allowed"


def main() -> None:
    """Time each part and the whole."""
    chance = random.Random(3)  # noqa: S311  which prompts are timed is no secret
    texts = [row.text for row in load_split("dev") if row.style == "t2v_prompt"]
    texts = chance.sample(texts, 600)
    terms, intent, works = PromptTerms(), PromptIntent(), PromptWorks(_names(100_000, chance))
    policy = load(DEFAULT_PACK, Vocabulary(labels=label_subjects(), facts=FACTS))

    def whole(text: str) -> tuple[tuple[Signal, ...], Decision]:
        signals = measure_all(PromptText(text), _all).signals
        return signals, prompt_decision(signals, policy)[0]

    def explained(text: str) -> None:
        signals, decision = whole(text)
        if decision is not Decision.ALLOW:
            locate_all(PromptText(text), _all, signals)

    _all: Sequence[Classifier] = (terms, intent, works)
    parts: dict[str, Callable[[str], object]] = {
        "prompt_terms": lambda text: measure_all(PromptText(text), [terms]),
        "prompt_works, 100,000 names": lambda text: measure_all(PromptText(text), [works]),
        "prompt_intent": lambda text: measure_all(PromptText(text), [intent]),
        DECISION: whole,
        EXPLANATION: explained,
    }
    spent = {name: _latency_percentiles(_timed(part, texts)) for name, part in parts.items()}
    report = {
        "machine": machine_info(),
        "command": "ASSAY_DATA=… python -m evals.prompts.latency",
        "words_of_a_prompt": _latency_percentiles([float(len(text.split())) for text in texts]),
        "cpu_ms": spent,
        "prompts_a_second": round(1000 / spent[DECISION]["mean"], 1),
        "explained_a_second": round(1000 / spent[EXPLANATION]["mean"], 1),
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def _names(count: int, chance: random.Random) -> MemoryWorks:
    parts = [chr(c) + v + chr(d) for c in range(97, 123) for v in "aeiou" for d in range(97, 123)]
    works = MemoryWorks()
    works.put(
        RegisteredWork(
            id=f"w{n}",
            kind="character",
            names=(f"{chance.choice(parts)}{chance.choice(parts)} {chance.choice(parts)}",),
        )
        for n in range(count)
    )
    return works


def _timed(part: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    for text in texts[:30]:
        part(text)
    milliseconds = []
    for text in texts:
        began = time.thread_time()
        part(text)
        milliseconds.append(1000 * (time.thread_time() - began))
    return milliseconds


def _latency_percentiles(values: Sequence[float]) -> dict[str, float]:
    p50, p90, p99 = np.percentile(values, [50, 90, 99])
    figures = {"p50": p50, "p90": p90, "p99": p99, "mean": float(np.mean(values)), "n": len(values)}
    return {name: round(float(value), 3) for name, value in figures.items()}


if __name__ == "__main__":
    main()
