"""Which language a text is in. Nothing is decided by it: it is told beside the scores."""

from __future__ import annotations

from classifiers.models import Models
from classifiers.text.deobfuscate import visible_text
from core.errors import Unavailable

MAX_LANGUAGE_CHARS = 2_000  # characters that are looked at
_LEAST = 4  # letters below which nothing is said
_SURE = 0.2


def detect_language(text: str, models: Models) -> str | None:
    """The code of ISO 639-1; None where it cannot be told, or the model is not here.

    Knows what is written in a language's own script: Hindi in Latin letters is taken for another, or for nothing.
    """
    shown = visible_text(text[:MAX_LANGUAGE_CHARS])
    if sum(map(str.isalpha, shown)) < _LEAST:
        return None
    try:
        code, sure = models.get("language_id").classify(shown)
    except Unavailable:
        return None
    return str(code) if sure >= _SURE else None
