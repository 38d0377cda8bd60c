"""py3langid: which language a text is in, by its pieces of characters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# Those that people write prompts in: fewer make short texts surer.
_AMONG = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it",
    "ja", "ko", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur",
    "vi", "zh",
)  # fmt: skip


def load(paths: Sequence[Path]) -> object:
    """An object whose `classify(text)` gives (code, probability)."""
    from py3langid.langid import LanguageIdentifier

    identifier = LanguageIdentifier.from_modelpath(paths[0], norm_probs=True)
    identifier.set_languages(list(_AMONG))
    return identifier
