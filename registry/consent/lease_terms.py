"""What a lease allows, besides to whom and until when:

purposes, territory, limits, and whether each draft is approved.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput

PURPOSES = ("personal", "parody", "education", "news", "commercial", "advertising", "political")
BANNED_TOPICS = ("politics", "alcohol", "romance", "revealing")
MAX_BANNED_WORDS = 200  # words of one lease
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """Empty `purposes` and `territory` (ISO 3166 codes) allow all of them. `bans` are of BANNED_TOPICS.

    `words` are those that the person will not say or be shown with. `asks` is the id of an erasable text, limits in
    the owner's own words: until a moderator (`reviewed`) made rules of it nothing may be made under this lease. With
    `watched` a person looks at each use; with `approval` the owner does.
    """

    purposes: tuple[str, ...] = ()
    territory: tuple[str, ...] = ()
    bans: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    approval: bool = False
    asks: str = ""
    reviewed: str = ""
    watched: bool = False

    def __post_init__(self) -> None:
        _one_of(self.purposes, PURPOSES, "a purpose")
        _one_of(self.bans, BANNED_TOPICS, "a limit")
        if wrong := [country for country in self.territory if not _COUNTRY.fullmatch(country)]:
            raise BadInput(f"{wrong[0]!r} is no country: two capital letters, as DE")
        if len(self.words) > MAX_BANNED_WORDS or any(not 0 < len(word) <= 80 for word in self.words):
            raise BadInput(f"at most {MAX_BANNED_WORDS} words, of at most 80 letters each")

    def permits(self, purpose: str, territory: Sequence[str]) -> bool:
        """Whether this purpose, in all these countries, is allowed. What is not stated may be anything, anywhere."""
        for_this = not self.purposes or purpose in self.purposes
        in_territory = not self.territory or (bool(territory) and set(territory) <= set(self.territory))
        return for_this and in_territory

    @property
    def unreviewed(self) -> bool:
        """Whether there are words of the owner that nobody has made rules of."""
        return bool(self.asks) and not self.reviewed

    def count_banned_words(self, text: str) -> int:
        """How many of `words` occur in a text, whatever their case, accents or width; parts of words do not count."""
        plain_text = f" {_plain(text)} "
        return sum(f" {_plain(word)} " in plain_text for word in self.words)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in letters if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join(re.findall(r"\w+", kept))


def _one_of(values: Sequence[str], allowed: Sequence[str], kind: str) -> None:
    if wrong := [value for value in values if value not in allowed]:
        raise BadInput(f"{wrong[0]!r} is not {kind}: one of {', '.join(allowed)}")
