"""What a classifier is, and the ports it asks. A classifier measures; it never decides.

Fail closed: `measure_all` gives every label of every classifier that was asked, with the score None
where a classifier broke or its model is missing. No label ever goes without saying.
"""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import LabelDefinition
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.passages import FootageWords
from core.errors import Unavailable
from core.signals import Signal, Span, Subject
from core.text_styles import TextStyle
from media.arrays import BitArray
from media.lookup.bank_hashes import BankHit, FrameViews
from media.video import VideoSample

log = logging.getLogger("assay.classifiers")

LOCATED_SCORE = 0.5
"""Score from which on, as rules begin to hold, it matters in which words of a text it lies: see Classifier.locate."""


@dataclass(frozen=True, slots=True)
class PromptText:
    """The words of a prompt, as they were given, and what kind of text they are, where whoever asks says it."""

    text: str
    style: TextStyle | None = None


Material = PromptText | VideoSample | FootageWords


class SignalNote(StrEnum):
    """The closed vocabulary of a signal's note."""

    NONE = ""
    MISSING_MODEL = "missing_model"
    FAILED = "failed"
    CANNOT_TELL = "cannot_tell"
    LANGUAGE_NOT_COVERED = "language_not_covered"
    NO_FRAMES = "no_frames"
    TOO_LONG = "too_long"
    OUT_OF_TIME = "out_of_time"  # the time for measuring the case was up
    CUT_OFF = "cut_off"  # what was measured before refuses the case whatever else would be found
    DISGUISED = "disguised"
    CONTEXT = "context"  # an innocent reading (documentary, prevention, "without …") was found and lowered the score
    CAMEO = "cameo"
    PUBLIC_FIGURE = "public_figure"
    ESTATE = "estate"
    CLAIMANT = "claimant"
    OTHER = "other"
    KNOWN_HARMLESS = "known_harmless"  # it is in a bank, and as near to what a bank of harmless footage has


class MeasuringOrder(IntEnum):
    """When a classifier of videos measures: those that cost least first. LAST says what the others left out.

    Up to FACES a sample has no sound yet, up to SOUND its words were not looked for.
    """

    COPIES = 1
    PICTURES = 2
    FACES = 3
    SOUND = 4
    WORDS = 5
    LAST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierExample:
    """A material and the range in which the highest score of a label must be."""

    about: str
    material: Material
    label: str
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierResults:
    """All signals of one material, and the CPU seconds each source took."""

    signals: tuple[Signal, ...]
    seconds: dict[str, float] = field(default_factory=dict)


