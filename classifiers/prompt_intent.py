"""Measures what a prompt asks for, by its meaning, in many languages. Single words are prompt_terms' part."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.base import Classifier, Example, Material, Note, PromptText, unit
from core.signals import Signal, Span, Subject

LONGEST = 10_000  # characters, as in prompt_terms
_WINDOW = 30  # words: what is buried in a long text is looked at by itself
_SENTENCE = re.compile(r"[^.!?;\n。！？；]+[.!?;\n。！？；]*")
_WORD = re.compile(r"\S+")
# Scripts the embedding was trained on; what is written in another cannot be measured.
_SCRIPTS = ("LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "CYRILLIC", "ARABIC", "THAI")


class PromptIntent(Classifier):
    """Universal Sentence Encoder and one linear head a label, over the whole prompt and each part of it."""

    name = "prompt_intent"
    version = 1
    subjects = frozenset({Subject.PROMPT})
    labels = (
        "sexual", "violence", "gore", "self_harm", "hate", "harassment", "illicit", "weapons", "disinfo", "jailbreak",
        "unsafe",
    )  # fmt: skip
    needs = ("use_multilingual", "prompt_heads")
    covers = (
        "What is asked for in plain words, in ar de en es fr it ja ko nl pl pt ru th tr zh. Not allusion and slang; "
        "not other scripts, which it reports; Czech and other Latin languages it was not trained on poorly. "
        "Not irony: hate in everyday talk is found little better than by chance."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the highest score of the whole and of any part, with that part's characters."""
        assert isinstance(material, PromptText)  # noqa: S101  subjects say so
        if len(material.text) > LONGEST:
            return self.cannot_say(subject, Note.TOO_LONG)
        if not readable(material.text):
            return self.cannot_say(subject, Note.LANGUAGE_NOT_COVERED)
        heads, embedder = models.get("prompt_heads"), models.get("use_multilingual")
        places = list(parts(material.text))
        scores = heads.score(embedder.embed([visible(material.text[start:end]) for start, end in places]))
        column = {label: scores[:, place] for place, label in enumerate(heads.labels)}
        return [self._highest(subject, label, column[label], places) for label in self.labels]

    def _highest(
        self,
        subject: Subject,
        label: str,
        scores: NDArray[np.float32],
        places: list[tuple[int, int]],
    ) -> Signal:
        best = int(np.argmax(scores))
        start, end = places[best]
        at = Span(start=start, end=end, unit="chars")
        return self.signal(subject, label, round(unit(float(scores[best])), 4), at=at)

    def examples(self) -> list[Example]:
        """Plain requests in several languages, and their harmless neighbours."""
        return [
            _example("nudity", "a woman takes off all her clothes and poses on the bed", "sexual", 0.5, 1.0),
            _example("nudity in Spanish", "una mujer se quita toda la ropa en la cama", "sexual", 0.5, 1.0),
            _example("an injury", "a torn-off arm lies in a puddle of blood", "gore", 0.5, 1.0),
            _example("an attack in German", "ein Mann erschießt mehrere Menschen auf der Straße", "violence", 0.5, 1.0),
            _example("a recipe", "a chef slices a ripe tomato", "violence", 0.0, 0.5),
            _example("a landscape", "a lighthouse on a cliff at dawn, gulls circling", "unsafe", 0.0, 0.5),
            _example("a landscape in Chinese", "清晨的湖面上有一只白色的天鹅", "unsafe", 0.0, 0.5),
            _example(
                "buried in harmless talk",
                "A calm morning in a village. Birds sing and the baker opens his shop. Then a man stabs a woman to "
                "death with a kitchen knife. Afterwards the sun shines on the fields and children fly kites.",
                "violence",
                0.5,
                1.0,
            ),
        ]


def parts(text: str) -> Iterator[tuple[int, int]]:
    """The whole text, and if it is long its sentences, long ones cut into overlapping windows: (start, end)."""
    yield 0, len(text)
    words = [found.span() for found in _WORD.finditer(text)]
    if len(words) <= _WINDOW // 2 and len(text) <= 6 * _WINDOW:
        return
    for found in _SENTENCE.finditer(text):
        within = [span for span in words if span[0] >= found.start() and span[1] <= found.end()]
        if not within and found[0].strip():  # scripts without spaces
            yield from (
                (at, min(at + 4 * _WINDOW, found.end())) for at in range(found.start(), found.end(), 2 * _WINDOW)
            )
        for first in range(0, len(within), _WINDOW // 2):
            yield within[first][0], within[min(first + _WINDOW, len(within)) - 1][1]


def readable(text: str) -> bool:
    """Whether nine in ten letters are of scripts the embedding knows; True for a text without letters."""
    letters = [letter for letter in text if letter.isalpha()]
    known = sum(1 for letter in letters if unicodedata.name(letter, "").startswith(_SCRIPTS))
    return 10 * known >= 9 * len(letters)


def visible(text: str) -> str:
    """The text in compatibility form without invisible characters."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


def _example(about: str, text: str, label: str, low: float, high: float) -> Example:
    return Example(about=about, material=PromptText(text), label=label, low=low, high=high)
