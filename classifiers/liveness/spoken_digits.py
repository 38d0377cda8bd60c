"""Were the digits said? Speech recognition, and the edits between what was heard and what was asked."""

from __future__ import annotations

import re
import unicodedata

from classifiers.liveness.capture import SAMPLE_RATE, LivenessCapture
from classifiers.models import Models
from core.edit_distance import edit_distance

_ONES = {
    word: str(n)
    for n, words in enumerate(
        (
            "zero oh o nought nil",
            "one won",
            "two too to",
            "three",
            "four for fore",
            "five",
            "six",
            "seven",
            "eight ate",
            "nine",
        )
    )
    for word in words.split()
}
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = {w: n for n, w in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)}


def digits_wrong(take: LivenessCapture, models: Models) -> float | None:
    """The share of the digits asked for that was not heard in order, extra ones counted too; 1.0 for silence."""
    spoken = parse_digits(models.get("speech").transcribe(take.sound)) if len(take.sound) >= SAMPLE_RATE // 2 else ""
    return min(1.0, edit_distance(take.challenge.digits, spoken) / max(1, len(take.challenge.digits)))


def parse_digits(text: str) -> str:
    """The digits of a transcript: `forty-seven, 19 and three oh` is `471930`."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("-", " ")
    digits = ""
    words = re.findall(r"\d+|[a-z]+", plain)
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        if word.isdigit():
            digits += word
        elif word in _TENS:
            digits += str(_TENS[word]) + ("" if _ONES.get(after, "0") != "0" else "0")
        elif word in _TEENS:
            digits += str(10 + _TEENS.index(word))
        elif word in _ONES:
            digits += _ONES[word]
    return digits
