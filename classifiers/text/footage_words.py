"""Measures what is said and written in footage, with the models that read prompts and thresholds of its own.

A sign in a film is no request, and somebody who talks asks for nothing: so what the words are about counts only as far
as they are unsafe as a whole, or as a second label of harm agrees. Fraud and personal data are told by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from classifiers.base import ClassifierExample, Material, ModelClassifier, PromptText, SignalNote
from classifiers.find_words import find_words
from classifiers.image.sampled_frames import MAX_STRETCHES, WORTH_REPORTING, require_sample
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.passages import FootageWords, Passage, PassageKind, SampleWithWords
from classifiers.text.impersonation import impersonation_score
from classifiers.text.personal_data import personal_data_score
from classifiers.text.prompt_intent import PromptIntent
from classifiers.text.prompt_terms import PromptTerms
from classifiers.text.threat_patterns import threat_score
from core.signals import Signal, Span, Subject

_GROUPS = {
    "threat": ("harassment", "violence"),
    "instructions": ("illicit", "weapons", "self_harm"),
    "hate": ("hate", "extremism"),
    "sexual": ("sexual", "sexual_minors", "intimate_image"),
    "fraud": ("fraud",),
}
_HARM = frozenset(label for labels in _GROUPS.values() for label in labels)
_TOPICS = ("politics", "alcohol", "romance", "revealing")  # harmless, but for people who do not want them
_BY_ITSELF = frozenset({"fraud"})  # what is unsafe is learnt from requests, and few of those deceive for money
_MIN_WORDS = 3  # fewer say nothing by themselves; listed words count still
_WINDOW = 400  # characters that are read together
_HIGH = 0.5  # score from which on a passage is found
_SAME = 0.9  # share of a window's score that a part of it needs to be taken for the whole
_SPACED = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Window:
    """Passages that are read together."""

    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        return " ".join(one.text for one in self.passages)

    @property
    def at(self) -> Span:
        return Span(start=min(one.at.start for one in self.passages), end=max(one.at.end for one in self.passages))


class FootageWordScreening(ModelClassifier):
    """Threats, instructions, hate, sexual words and fraud, heard and seen; personal data and codes, seen."""

    name = "footage_words"
    version = 5
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = (
        *(f"{kind}_{group}" for kind in PassageKind for group in _GROUPS),
        *(f"words_{topic}" for topic in _TOPICS),
        "seen_personal_data",
        "seen_code",
        "seen_bad_link",
    )
    required_models = (*PromptIntent.required_models, "speech_finder", "speech_multilingual", "ocr", "script_reader")
    covers = (
        "Speech in the languages that Whisper base hears well, and text from about 22 pixels in Latin, Chinese and "
        "Japanese letters, part of it in Cyrillic, Korean, Devanagari and Arabic ones, screened as prompts are. "
        "Singing and shouting for sure not, nor irony. Card numbers by their checksum, telephone numbers, addresses of "
        "mail; QR codes."
    )

    def __init__(self, models: Models = PACKAGED_MODELS) -> None:
        super().__init__(models)
        self._readers = (PromptTerms(), PromptIntent(models))

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """A signal for each label, at the passage that is highest; None for a kind of words that could not be found."""
        words = self._words_of(material)
        signals: list[Signal] = []
        for kind in PassageKind:
            passages = [one for one in words.passages if one.kind is kind]
            note = SignalNote(words.unknown.get(kind, SignalNote.NONE))
            signals += self._words(subject, kind, [one for one in passages if not one.is_code], note)
            if kind is PassageKind.SEEN:
                signals += self._data(subject, passages, note)
                signals.append(self._bad_link(subject, passages, note, hosts_known=words.hosts_known))
        return signals + self._topics(subject, words)

    def _topics(self, subject: Subject, words: FootageWords) -> list[Signal]:
        """What the words are about, whoever says or writes them; not known where one kind of words is not."""
        note = SignalNote(next(iter(words.unknown.values()), SignalNote.NONE))
        best: dict[str, tuple[float, Span | None]] = dict.fromkeys(_TOPICS, (0.0, None))
        for kind in PassageKind:
            for window in _windows([one for one in words.passages if one.kind is kind and not one.is_code]):
                for signal in self._readers[0].measure(PromptText(window.text), Subject.PROMPT):
                    if signal.label in best and (signal.score or 0.0) > best[signal.label][0]:
                        best[signal.label] = signal.score or 0.0, window.at
        return [self._found(subject, f"words_{topic}", score, at, note) for topic, (score, at) in best.items()]

    def _bad_link(
        self, subject: Subject, passages: Sequence[Passage], note: SignalNote, *, hosts_known: bool
    ) -> Signal:
        bad = next((one for one in passages if one.bad_host), None)
        why = note if hosts_known else SignalNote.FAILED
        return self._found(subject, "seen_bad_link", 1.0 if bad else 0.0, bad.at if bad else None, why)

    def _words_of(self, material: Material) -> FootageWords:
        """The words, looked for where that was not done yet. Raises TypeError for a prompt."""
        if isinstance(material, SampleWithWords):
            return material.words
        return material if isinstance(material, FootageWords) else find_words(require_sample(material), self._models)

    def _words(
        self, subject: Subject, kind: PassageKind, passages: Sequence[Passage], note: SignalNote
    ) -> list[Signal]:
        read = cache(self._scores)  # the same words stand in several windows, and count for several groups
        found: dict[str, list[tuple[float, _Window]]] = {group: [] for group in _GROUPS}
        for window in _windows(passages):
            for group, score in read(window.text).items():
                found[group].append((score, window))
        return [
            self._found(
                subject, f"{kind}_{group}", score, _narrowed(group, score, best, read).at if best else None, note
            )
            for group, scored in found.items()
            for score, best in _places(scored)
        ]

    def _scores(self, text: str) -> dict[str, float]:
        short, highest = _is_short(text), self._highest(text)
        support = 1.0 if short else _support(highest)
        scores = {group: max(highest.get(label, 0.0) for label in labels) for group, labels in _GROUPS.items()}
        scores["fraud"] = max(scores["fraud"], impersonation_score(text))
        scores = {group: score if group in _BY_ITSELF else min(score, support) for group, score in scores.items()}
        return scores | {"threat": max(scores["threat"], threat_score(text))}

    def _highest(self, text: str) -> dict[str, float]:
        """The highest score of each label of a prompt that the models, or of a short text the lists, give."""
        terms, intent = self._readers
        readers = (terms,) if _is_short(text) else (terms, intent)
        highest: dict[str, float] = {}
        for signal in (one for reader in readers for one in reader.measure(PromptText(text), Subject.PROMPT)):
            highest[signal.label] = max(highest.get(signal.label, 0.0), signal.score or 0.0)
        return highest

    def _data(self, subject: Subject, passages: Sequence[Passage], note: SignalNote) -> list[Signal]:
        lines = [one for one in passages if not one.is_code]
        scored = [(personal_data_score(window.text), window.at) for window in _windows(lines)]
        score, at = max(scored, key=lambda one: one[0], default=(0.0, None))
        code = next((one for one in passages if one.is_code), None)
        return [
            self._found(subject, "seen_personal_data", score, at if score else None, note),
            self._found(subject, "seen_code", 1.0 if code else 0.0, code.at if code else None, note),
        ]

    def _found(self, subject: Subject, label: str, score: float, at: Span | None, note: SignalNote) -> Signal:
        """What was found, or nothing that is known where it was not looked for to the end and nothing was found."""
        unknown = note is not SignalNote.NONE and score < _HIGH
        return self.signal(subject, label, None if unknown else round(score, 4), at=at, note=note)

    def examples(self) -> list[ClassifierExample]:
        """A threat that is heard, and a kitchen."""
        at = Span(start=0.0, end=3.0)

        def words(text: str, kind: PassageKind) -> FootageWords:
            return FootageWords(passages=(Passage(kind=kind, text=text, at=at, certainty=1.0),), unknown={})

        threat = "I know where you live. I will kill you and your family tonight."
        kitchen = "welcome to my kitchen, today we bake bread"
        return [
            ClassifierExample(
                about="a threat is spoken", material=words(threat, PassageKind.HEARD), label="heard_threat", low=0.5
            ),
            ClassifierExample(
                about="a threat is written", material=words(threat, PassageKind.SEEN), label="seen_threat", low=0.5
            ),
            ClassifierExample(
                about="a kitchen", material=words(kitchen, PassageKind.HEARD), label="heard_threat", high=0.3
            ),
        ]


def _is_short(text: str) -> bool:
    return len(_SPACED.findall(text)) < _MIN_WORDS and not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]{4}", text)


def _support(highest: Mapping[str, float]) -> float:
    """What speaks for harm beside the highest label, any one of which trips on harmless talk: `unsafe`, or another."""
    return max(highest.get("unsafe", 0.0), sorted(highest.get(label, 0.0) for label in _HARM)[-2])


def _narrowed(group: str, score: float, window: _Window, read: Callable[[str], dict[str, float]]) -> _Window:
    """What of a window carries its score: passages at its ends are left out as long as the rest says the same."""
    while score >= _HIGH and len(window.passages) > 1:
        parts = (_Window(window.passages[1:]), _Window(window.passages[:-1]))
        same = next((part for part in parts if read(part.text)[group] >= max(_HIGH, _SAME * score)), None)
        if same is None:
            break
        window = same
    return window


def _places(scored: Iterable[tuple[float, _Window]]) -> list[tuple[float, _Window | None]]:
    """The highest last, and before it others that are worth reporting and are no part of one that scores as high."""
    ranked = sorted(scored, key=lambda one: -one[0])
    kept: list[tuple[float, _Window | None]] = [(score, best if score else None) for score, best in ranked[:1]] or [
        (0.0, None)
    ]
    for score, window in ranked[1:]:
        at = window.at
        apart = all(one is None or at.start >= one.at.end or at.end <= one.at.start for _, one in kept)
        if score >= WORTH_REPORTING and apart and len(kept) < MAX_STRETCHES:
            kept.append((score, window))
    return kept[::-1]


def _windows(passages: Iterable[Passage]) -> list[_Window]:
    """What is said or written together: all of it piece by piece, and each part of it that follows on."""
    windows: list[_Window] = []
    group: list[Passage] = []
    for passage in sorted(passages, key=lambda one: (one.at.start, one.box[1] if one.box else 0.0)):
        if group and sum(len(one.text) for one in group) + len(passage.text) > _WINDOW:
            windows.append(_Window(tuple(group)))
            group = group[len(group) // 2 :] if len(group) > 1 else []
        group.append(passage)
    if group:
        windows.append(_Window(tuple(group)))
    singles = [_Window((one,)) for one in passages] if len(windows) > 1 or len(group) > 1 else []
    return windows + singles
