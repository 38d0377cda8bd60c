"""Word lists: loads terms/*.toml and finds their terms in a text, disguised or not.

One file a label. `strong` terms say it by themselves (0.9, or the file's `sure`), `weak` ones may (0.4),
`substrings` are
found inside words of scripts that do not part them (0.9), `except` are phrases in which a term is innocent.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from classifiers.text.confusables import FoldedWord, fold_text, fold_with_offsets, join_split_words, tokenize

STRONG_SCORE = 0.9  # score of a term that is sure alone
WEAK_SCORE = 0.4  # score of a term that needs another one
_LETTERS = re.compile(r"[\w']+")
_UNPARTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_FOLDER = Path(__file__).with_name("terms")


@dataclass(frozen=True, slots=True)
class TermHit:
    """A term found: its characters in the text, half-open, how surely it says so, and whether it was disguised."""

    label: str
    start: int
    end: int
    score: float
    disguised: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The terms of all labels. `phrases` maps a first word to (all words, label, score).

    `substrings` are found anywhere, most of them in scripts that do not part words; `ascii_substrings` are those of
    ASCII alone.
    """

    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], str, float]]]
    exceptions: Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
    substrings: Sequence[tuple[str, str]]
    ascii_substrings: Sequence[tuple[str, str]]
    softened: frozenset[str]
    labels: tuple[str, ...]


@cache
def load_lexicon(folder: Path = _FOLDER) -> Lexicon:
    """All word lists of a folder."""
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))]
    phrases: dict[str, list[tuple[tuple[str, ...], str, float]]] = {}
    innocent: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for table in tables:
        sure = table.get("sure", STRONG_SCORE)
        for term, score in [(t, WEAK_SCORE) for t in table["weak"]] + [(t, sure) for t in table["strong"]]:
            for form in _forms(term):
                phrases.setdefault(form[0], []).append((form, table["label"], score))
        for term in table["except"]:
            for form in _forms(term):
                innocent.setdefault(form[0], []).append((form, table["label"]))
    signs = [(fold_text(sign), table["label"]) for table in tables for sign in table["signs"]]
    return Lexicon(
        phrases=phrases,
        exceptions=innocent,
        substrings=signs,
        ascii_substrings=[(sign, label) for sign, label in signs if sign.isascii()],
        softened=frozenset(table["label"] for table in tables if table["softened"]),
        labels=tuple(table["label"] for table in tables),
    )


def find_terms(text: str, lists: Lexicon) -> list[TermHit]:
    """All terms of a text that no innocent phrase covers, in order of place. Of several at one place the gravest."""
    whole = tokenize(text)
    covered = list(_innocent(whole, lists))
    hits = [
        *_phrases(whole, lists),
        *_masked(whole, lists),
        *_phrases(join_split_words(text), lists),
        *_signs(text, lists),
    ]
    kept = [hit for hit in hits if not any(_within(hit, start, end, label) for start, end, label in covered)]
    best: dict[tuple[str, int], TermHit] = {}
    for hit in kept:
        place = (hit.label, hit.start)
        if place not in best or (hit.score, not hit.disguised) > (best[place].score, not best[place].disguised):
            best[place] = hit
    return sorted(best.values(), key=lambda hit: (hit.start, hit.label))


def _forms(term: str) -> Iterator[tuple[str, ...]]:
    """The term's words, and the same with the last in the plural."""
    parts = tuple(word.replace("'", "") for word in _LETTERS.findall(fold_text(term)))
    yield parts
    if parts[-1].isascii() and len(parts[-1]) > 2 and not parts[-1].endswith("s"):
        yield (*parts[:-1], parts[-1] + "s")


def _phrases(text: Sequence[FoldedWord], lists: Lexicon) -> Iterator[TermHit]:
    for place, word in enumerate(text):
        for reading in word.readings:
            for form, label, score in lists.phrases.get(reading, ()):
                if (read := _reads(text, place, form)) is not None:
                    last = text[place + len(form) - 1]
                    yield TermHit(label, word.start, last.end, score, read)


def _reads(text: Sequence[FoldedWord], place: int, form: tuple[str, ...]) -> bool | None:
    """Whether the words from this place on read as the form: None if not, else whether disguised."""
    window = text[place : place + len(form)]
    if len(window) < len(form) or any(part not in word.readings for part, word in zip(form, window, strict=True)):
        return None
    return any(word.disguised(part) for part, word in zip(form, window, strict=True))


def _masked(text: Sequence[FoldedWord], lists: Lexicon) -> Iterator[TermHit]:
    """Words with stars for letters: n*de, f**king."""
    for word in text:
        mask = word.readings[0]
        if "*" in mask and len(mask.replace("*", "")) >= 2:
            pattern = re.compile(re.escape(mask).replace(r"\*", r"\w"))
            for known, entries in lists.phrases.items():
                if pattern.fullmatch(known):
                    yield from (
                        TermHit(lb, word.start, word.end, sc, True) for form, lb, sc in entries if len(form) == 1
                    )


def _signs(text: str, lists: Lexicon) -> Iterator[TermHit]:
    folded, offsets = fold_with_offsets(text)
    for sign, label in lists.ascii_substrings if folded.isascii() else lists.substrings:
        start = folded.find(sign)
        while start >= 0:
            first, last = _whole_word(folded, start, start + len(sign))
            yield TermHit(label, offsets[first], offsets[last - 1] + 1, STRONG_SCORE)
            start = folded.find(sign, start + 1)


def _whole_word(text: str, start: int, end: int) -> tuple[int, int]:
    """The word around a piece of it; the piece itself in scripts that do not part words."""
    if _UNPARTED.search(text[start:end]):
        return start, end
    while start > 0 and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return start, end


def _innocent(text: Sequence[FoldedWord], lists: Lexicon) -> Iterator[tuple[int, int, str]]:
    for place, word in enumerate(text):
        for form, label in lists.exceptions.get(word.readings[0], ()):
            if _reads(text, place, form) is False:
                yield word.start, text[place + len(form) - 1].end, label


def _within(hit: TermHit, start: int, end: int, label: str) -> bool:
    return hit.label == label and start <= hit.start and hit.end <= end
