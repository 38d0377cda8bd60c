"""Finds names that a text gives to somebody whom only its author knows, or to a place: my aunt Emma Watson."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SOMEBODY = "a colleague "
_WORDS_FILE = Path(__file__).with_name("namesakes.toml")


@dataclass(frozen=True, slots=True)
class _Namesakes:
    """`unless` are words of public life: beside them a name is that of the one whom all know."""

    patterns: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]
    unless: re.Pattern[str]


def namesake_phrases(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what to read instead) of each such name with what it stands beside."""
    if text == text.lower():
        return  # a name has a capital
    words = _namesakes()
    found = [
        match
        for needs, pattern in words.patterns
        if any(piece in text for piece in needs)
        for match in pattern.finditer(text)
    ]
    if found and not words.unless.search(_rest(text, found)):
        yield from ((*match.span(), match.group("keep") or _SOMEBODY) for match in found)


def _rest(text: str, found: list[re.Match[str]]) -> str:
    """The text without the names; what says who they are stays, since it may say that they are known to all."""
    for match in sorted(found, key=lambda one: -one.start()):
        text = f"{text[: match.start()]}{match.group('keep')}{text[match.end() :]}"
    return text


@cache
def _namesakes() -> _Namesakes:
    table = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    name = table["name"]
    return _Namesakes(
        patterns=tuple(
            (
                tuple(needs),
                re.compile(pattern.replace("NAME", name).replace("WHO", table["who"]).replace("PLACE", table["place"])),
            )
            for needs, pattern in table["patterns"]
        ),
        unless=re.compile(table["unless"], re.IGNORECASE),
    )
