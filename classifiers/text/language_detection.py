"""Which language a text is in. Nothing is decided by it: it is reported with the scores."""

from __future__ import annotations

from classifiers.models import Models
from classifiers.text.deobfuscate import visible_text
from core.errors import Unavailable

MAX_LANGUAGE_CHARS = 2_000  # characters that are looked at
_MIN_LETTERS = 4  # letters below which no language is given
_MIN_MARGIN = 0.2  # by which the likeliest language must be ahead


def detect_language(text: str, models: Models) -> str | None:
    """The code of ISO 639-1; None where it cannot be determined, or the model is not here.

    Knows what is written in a language's own script: Hindi in Latin letters is mistaken for another language, or gives
    none.
    """
    shown = visible_text(text[:MAX_LANGUAGE_CHARS])
    if sum(map(str.isalpha, shown)) < _MIN_LETTERS:
        return None
    try:
        code, sure = models.get("language_id").classify(shown)
    except Unavailable:
        return None
    return str(code) if sure >= _MIN_MARGIN else None
