"""An engine's sentence about why it failed, in words that may be kept and shown.

An engine's message may repeat the prompt, and may hold addresses, paths and the engine's own code. So only the words
of the trade are kept: numbers, sizes, names of parameters and TRADE_WORDS; each run of others becomes an ellipsis.
What is left says nothing about a person, whatever the engine wrote.
"""

from __future__ import annotations

import re

from pipeline.engines.trade_words import TRADE_WORDS

MAX_REASON_LENGTH = 200
"""Characters of an engine's sentence that are kept."""

_MAX_READ = 2000  # characters of a message that are looked at: a stack trace is longer, and its first lines suffice
_MIN_KNOWN = 0.5  # share of words that have to be known: a sentence with more holes than words explains nothing

_LINE_OF_CODE = re.compile(r"^\s*(File\s|Traceback|at\s+\S+\(|raise\s|return\s|\^+\s*$|~)|\bline \d+", re.IGNORECASE)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S*|\S*[/\\]\S*|\S+@\S+|\S*\w\.[A-Za-z]{2,}\S*", re.IGNORECASE)
_FORMULA = r"\d{1,3}[kn][+*]\d{1,3}"  # as 4n+1, which many models ask of their frames
_NUMBER = re.compile(
    _FORMULA + r"|[-+]?\d{1,9}(?:[.,]\d{1,6})?(?:x\d{1,6}|\*\d{1,6})?(?:%|s|p|px|fps|[kmgt]i?b)?", re.IGNORECASE
)
_TOKEN = re.compile(_FORMULA + r"|[\w'’.-]*[\w%]|[^\w\s]")

_PUNCTUATION = ".,;:()"


def safe_reason(message: object, known: frozenset[str] = frozenset()) -> str:
    """The first sentence of an engine's message in known words; empty where too few of its words are known.

    `known` are further words, such as the parameters of an engine's profile. The answer is one line of at most
    MAX_REASON_LENGTH characters, without addresses, paths, host names or code.
    """
    if not isinstance(message, str):
        return ""
    lines = [line for line in message[:_MAX_READ].splitlines() if line.strip() and not _LINE_OF_CODE.search(line)]
    text = _ADDRESS.sub(" ADDRESS ", " ".join(lines))
    kept: list[str] = []
    words = known_words = 0
    for word in _TOKEN.findall(text):
        if not any(character.isalnum() for character in word):
            if kept and word in _PUNCTUATION and kept[-1] != "…":
                kept[-1] += word
            continue
        words += 1
        if word.lower() in TRADE_WORDS or word.lower() in known or _NUMBER.fullmatch(word):
            known_words += 1
            kept.append(word)
        elif not kept or kept[-1] != "…":
            kept.append("…")
    if not known_words or known_words < _MIN_KNOWN * words or known_words < 2:
        return ""
    return _bounded(" ".join(kept))


def _bounded(sentence: str) -> str:
    if len(sentence) <= MAX_REASON_LENGTH:
        return sentence.strip(" ,;:(")
    return sentence[: MAX_REASON_LENGTH - 2].rsplit(" ", 1)[0] + " …"