class BiometricGallery(Protocol):
    """Templates of enrolled and protected people, of one space. The port behind `frame_faces` and `voices`."""

    @property
    def size(self) -> int:
        """How many templates are enrolled."""

    def nearest(
        self, embedding: NDArray[np.float32], *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> tuple[str, str, float] | None:
        """(id, kind, Euclidean distance) of the nearest template whose id is not in `exclude`, or None if there is
        none.

        With `only`, among those ids alone. `kind` is one of cameo, public_figure, estate, claimant, other.
        """

    def has_person(self, person: str) -> bool:
        """Whether a template of this person is enrolled."""


class HashBank(Protocol):
    """Banks of known pictures, videos and sounds. The port behind `frame_hashes` and `sound_hashes`."""

    @property
    def size(self) -> int:
        """How many entries decide."""

    @property
    def has_sounds(self) -> bool:
        """Whether any sound is banked: if not, none need be looked up."""

    def frame_hits(self, frames: Sequence[FrameViews]) -> Sequence[BankHit]:
        """Every entry in which one of these frames is, or several are; the best first. Raises Unavailable."""

    def sound_hits(self, hashes: BitArray, seconds: Sequence[int]) -> Sequence[BankHit]:
        """Every entry in which this sound is: hashes (n, 32), several for a second, and the second of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierContext:
    """What a classifier may be built over: the installation's registers and models, and what the case may show.

    `leased` are ids of `gallery` whose face may be shown, `voices_leased` ids of `voices` whose voice may be used.
    """

    gallery: BiometricGallery
    bank: HashBank
    voices: BiometricGallery
    leased: frozenset[str]
    voices_leased: frozenset[str]
    models: Models


class Classifier(ABC):
    """Measures labels of a material.

    `name` is the file's name, `version` is raised with each change, `required_models` are names of models in
    `weights.toml`, `covers` says in plain words what it can find and what it cannot. `labels` are of the shared
    vocabulary, or of `new_labels`: those that this classifier brings itself, and that no other may give. `order` says
    when it measures a video; who needs neither sound nor words should not wait for them.
    """

    name: str
    version: int
    subjects: frozenset[Subject]
    labels: tuple[str, ...]
    required_models: tuple[str, ...] = ()
    order: MeasuringOrder = MeasuringOrder.WORDS
    covers: str
    new_labels: Mapping[str, LabelDefinition] = MappingProxyType({})

    @property
    def may_find(self) -> bool:
        """Whether it can find anything at all now: not one that compares with a bank in which there is nothing."""
        return True

    @classmethod
    def build(cls, context: ClassifierContext) -> Self:
        """One for a case. Registers that it needs come from the context; by default nothing is needed."""
        del context
        return cls()

    @property
    def source(self) -> str:
        """How signals name this classifier: `frame_faces/3`."""
        return f"{self.name}/{self.version}"

    @abstractmethod
    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """At least one signal for each label. Raises Unavailable if a model is missing."""

    def locate(self, material: Material, signals: Sequence[Signal]) -> list[Signal]:
        """Its own signals of this material with the places that carry them, scores unchanged.

        For places that cost more to find than the scores: asked once policy does not allow. By default they are as
        `measure` gave them. Raises Unavailable if a model is missing.
        """
        del material
        return list(signals)

    @abstractmethod
    def examples(self) -> Sequence[ClassifierExample]:
        """Materials with what must be found in them. A shared test runs them."""

    def signal(
        self,
        subject: Subject,
        label: str,
        score: float | None,
        *,
        at: Span | None = None,
        note: SignalNote = SignalNote.NONE,
        evidence: str = "",
        cameo: str = "",
    ) -> Signal:
        """A signal of this classifier."""
        return Signal(
            subject=subject,
            label=label,
            score=score,
            source=self.source,
            at=at,
            note=note.value,
            evidence=evidence,
            cameo=cameo,
        )

    def unmeasured(self, subject: Subject, note: SignalNote) -> list[Signal]:
        """Every label with the score None."""
        return [self.signal(subject, label, None, note=note) for label in self.labels]


class ModelClassifier(Classifier):
    """A classifier that wants models and no registers."""

    def __init__(self, models: Models = PACKAGED_MODELS) -> None:
        self._models = models

    @classmethod
    def build(cls, context: ClassifierContext) -> Self:
        """With the models of the context."""
        return cls(context.models)


def measure_all(
    material: Material, classifiers: Iterable[Classifier], *, subject: Subject | None = None
) -> ClassifierResults:
    """Every label of every classifier for this subject. Never raises for what a classifier does.

    `subject` is PROMPT for a text and VIDEO for what is of footage unless said otherwise.
    """
    subject = subject or (Subject.PROMPT if isinstance(material, PromptText) else Subject.VIDEO)
    signals: list[Signal] = []
    seconds: dict[str, float] = {}
    for classifier in classifiers:
        if subject in classifier.subjects:
            began = time.thread_time()
            signals += _fill_missing_labels(classifier, subject, _measured(classifier, material, subject))
            seconds[classifier.source] = round(time.thread_time() - began, 6)
    return ClassifierResults(signals=tuple(signals), seconds=seconds)


def locate_all(material: Material, classifiers: Iterable[Classifier], signals: Sequence[Signal]) -> ClassifierResults:
    """These signals of a material with the places that carry them, and what finding those took.

    Never raises for what a classifier does: where one breaks, or changes a score, its signals stay as they were.
    """
    found = list(signals)
    seconds: dict[str, float] = {}
    for classifier in classifiers:
        own = [signal for signal in found if signal.source == classifier.source]
        if own:
            began = time.thread_time()
            located = _located(classifier, material, own)
            first = found.index(own[0])
            found = [signal for signal in found if signal.source != classifier.source]
            found[first:first] = located
            seconds[classifier.source] = round(time.thread_time() - began, 6)
    return ClassifierResults(signals=tuple(found), seconds=seconds)


def _located(classifier: Classifier, material: Material, signals: list[Signal]) -> list[Signal]:
    try:
        located = classifier.locate(material, signals)
    except Exception as error:  # noqa: BLE001  what was measured stands; its words may be those of a prompt
        log.error("%s found no places (%s)", classifier.source, type(error).__name__)
        return signals
    measured, said = ({replace(signal, at=None) for signal in those} for those in (signals, located))
    if measured != said:
        log.error("%s changed what it had measured", classifier.source)
        return signals
    return located


def _measured(classifier: Classifier, material: Material, subject: Subject) -> list[Signal]:
    try:
        signals = classifier.measure(material, subject)
    except Unavailable as error:
        log.warning("%s: %s", classifier.source, error)
        return classifier.unmeasured(subject, SignalNote.MISSING_MODEL)
    except Exception as error:  # noqa: BLE001  whatever broke, the score is None; its words may be those of a prompt
        log.error("%s broke (%s)", classifier.source, type(error).__name__)
        return classifier.unmeasured(subject, SignalNote.FAILED)
    if odd := {signal.label for signal in signals} - set(
        classifier.labels
    ):  # signals of labels that it does not declare are not accepted
        log.error("%s gave labels that it does not declare: %s", classifier.source, ", ".join(sorted(odd)))
        return classifier.unmeasured(subject, SignalNote.FAILED)
    return signals


def _fill_missing_labels(classifier: Classifier, subject: Subject, signals: list[Signal]) -> list[Signal]:
    """The signals, and one with None for each declared label that has none."""
    measured = {signal.label for signal in signals if signal.subject is subject}
    missing = [label for label in classifier.labels if label not in measured]
    return signals + [classifier.signal(subject, label, None, note=SignalNote.FAILED) for label in missing]


def clip_score(value: float) -> float:
    """The value clipped to [0, 1]. Raises ValueError for NaN, which no classifier may hide."""
    if math.isnan(value):
        raise ValueError("not a number")
    return min(1.0, max(0.0, value))
