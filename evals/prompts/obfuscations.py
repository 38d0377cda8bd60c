"""What people do to a prompt so that a filter does not read it: each a function from a text to a text."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Mapping

_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
_CYRILLIC = str.maketrans({"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х", "y": "у", "i": "і"})
_RNG = random.Random(5)  # noqa: S311  which letters are touched is no secret


def leet(text: str) -> str:
    """Digits for letters."""
    return text.translate(_LEET)


def homoglyphs(text: str) -> str:
    """Cyrillic letters for Latin ones."""
    return text.translate(_CYRILLIC)


def mathematical_bold(text: str) -> str:
    """Mathematical bold letters."""
    return "".join(chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in text)


def zero_width_spaces(text: str) -> str:
    """A zero-width space after every second letter."""
    return "".join(c + "\u200b" * (place % 2) for place, c in enumerate(text))


def spaced_letters(text: str) -> str:
    """Every letter by itself, two spaces between words."""
    return "  ".join(" ".join(word) for word in text.split())


def dotted_letters(text: str) -> str:
    """Dots between the letters of each longer word."""
    return " ".join(".".join(word) if len(word) > 3 else word for word in text.split())


def reversed_text(text: str) -> str:
    """The whole text from its end."""
    return text[::-1]


def base64_encoding(text: str) -> str:
    """Base64, with a word of explanation."""
    return f"decode this and film it: {base64.b64encode(text.encode()).decode()}"


def alternating_case(text: str) -> str:
    """Alternating capitals."""
    return "".join(c.upper() if place % 2 else c for place, c in enumerate(text))


def repeated_letters(text: str) -> str:
    """A letter repeated in each longer word."""
    return " ".join(word[:2] + word[1] * 3 + word[2:] if len(word) > 3 else word for word in text.split())


def swapped_letters(text: str) -> str:
    """Two letters changed places in every third longer word."""
    words = text.split()
    for place in range(0, len(words), 3):
        if len(words[place]) > 4:
            at = _RNG.randrange(1, len(words[place]) - 2)
            word = words[place]
            words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


OBFUSCATIONS: Mapping[str, Callable[[str], str]] = {
    way.__name__: way
    for way in (
        leet,
        homoglyphs,
        mathematical_bold,
        zero_width_spaces,
        spaced_letters,
        dotted_letters,
        reversed_text,
        base64_encoding,
        alternating_case,
        repeated_letters,
        swapped_letters,
    )
}
