"""The verifier's page in other languages: one file a language, of English sentences with their translations.

A key may contain `{name}`, which matches anything; its translation may use it. What no key fits stays English, and
is marked as such, so that a screen reader says it right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from pipeline.creator_texts.catalogs import accepted_languages, creator_catalogs

LANGUAGES_FOLDER = Path(__file__).parents[1] / "languages"
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
        return self._translation(str(text)) or str(text)

    def said(self, text: object) -> Markup:
        """The same for a page: what stayed English says so."""
        translated = str(text) if self.code == "en" else self._translation(str(text))
        return Markup("{}").format(translated) if translated else Markup('<span lang="en">{}</span>').format(text)

    def _translation(self, text: str) -> str | None:
        if text in self.sentences:
            return self.sentences[text]
        for pattern, into in self.patterns:
            if match := pattern.fullmatch(text):
                return into.format_map({name: self(value) for name, value in match.groupdict().items()})
        return None


ENGLISH = Language(code="en", name="English", sentences={})


def negotiate_language(requested: str, accept_language: str) -> Language:
    """The language asked for, or else the first that the browser accepts and that exists; or English."""
    available = available_languages()
    for code in [requested.lower(), *accepted_languages(accept_language)]:
        if code.partition("-")[0] in available:
            return available[code.partition("-")[0]]
    return ENGLISH


@cache
def available_languages(folder: Path = LANGUAGES_FOLDER) -> Mapping[str, Language]:
    """Every language by its code, English first."""
    return {"en": ENGLISH} | {file.stem: _read(file) for file in sorted(folder.glob("*.toml"))}


def _read(file: Path) -> Language:
    content = tomllib.loads(file.read_text("utf-8"))
    sentences: dict[str, str] = content["sentences"] | dict(_creator_sentences(file.stem))
    slotted = {key: value for key, value in sentences.items() if "{" in key}
    return Language(
        code=file.stem,
        name=content["name"],
        sentences={key: value for key, value in sentences.items() if "{" not in key},
        patterns=[(_pattern(key), value) for key, value in slotted.items()],
    )


def _creator_sentences(code: str) -> Mapping[str, str]:
    """What creators are told, whose catalog is a file of its own: pages show it too."""
    catalog = creator_catalogs().get(code)
    return catalog.sentences if catalog else {}


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(_PLACEHOLDER.sub(r"(?P<\1>.+?)", re.escape(key)), re.DOTALL)
