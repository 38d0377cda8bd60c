"""The rooms below the pipeline, as its stages see them: measuring and deciding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from classifiers import vocabulary
from classifiers.base import Classifier, PromptText, measure_all
from core.signals import Subject
from media.hearing import listen
from media.limits import MIB, Limits
from media.probe import probe
from media.sample import sample
from pipeline.settings import Settings
from pipeline.stages.tools import Leased, Measurements
from policy.pack import DEFAULT_PACK, Policy, load
from policy.vocabulary import FACTS, Vocabulary

_LONGEST_SIDE = 1280  # classifiers look at 854 pixels at the most; more would only be copied around


def words() -> Vocabulary:
    """What rules may speak of: what classifiers measure, and the facts."""
    return Vocabulary(labels=vocabulary(), facts=FACTS)


def policy_of(settings: Settings, folder: Path | None = None) -> Policy:
    """The policy in force. Raises PolicyError."""
    return load(folder or settings.policy or DEFAULT_PACK, words())


def measuring_text(classifiers: Callable[[], Sequence[Classifier]]) -> Callable[[str], Measurements]:
    """Every classifier of prompts over a text."""

    def measure(text: str) -> Measurements:
        found = measure_all(PromptText(text), classifiers())
        return Measurements(signals=found.signals, seconds=found.seconds)

    return measure


def measuring_video(
    classifiers: Callable[[Leased], Sequence[Classifier]], frames: int
) -> Callable[[Path, Subject, Leased], Measurements]:
    """Every classifier of footage over frames and sound of a file, leased cameos apart. Raises BadMedia."""

    def measure(path: Path, subject: Subject, leased: Leased) -> Measurements:
        taken = sample(path, count=frames, max_side=_LONGEST_SIDE)
        if taken.info.has_audio:
            taken = replace(taken, heard=listen(path))
        found = measure_all(taken, classifiers(leased), subject=subject)
        return Measurements(signals=found.signals, seconds=found.seconds)

    return measure


def checking(settings: Settings) -> Callable[[Path], tuple[float, int, int]]:
    """Duration in seconds, width and height of a file that can be screened, marked and played. Raises BadMedia."""
    limits = Limits(max_bytes=settings.engine_max_mb * MIB)

    def check(path: Path) -> tuple[float, int, int]:
        info = probe(path, limits)
        return info.duration, info.width, info.height

    return check
