"""Looks for what rights holders registered: by name, however it is written, and by description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Classifier, ClassifierExample, Material, PromptText, SignalNote, clip_score
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.text.confusables import FoldedWord, fold_text, tokenize
from classifiers.text.deobfuscate import visible_text
from classifiers.text.prompt_chunks import split_chunks
from classifiers.text.prompt_terms import MAX_PROMPT_CHARS
from core.signals import Signal, Span, Subject

_LETTERS = re.compile(r"[\w']+")
_NAME_SCORE = 0.95  # score of a work that is named
_LABEL: Mapping[str, str] = {"artist": "artist_style", "person": "public_figure"}
# Cosine of sentence embeddings: captions of unlike scenes are below 0.5, the same thing in other words above 0.75.
_UNLIKE_COSINE = 0.45  # score 0
_SAME_COSINE = 0.85  # score 1


class WorkLike(Protocol):
    """What was registered: an opaque id, what it is, its names, and a description or none."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def description(self) -> str: ...


class WorksSource(Protocol):
    """The port behind this classifier."""

    def all(self) -> Sequence[WorkLike]:
        """Every work; the same object until something changes. Raises Unavailable."""


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """Names by their first word, and descriptions as unit vectors (n, 512) with the labels they stand for."""

    names: Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
    described: NDArray[np.float32]
    labels: tuple[str, ...]


class PromptWorks(Classifier):
    """Registered characters, works, brands, artists and people."""

    name = "prompt_works"
    version = 1
    subjects = frozenset({Subject.PROMPT})
    labels = ("copyright_ip", "artist_style", "public_figure")
    required_models = ("use_multilingual",)
    covers = (
        "Names that rights holders registered, also in leetspeak and look-alike letters, and prompts that describe "
        "what they registered without naming it. What nobody registered is not found here."
    )

    def __init__(self, works: WorksSource, *, models: Models = PACKAGED_MODELS) -> None:
        self._works, self._models = works, models
        self._seen: Sequence[WorkLike] | None = None
        self._index = _Index({}, np.zeros((0, 512), np.float32), ())

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the surest finding, 0.0 where there is none.

        Raises Unavailable if the registry is unavailable.
        """
        assert isinstance(material, PromptText)  # noqa: S101  subjects say so
        if len(material.text) > MAX_PROMPT_CHARS:
            return self.unmeasured(subject, SignalNote.TOO_LONG)
        index = self._current_index()
        matches = [*_find_names(material.text, index), *_find_descriptions(material.text, index, self._models)]
        return [
            self._strongest_signal(subject, label, [match for match in matches if match[0] == label])
            for label in self.labels
        ]

    def _strongest_signal(self, subject: Subject, label: str, matches: list[tuple[str, float, int, int]]) -> Signal:
        if not matches:
            return self.signal(subject, label, 0.0)
        _, score, start, end = max(matches, key=lambda one: (one[1], -one[2]))
        return self.signal(subject, label, round(clip_score(score), 4), at=Span(start=start, end=end, unit="chars"))

    def _current_index(self) -> _Index:
        works = self._works.all()
        if works is not self._seen:
            self._index, self._seen = _indexed(works, self._models), works
        return self._index

    def examples(self) -> Sequence[ClassifierExample]:
        """What is registered is the installation's: an unregistered prompt must stay quiet."""
        return [
            ClassifierExample(
                about="nothing registered", material=PromptText("a red balloon"), label="copyright_ip", high=0.5
            )
        ]


def _indexed(works: Sequence[WorkLike], models: Models) -> _Index:
    names: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for work in works:
        for name in work.names:
            form = tuple(word.replace("'", "") for word in _LETTERS.findall(fold_text(name)))
            if form:
                names.setdefault(form[0], []).append((form, _LABEL.get(work.kind, "copyright_ip")))
    told = [work for work in works if work.description.strip()]
    vectors = models.get("use_multilingual").embed([work.description for work in told]) if told else np.zeros((0, 512))
    labels = tuple(_LABEL.get(work.kind, "copyright_ip") for work in told)
    return _Index(names, np.asarray(vectors, np.float32), labels)


def _find_names(text: str, index: _Index) -> Iterator[tuple[str, float, int, int]]:
    if not index.names:
        return
    whole = tokenize(text)
    for place, word in enumerate(whole):
        for reading in dict.fromkeys(word.readings):
            for form, label in index.names.get(reading, ()):
                if _reads(whole[place : place + len(form)], form):
                    yield label, _NAME_SCORE, word.start, whole[place + len(form) - 1].end


def _reads(window: Sequence[FoldedWord], form: tuple[str, ...]) -> bool:
    return len(window) == len(form) and all(
        part in word.readings or f"{part}s" in word.readings for part, word in zip(form, window, strict=True)
    )


def _find_descriptions(text: str, index: _Index, models: Models) -> Iterator[tuple[str, float, int, int]]:
    if not len(index.labels):
        return
    places = list(split_chunks(text))
    similar = (
        models.get("use_multilingual").embed([visible_text(text[start:end]) for start, end in places])
        @ index.described.T
    )
    for column, label in enumerate(index.labels):
        best = int(np.argmax(similar[:, column]))
        score = (float(similar[best, column]) - _UNLIKE_COSINE) / (_SAME_COSINE - _UNLIKE_COSINE)
        if score > 0:
            yield label, score, *places[best]
