"""Looks for what rights holders registered: by name, however it is written, and by description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
_DESCRIBED_AT_MOST = 0.89  # of one that is only described, however well: a name is surer
_REGISTERED = "registered_work"
_LABEL: Mapping[str, str] = {"artist": "artist_style", "person": "public_figure"}
_MOST_WORKS = 10  # works that are named for one prompt
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
    """Names by their first word, and descriptions as unit vectors (n, 512) with the works they stand for."""

    names: Mapping[str, Sequence[tuple[tuple[str, ...], WorkLike]]]
    described: NDArray[np.float32]
    works: tuple[WorkLike, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """Where a prompt, from one letter to another, names or describes a work."""

    work: WorkLike
    score: float
    start: int
    end: int

    @property
    def label(self) -> str:
        return _LABEL.get(self.work.kind, _REGISTERED)


class PromptWorks(Classifier):
    """Registered characters, works, brands, artists and people."""

    name = "prompt_works"
    version = 2
    subjects = frozenset({Subject.PROMPT})
    labels = (_REGISTERED, "artist_style", "public_figure")
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
        """For each label the surest finding, 0.0 where there is none; of registered works one for each that is named.

        Raises Unavailable if the registry is unavailable.
        """
        assert isinstance(material, PromptText)  # noqa: S101  subjects say so
        if len(material.text) > MAX_PROMPT_CHARS:
            return self.unmeasured(subject, SignalNote.TOO_LONG)
        index = self._current_index()
        matches = [*_find_names(material.text, index), *_find_descriptions(material.text, index, self._models)]
        others = [self._strongest_signal(subject, label, matches) for label in self.labels if label != _REGISTERED]
        return [*self._registered_works(subject, matches), *others]

    def _registered_works(self, subject: Subject, matches: Sequence[_Match]) -> list[Signal]:
        """The works that are named or described, the surest first."""
        best: dict[str, _Match] = {}
        for match in matches:
            known = best.get(match.work.id)
            if match.label == _REGISTERED and (known is None or match.score > known.score):
                best[match.work.id] = match
        if not best:
            return [self.signal(subject, _REGISTERED, 0.0)]
        surest = sorted(best.values(), key=lambda match: (-match.score, match.start, match.work.id))
        return [replace(self._found(subject, _REGISTERED, match), work=match.work.id) for match in surest[:_MOST_WORKS]]

    def _strongest_signal(self, subject: Subject, label: str, matches: Sequence[_Match]) -> Signal:
        found = [match for match in matches if match.label == label]
        if not found:
            return self.signal(subject, label, 0.0)
        return self._found(subject, label, max(found, key=lambda match: (match.score, -match.start)))

    def _found(self, subject: Subject, label: str, match: _Match) -> Signal:
        where = Span(start=match.start, end=match.end, unit="chars")
        return self.signal(subject, label, round(clip_score(match.score), 4), at=where)

    def _current_index(self) -> _Index:
        works = self._works.all()
        if works is not self._seen:
            self._index, self._seen = _indexed(works, self._models), works
        return self._index

    def examples(self) -> Sequence[ClassifierExample]:
        """What is registered is the installation's: an unregistered prompt must stay quiet."""
        return [
            ClassifierExample(
                about="nothing registered", material=PromptText("a red balloon"), label=_REGISTERED, high=0.5
            )
        ]


def matched_name(words: str, names: Sequence[str]) -> str:
    """Which of a work's names these words of a prompt are, however they are written; empty where they are none."""
    written = tokenize(words)
    return next((name for name in names if (form := _form(name)) and _reads(written, form)), "")


def _form(name: str) -> tuple[str, ...]:
    return tuple(word.replace("'", "") for word in _LETTERS.findall(fold_text(name)))


def _indexed(works: Sequence[WorkLike], models: Models) -> _Index:
    names: dict[str, list[tuple[tuple[str, ...], WorkLike]]] = {}
    for work in works:
        for name in work.names:
            if form := _form(name):
                names.setdefault(form[0], []).append((form, work))
    told = [work for work in works if work.description.strip()]
    vectors = models.get("use_multilingual").embed([work.description for work in told]) if told else np.zeros((0, 512))
    return _Index(names, np.asarray(vectors, np.float32), tuple(told))


def _find_names(text: str, index: _Index) -> Iterator[_Match]:
    if not index.names:
        return
    whole = tokenize(text)
    for place, word in enumerate(whole):
        for reading in dict.fromkeys(word.readings):
            for form, work in index.names.get(reading, ()):
                if _reads(whole[place : place + len(form)], form):
                    yield _Match(work, _NAME_SCORE, word.start, whole[place + len(form) - 1].end)


def _reads(window: Sequence[FoldedWord], form: tuple[str, ...]) -> bool:
    return len(window) == len(form) and all(
        part in word.readings or f"{part}s" in word.readings for part, word in zip(form, window, strict=True)
    )


def _find_descriptions(text: str, index: _Index, models: Models) -> Iterator[_Match]:
    if not index.works:
        return
    places = list(split_chunks(text))
    similar = (
        models.get("use_multilingual").embed([visible_text(text[start:end]) for start, end in places])
        @ index.described.T
    )
    for column, work in enumerate(index.works):
        best = int(np.argmax(similar[:, column]))
        score = (float(similar[best, column]) - _UNLIKE_COSINE) / (_SAME_COSINE - _UNLIKE_COSINE)
        if score > 0:
            yield _Match(work, min(score, _DESCRIBED_AT_MOST), *places[best])
