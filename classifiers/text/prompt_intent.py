"""Measures what a prompt asks for, by its meaning, in many languages. Single words are prompt_terms' part."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifiers.base import (
    LOCATED_SCORE,
    ClassifierExample,
    Material,
    ModelClassifier,
    PromptText,
    SignalNote,
    clip_score,
)
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.deobfuscate import NormalisedText, deobfuscate, normalise
from classifiers.text.occlusion import carrying_places
from classifiers.text.prompt_chunks import split_chunks
from classifiers.text.prompt_ensemble import score_texts, select_chunks
from classifiers.text.readings.one_name import read_as_one_name
from classifiers.text.readings.plain_reading import named_mentions, names_mentioned, plain_reading
from classifiers.text.readings.weigh import supported_in_videos, weigh_by_words
from classifiers.text.second_opinion import SECOND_ENCODER, SECOND_READER, second_opinion
from core.signals import Signal, Span, Subject
from core.text_styles import TextStyle
from media.arrays import FloatMatrix

MAX_PROMPT_CHARS = 10_000  # characters, as in prompt_terms
_SCRIPTS = ("LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "CYRILLIC", "ARABIC", "THAI", "DEVANAGARI")
# What a sentence by itself is often taken for when the text around it says otherwise.
_OUT_OF_CONTEXT = frozenset({"disinfo", "jailbreak", "illicit", "political", "extremism", "fraud", "weapons"})
_SAID_OF_PEOPLE = ("hate", "harassment", "unsafe", "political", "disinfo")
_STYLE_NAMES = {None: "", TextStyle.VIDEO: "video", TextStyle.CHAT: "chat", TextStyle.POST: "social"}
"""As the heads call them."""
_FRAGMENT = 40.0  # by which the odds of a label above are divided for a fragment of a text
_MAX_OCCLUDED_PARTS = 2  # parts of a text in which they are looked for


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A text as the models see it: `places` are its whole and parts, `english` whether each of them is.

    `raw` (places, labels) is what the models gave, `scores` the same once corrected. `hidden` is what a disguise hides.
    """

    heads: PromptHeads
    places: Sequence[tuple[NormalisedText, int, int]]
    english: Sequence[bool]
    hidden: NormalisedText | None
    raw: FloatMatrix
    scores: FloatMatrix


