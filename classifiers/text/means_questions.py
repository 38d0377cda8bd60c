"""Whether a text asks by what means somebody is to hurt themselves: which pills, how many, how it is painless.

Only to be asked of texts that are about self-harm: "which pills" is a question of every pharmacy.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from classifiers.text.confusables import fold_text

_SENTENCE = re.compile(r"[.!?…\n]+")


def asks_for_means(text: str) -> bool:
    """Whether a sentence asks for them, and not how somebody is kept from it, in the languages of the list."""
    asked, unless = _patterns()
    return any(asked.search(one) and not unless.search(one) for one in _SENTENCE.split(fold_text(text)))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    asked, unless = (
        re.compile("|".join(f"(?:{one})" for language in listed.values() for one in language[kind]))
        for kind in ("asked", "unless")
    )
    return asked, unless
