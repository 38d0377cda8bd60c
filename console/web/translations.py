"""Pages in other languages: one PO file a language, of English sentences with their translations.

A key may contain `{name}`, which matches anything; its translation may use it. What no key fits stays English, and
is marked as such, so that a screen reader says it right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from console.languages.po_files import (
    LANGUAGES_FOLDER,
    catalog_files,
    language_name,
    read_catalog,
    usable_sentences,
)
from pipeline.creator_texts.catalogs import accepted_languages, creator_catalogs

_WORD = re.compile("[^\\W\\d_]{2}")
_SLOT = re.compile(r"\(\?P<\w+>\.\+\?\)")
_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """`code` as in HTML (`fr`), `name` in its own words; `sentences` sentences, and `patterns` with slots, in order."""

    code: str
    name: str
    sentences: Mapping[str, str]
    patterns: Sequence[tuple[re.Pattern[str], str]] = ()

    def __call__(self, text: object) -> str:
        """The text in this language, or in English where it has none."""
        return self.translation(str(text)) or str(text)

    def said(self, text: object) -> Markup:
        """The same for a page: what stayed English says so."""
        translated = str(text) if self.code == "en" else self.translation(str(text))
        return Markup("{}").format(translated) if translated else Markup('<span lang="en">{}</span>').format(text)

    def translation(self, text: str) -> str | None:
        """The text in this language; None where it has none."""
        if text in self.sentences:
            return self.sentences[text]
        for pattern, into in self.patterns:
            if (match := pattern.fullmatch(text)) and self._has_words_for(pattern, match):
                return into.format_map({name: self(value) for name, value in match.groupdict().items()})
        return None

    def _has_words_for(self, pattern: re.Pattern[str], match: re.Match[str]) -> bool:
        """Of `{a}: {b}` the catalog knows no word: it is a translation only of parts that have one, or are numbers."""
        values = match.groupdict().values()
        return not _is_vague(pattern) or not _WORD.search("".join(values)) or any(map(self.translation, values))


ENGLISH = Language(code="en", name="English", sentences={})
PAGE_LANGUAGE: ContextVar[Language] = ContextVar("page_language", default=ENGLISH)
"""The language of the page that is being rendered, for the parts of templates that know nothing of the request."""


def negotiate_language(requested: str, accept_language: str, kept: str = "") -> Language:
    """The language asked for, or the one chosen before, or else the first that the browser accepts; or English."""
    available = available_languages()
    for code in [requested.lower(), kept.lower(), *accepted_languages(accept_language)]:
        if code.partition("-")[0] in available:
            return available[code.partition("-")[0]]
    return ENGLISH


@cache
def available_languages(folder: Path = LANGUAGES_FOLDER) -> Mapping[str, Language]:
    """Every language by its code, English first."""
    return {"en": ENGLISH} | {file.stem: _read(file) for file in catalog_files(folder)}


def _read(file: Path) -> Language:
    sentences = {**usable_sentences(read_catalog(file)), **_creator_sentences(file.stem)}
    slotted = {key: value for key, value in sentences.items() if "{" in key}
    return Language(
        code=file.stem,
        name=language_name(file.stem),
        sentences={key: value for key, value in sentences.items() if "{" not in key},
        patterns=sorted(((_pattern(key), value) for key, value in slotted.items()), key=lambda one: _is_vague(one[0])),
    )


def _is_vague(pattern: re.Pattern[str]) -> bool:
    """Whether a sentence begins with a slot and is little more than slots, so that it fits nearly everything."""
    said = _SLOT.sub("", pattern.pattern)
    return pattern.pattern.startswith("(?P<") and len(re.findall("[^\\W\\d_]", said)) < 5


def _creator_sentences(code: str) -> Mapping[str, str]:
    """What creators are told, whose catalog is a file of its own: pages show it too."""
    catalog = creator_catalogs().get(code)
    return catalog.sentences if catalog else {}


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(_PLACEHOLDER.sub(r"(?P<\1>.+?)", re.escape(key)), re.DOTALL)