class PromptIntent(ModelClassifier):
    """A tuned encoder, sentence embeddings and pieces of words together, over the whole prompt and parts of it."""

    name = "prompt_intent"
    version = 14
    subjects = frozenset({Subject.PROMPT})
    labels = (
        "sexual", "violence", "gore", "self_harm", "hate", "extremism", "harassment", "illicit", "weapons", "disinfo",
        "political", "fraud", "intimate_image", "public_figure", "copyright_ip", "artist_style", "jailbreak", "unsafe",
    )  # fmt: skip
    required_models: tuple[str, ...] = (
        "use_multilingual", "e5_multilingual", "e5_adapter", "prompt_encoder", "prompt_heads",
    )  # fmt: skip
    covers = (
        "What is asked for in plain words, best in English, well in ar de es fr it ja ko nl pl pt ru th tr zh, roughly "
        "in Hindi, Czech and other Latin languages. Not allusion and new slang; not other scripts, which it reports."
    )

    def __init__(self, models: Models = PACKAGED_MODELS) -> None:
        super().__init__(models)
        if models.options.prompt_second_reader:
            self.required_models = (*type(self).required_models, SECOND_READER, SECOND_ENCODER)

    @property
    def source(self) -> str:
        """Another name where the second reader reads too: scores of one are not compared with those of the other."""
        return f"{super().source}+{SECOND_READER}" if SECOND_READER in self.required_models else super().source

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the highest score of the whole, of any part and of what a disguise hides, with that part.

        The words that carry a label are looked for by `locate`.
        """
        assert isinstance(material, PromptText)  # noqa: S101  subjects say so
        if len(material.text) > MAX_PROMPT_CHARS:
            return self.unmeasured(subject, SignalNote.TOO_LONG)
        read = self._read(material)
        if read is None:
            return self.unmeasured(subject, SignalNote.LANGUAGE_NOT_COVERED)
        signals = []
        for number, label in enumerate(read.heads.labels):
            best = int(np.argmax(read.scores[:, number]))
            reading, start, end = read.places[best]
            signals.append(
                self.signal(
                    subject,
                    label,
                    round(clip_score(float(read.scores[best, number])), 4),
                    at=_part(reading, start, end),
                    note=SignalNote.DISGUISED if reading is read.hidden else SignalNote.NONE,
                )
            )
        return signals

    def locate(self, material: Material, signals: Sequence[Signal]) -> list[Signal]:
        """Of each label that is high enough to count, the words without which it no longer were, each a signal.

        Where no words alone carry it, the signal is as it was.
        """
        assert isinstance(material, PromptText)  # noqa: S101  subjects say so
        if not any(signal.score is not None and signal.score >= LOCATED_SCORE for signal in signals):
            return list(signals)
        read = self._read(material)  # once more, rather than remember what somebody wrote
        carried = self._carrying(read) if read else {}
        return [replace(signal, at=at) for signal in signals for at in carried.get(signal.label, ()) or (signal.at,)]

    def _read(self, material: PromptText) -> _Read | None:
        """What the models say of it; None where its script is none of theirs."""
        heads, encoder = self._models.get("prompt_heads"), self._models.get("prompt_encoder")
        heads = heads.for_style(_STYLE_NAMES[material.style])
        plain, hidden = normalise(material.text), deobfuscate(material.text, encoder.in_vocabulary)
        mentioning = [one for one in (plain, hidden) if one and material.style is TextStyle.VIDEO]
        names = [name for one in mentioning for name in names_mentioned(one)]
        plain, hidden = _as_meant(plain, material.style), hidden and _as_meant(hidden, material.style)
        if not is_supported_script((hidden or plain).text):
            return None
        places, shares, english = [], [], []
        for reading in (plain, hidden) if hidden else (plain,):
            spoken = encoder.english(reading.text)
            whole, *rest = split_chunks(reading.text)
            picked = [rest[place] for place in select_chunks([reading.text[a:b] for a, b in rest], spoken, heads)]
            places += [(reading, start, end) for start, end in (whole, *picked)]
            shares += [0, *[len(rest)] * len(picked)]
            english += [spoken] * (1 + len(picked))
        shown = [reading.text[start:end] for reading, start, end in places]
        raw = self._scored(shown, english, heads, names)
        scores = _correct_for_chunk_count(
            raw, np.array(shares, np.float32), [label in _OUT_OF_CONTEXT for label in heads.labels]
        )
        scores = weigh_by_words(plain.text, scores, heads.labels)
        if material.style is TextStyle.VIDEO:
            scores = supported_in_videos(scores, heads.labels)
        scores = second_opinion(shown, english, scores, heads.labels, heads.given_style, self._models)
        return _Read(heads, places, english, hidden, raw, scores)

    def _scored(
        self, shown: Sequence[str], english: Sequence[bool], heads: PromptHeads, names: Sequence[str]
    ) -> FloatMatrix:
        """(n, L): of texts in which people are mentioned, what is said of people is read with the same names for all.

        The rest is read with their own: who or what is meant by a name, and whatever could hide in one.
        """
        scores = score_texts(shown, english, heads, self._models)
        if names:
            columns = [heads.labels.index(label) for label in _SAID_OF_PEOPLE]
            again = score_texts([read_as_one_name(text, names) for text in shown], english, heads, self._models)
            scores[:, columns] = again[:, columns]
        return scores

    def _carrying(self, read: _Read) -> dict[str, tuple[Span, ...]]:
        """The words that carry each label that is high enough to count; empty where no words do."""
        by_place: dict[int, dict[int, float]] = {}
        highest = read.scores.argmax(0)
        for number in np.argsort(-read.scores.max(0), kind="stable").tolist():
            place = int(highest[number])
            if read.scores[place, number] >= LOCATED_SCORE:
                corrected = _odds(read.scores[place, number]) / _odds(read.raw[place, number])
                by_place.setdefault(place, {})[number] = 1.0 / (1.0 + corrected)
        carried: dict[str, tuple[Span, ...]] = {}
        for place in list(by_place)[:_MAX_OCCLUDED_PARTS]:
            reading, start, end = read.places[place]
            found = carrying_places(
                reading.text[start:end], read.raw[place], by_place[place], read.english[place], read.heads, self._models
            )
            for number, words in found.items():
                spans = [reading.span(start + first, start + last) for first, last in words]
                carried[read.heads.labels[number]] = tuple(
                    Span(start=first, end=last, unit="chars") for first, last in spans
                )
        return carried

    def examples(self) -> list[ClassifierExample]:
        """Plain requests in several languages, and their harmless neighbours."""
        return [
            _example("nudity", "a woman takes off all her clothes and poses on the bed", "sexual", 0.5, 1.0),
            _example("nudity in Spanish", "una mujer se quita toda la ropa en la cama", "sexual", 0.5, 1.0),
            _example("an injury", "a torn-off arm lies in a puddle of blood", "gore", 0.5, 1.0),
            _example("an attack in German", "ein Mann erschießt mehrere Menschen auf der Straße", "violence", 0.5, 1.0),
            _example("a disguised attack", "a man st@bs a w0man t0 de4th in an alley", "violence", 0.5, 1.0),
            _example("a recipe", "a chef slices a ripe tomato", "violence", 0.0, 0.5),
            _example("a landscape", "a lighthouse on a cliff at dawn, gulls circling", "unsafe", 0.0, 0.5),
            _example("a landscape in Chinese", "清晨的湖面上有一只白色的天鹅", "unsafe", 0.0, 0.5),
            _example("a figure of speech", "how do I kill a Python process that hangs?", "unsafe", 0.0, 0.5),
            _example(
                "buried in harmless talk",
                "A calm morning in a village. Birds sing and the baker opens his shop. Then a man stabs a woman to "
                "death with a kitchen knife. The sun shines.",
                "violence",
                0.5,
                1.0,
            ),
        ]


def _as_meant(reading: NormalisedText, style: TextStyle | None) -> NormalisedText:
    """Plain words for what says one thing and means another; in a prompt for a video a mention is a person in it."""
    plain = plain_reading(reading)
    return named_mentions(plain) if style is TextStyle.VIDEO else plain


def _correct_for_chunk_count(
    scores: NDArray[np.float32], chances: NDArray[np.float32], fragile: list[bool]
) -> NDArray[np.float32]:
    """Scores, the odds of each divided by the number of parts to the power of 0.75: a long text errs more often.

    `chances` is 0 for a whole text. Of `fragile` labels a part's odds count less still.
    """
    odds = scores / np.maximum(1.0 - scores, 1e-6) / (np.maximum(chances, 1.0) ** 0.75)[:, None]
    odds /= np.where((chances > 0)[:, None] & np.array(fragile), _FRAGMENT, 1.0)
    return np.asarray(odds / (1.0 + odds), np.float32)


def _part(reading: NormalisedText, start: int, end: int) -> Span | None:
    """The part that was measured; no place at all where it is the whole text."""
    if (start, end) == (0, len(reading.text)):
        return None
    first, last = reading.span(start, end)
    return Span(start=first, end=last, unit="chars")


def _odds(score: float) -> float:
    return float(score) / max(1.0 - float(score), 1e-6)


def is_supported_script(text: str) -> bool:
    """Whether nine in ten letters are of scripts the models know; True for a text without letters."""
    if text.isascii():
        return True
    letters = [letter for letter in text if letter.isalpha()]
    known = sum(1 for letter in letters if letter.isascii() or unicodedata.name(letter, "").startswith(_SCRIPTS))
    return 10 * known >= 9 * len(letters)


def _example(about: str, text: str, label: str, low: float, high: float) -> ClassifierExample:
    return ClassifierExample(about=about, material=PromptText(text), label=label, low=low, high=high)
