"""Measures a video in steps, from what costs least to what costs most, and may end after any of them.

What was not measured has no score: by a rule that this alone cannot allow, or because the time of the case was up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from classifiers.base import Classifier, ClassifierResults, MeasuringOrder, SignalNote, measure_all
from classifiers.find_words import find_words
from classifiers.models import Models
from classifiers.passages import FootageWords, SampleWithWords
from classifiers.time_limit import is_time_up
from core.errors import OverBudget
from core.signals import Signal, Subject
from media.audio_decode import decode_mono_audio
from media.video import MonoAudio, VideoSample

IsCertain = Callable[[Sequence[Signal]], bool]
"""Whether what was measured so far settles the case whatever else would be found."""

_Steps = Sequence[tuple[MeasuringOrder, Sequence[Classifier]]]
NO_WORDS = FootageWords(passages=(), unknown={})


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSteps:
    """What the steps found; `cut_off` are the sources that were not asked, since what was found settled it.

    `saved_seconds` is how long they would have taken, as they took for videos before; 0 where there were none.
    """

    signals: tuple[Signal, ...]
    seconds: dict[str, float]
    words: FootageWords
    cut_off: tuple[str, ...] = ()
    saved_seconds: float = 0.0


@dataclass(slots=True, eq=False)
class StepDurations:
    """How long each step takes for a second of video, on the clock, over what this process has measured."""

    _spent: dict[MeasuringOrder, float] = field(default_factory=dict)
    _shown: dict[MeasuringOrder, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, step: MeasuringOrder, spent: float, shown: float) -> None:
        """A step took `spent` seconds for `shown` seconds of video."""
        with self._lock:
            self._spent[step] = self._spent.get(step, 0.0) + spent
            self._shown[step] = self._shown.get(step, 0.0) + shown

    def expected(self, step: MeasuringOrder, shown: float) -> float:
        """How long a step takes for so many seconds of video; 0 where it never ran."""
        with self._lock:
            seen = self._shown.get(step, 0.0)
            return self._spent[step] / seen * shown if seen else 0.0


def measure_in_steps(
    sample: VideoSample,
    path: Path,
    classifiers: Iterable[Classifier],
    models: Models,
    *,
    subject: Subject,
    durations: StepDurations,
    is_certain: IsCertain | None = None,
    bad_hosts: frozenset[str] | None = frozenset(),
) -> MeasuredSteps:
    """Every label of every classifier, step by step. `sample` has the pictures; its sound is decoded when it is due.

    `bad_hosts` as find_words has it.

    Never raises for what a classifier does. After each step but the last `is_certain` is asked.
    """
    steps = _steps(classifiers, subject)
    signals: list[Signal] = []
    seconds: dict[str, float] = {}
    material = SampleWithWords(info=sample.info, frames=sample.frames, thumbnails=sample.thumbnails, words=NO_WORDS)
    sound_due, words_due = sample.info.has_audio, True
    for place, (step, asked) in enumerate(steps):
        began = time.monotonic()
        if sound_due and step >= MeasuringOrder.SOUND:  # once, also where it cannot be decoded
            material, sound_due = replace(material, audio=sample.audio or _decoded_sound(path)), False
        if words_due and step >= MeasuringOrder.WORDS:
            material, words_due = replace(material, words=find_words(material, models, bad_hosts)), False
        found = _measured(material, asked, subject)
        signals += found.signals
        seconds |= found.seconds
        durations.note(step, time.monotonic() - began, sample.info.duration)
        rest = steps[place + 1 :]
        if rest and is_certain is not None and is_certain(signals):
            so_far = MeasuredSteps(signals=tuple(signals), seconds=seconds, words=material.words)
            return _cut_off(so_far, rest, sample, durations, subject)
    return MeasuredSteps(signals=tuple(signals), seconds=seconds, words=material.words)


def may_settle_at_once(classifiers: Iterable[Classifier], subject: Subject) -> bool:
    """Whether a first look can find anything: else the few pictures need not be decoded."""
    return any(one.may_find for one in classifiers if subject in one.subjects and one.order is MeasuringOrder.COPIES)


def first_look(
    few: VideoSample,
    classifiers: Iterable[Classifier],
    *,
    subject: Subject,
    durations: StepDurations,
    is_certain: IsCertain,
) -> MeasuredSteps | None:
    """What the first step finds in a few pictures, where that settles the case; None where it does not.

    Taking a few pictures costs a tenth of taking all: what is known to be bad is found in them as in all.
    """
    steps = _steps(classifiers, subject)
    quick = [one for step, asked in steps for one in asked if step is MeasuringOrder.COPIES]
    found = measure_all(few, quick, subject=subject)
    if not is_certain(found.signals):
        return None
    rest = [one for one in steps if one[0] is not MeasuringOrder.COPIES]
    so_far = MeasuredSteps(signals=found.signals, seconds=found.seconds, words=NO_WORDS)
    return _cut_off(so_far, rest, few, durations, subject)


def not_looked_at(classifiers: Iterable[Classifier], subject: Subject) -> MeasuredSteps:
    """What is known of a video that could not be decoded within the time of a case: nothing."""
    signals: list[Signal] = []
    for classifier in (one for one in classifiers if subject in one.subjects):
        if classifier.order is MeasuringOrder.LAST:
            signals += [classifier.signal(subject, label, 1.0) for label in classifier.labels]
        else:
            signals += classifier.unmeasured(subject, SignalNote.OUT_OF_TIME)
    return MeasuredSteps(signals=tuple(signals), seconds={}, words=NO_WORDS)


def _cut_off(
    found: MeasuredSteps, rest: _Steps, sample: VideoSample, durations: StepDurations, subject: Subject
) -> MeasuredSteps:
    """What was found, and that the rest was not asked."""
    left = [classifier for _, several in rest for classifier in several]
    return replace(
        found,
        signals=(*found.signals, *(s for one in left for s in one.unmeasured(subject, SignalNote.CUT_OFF))),
        cut_off=tuple(classifier.source for classifier in left),
        saved_seconds=round(sum(durations.expected(step, sample.info.duration) for step, _ in rest), 3),
    )


def _steps(classifiers: Iterable[Classifier], subject: Subject) -> _Steps:
    asked = [classifier for classifier in classifiers if subject in classifier.subjects]
    several = ((step, [one for one in asked if one.order is step]) for step in MeasuringOrder)
    return [(step, found) for step, found in several if found]


def _decoded_sound(path: Path) -> MonoAudio | None:
    try:
        return decode_mono_audio(path, loudness=True)
    except OverBudget:
        return None


def _measured(material: SampleWithWords, asked: Iterable[Classifier], subject: Subject) -> ClassifierResults:
    """Those that the time of the case allows; the last of all, which says what was left out, in any case."""
    signals: list[Signal] = []
    seconds: dict[str, float] = {}
    for classifier in asked:
        if is_time_up() and classifier.order is not MeasuringOrder.LAST:
            signals += classifier.unmeasured(subject, SignalNote.OUT_OF_TIME)
            continue
        found = measure_all(material, [classifier], subject=subject)
        signals += found.signals
        seconds |= found.seconds
    return ClassifierResults(signals=tuple(signals), seconds=seconds)
