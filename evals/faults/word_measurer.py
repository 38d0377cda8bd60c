"""What is measured under faults: two words of a prompt, and whether a picture is red.

Classifiers are the one part that is not the installation's own, since nothing of a fault depends on what they see and
they cost seconds a case. What they measure is decided by policy as it always is, over the pack in `rules/`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.permitted import PermittedCameos
from core.signals import Signal, Subject
from core.text_styles import TextStyle
from media.sampling import sample_video
from pipeline.stages.stage_context import Measurements, Measurer

HELD_WORD, REFUSED_WORD, SLOW_WORD = "somebody's", "forbidden", "slowly"
"""A prompt with the first is held for a moderator, with the second refused; with the third it is measured slowly."""

SLOW_SECONDS = 4.0
_RED = 1.6  # times as much red as green: the clip that engines lie with is a red one


@dataclass(frozen=True, slots=True, kw_only=True)
class WordMeasurer:
    """A Measurer of words and of red; `inner` says whether a file is a video."""

    inner: Measurer

    def text(
        self,
        text: str,
        subject: Subject = Subject.PROMPT,
        style: TextStyle | None = None,  # noqa: ARG002 - two words are the same in each
    ) -> Measurements:
        """As Measurer.text."""
        if SLOW_WORD in text:
            time.sleep(SLOW_SECONDS)
        held, refused = 0.9 if HELD_WORD in text else 0.05, 0.97 if REFUSED_WORD in text else 0.01
        return _measured(subject, copyright_ip=held, illicit=refused)

    def located(self, text: str, measured: Measurements, style: TextStyle | None = None) -> Measurements:  # noqa: ARG002
        """As Measurer.located: the whole text says it."""
        return measured

    def video(
        self,
        path: Path,
        subject: Subject,
        leased: PermittedCameos,  # noqa: ARG002 - nobody is looked for
        is_certain: Callable[[Sequence[Signal]], bool] | None = None,  # noqa: ARG002 - nothing is left to save
    ) -> Measurements:
        """As Measurer.video."""
        return _measured(subject, nudity=0.95 if is_red(path) else 0.02)

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """As Measurer.check_video."""
        return self.inner.check_video(path)


def is_red(path: Path) -> bool:
    """Whether a video is the one that no engine was asked for."""
    pictures = sample_video(path, count=1, max_side=64).frames
    red, green, _ = pictures[0].rgb.astype("float64").reshape(-1, 3).mean(axis=0)
    return bool(red > _RED * green)


def _measured(subject: Subject, **scores: float) -> Measurements:
    signals = tuple(
        Signal(subject=subject, label=label, score=s, source="fault_words/1") for label, s in scores.items()
    )
    return Measurements(signals=signals, seconds={"fault_words/1": 0.0})
