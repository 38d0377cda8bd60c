"""The catalogs: English sentences with their translations, and how a reason of several sentences is translated."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CATALOGS_FOLDER = Path(__file__).parent
ENGLISH_CODE = "en"

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_UNSPACED = frozenset({"ja", "zh"})  # no space stands between two sentences
_NEAREST = {"ms": "id"}  # short texts in Indonesian are often taken for Malay, whose readers understand it
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SPACE_BETWEEN = re.compile(r"(?<=[。！？]) +")
_MAX_ACCEPTED = 10  # languages of an Accept-Language header that are looked at
_MAX_ACCEPT_LENGTH = 500  # characters of it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CreatorCatalog:
    """`code` as of ISO 639-1, `name` in its own words, `sentences` from English."""

    code: str
    name: str
    sentences: Mapping[str, str]

    @property
    def right_to_left(self) -> bool:
        """Whether it is written from right to left."""
        return self.code in _RIGHT_TO_LEFT

    def text(self, sentence: str, **values: str) -> str:
        """The sentence with its values, in English where this catalog lacks it.

        In what is written from right to left, whatever is not of the language is isolated, so that its characters and
        the punctuation beside it stay in their order.
        """
        translated = self.sentences.get(sentence)
        into = translated or sentence
        kept = {name: self.isolated(value) if translated else value for name, value in values.items()}
        filled = _PLACEHOLDER.sub(lambda found: kept.get(found[1], found[0]), into) if values else into
        return filled if translated else self.isolated(filled)

    def reason(self, reason: str, own: Iterable[str] = ()) -> str:
        """A verdict's reason, which is sentences one after the other; what is not in this catalog stays English.

        `own` are sentences of the policy that may stand in it and of which no catalog knows.
        """
        known = sorted({*self.sentences, *own}, key=len, reverse=True)
        if not reason or not self.sentences:
            return reason
        whole = re.compile("|".join(map(re.escape, known)))
        translated = whole.sub(lambda found: self.text(found[0]), reason)
        return _SPACE_BETWEEN.sub("", translated) if self.code in _UNSPACED else translated

    def isolated(self, text: str) -> str:
        """Text of another language, so that what is written from right to left around it keeps its order."""
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if self.right_to_left and text else text


ENGLISH_CATALOG = CreatorCatalog(code=ENGLISH_CODE, name="English", sentences={})


@cache
def creator_catalogs(folder: Path = CATALOGS_FOLDER) -> Mapping[str, CreatorCatalog]:
    """Every catalog by its code, English first."""
    return {ENGLISH_CODE: ENGLISH_CATALOG} | {file.stem: _read(file) for file in sorted(folder.glob("*.toml"))}


def creator_catalog(language: str, accept_language: str = "") -> CreatorCatalog:
    """The catalog of a prompt's language; where it has none, or is empty, of the first that is accepted; or English."""
    available = creator_catalogs()
    for code in (language, *accepted_languages(accept_language)):
        primary = code.lower().partition("-")[0]
        if (found := available.get(_NEAREST.get(primary, primary))) is not None:
            return found
    return ENGLISH_CATALOG


def accepted_languages(header: str) -> list[str]:
    """The codes of an Accept-Language header, the most wished-for first; at most ten."""
    wishes = []
    for part in header[:_MAX_ACCEPT_LENGTH].split(",")[:_MAX_ACCEPTED]:
        code, _, weight = part.partition(";q=")
        try:
            wishes.append((float(weight or 1), code.strip().lower()))
        except ValueError:
            continue
    return [code for weight, code in sorted(wishes, key=lambda wish: -wish[0]) if weight > 0]


def _read(file: Path) -> CreatorCatalog:
    content = tomllib.loads(file.read_text("utf-8"))
    return CreatorCatalog(code=file.stem, name=content["name"], sentences=content["sentences"])
