"""Whether words threaten the person they are said to, in languages that the models of requests know less well."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

THREAT_SCORE = 0.8
"""Of a sentence that threatens. Grammar tells it from a story or a joke only roughly: a person decides."""
_SENTENCE = re.compile(r"[.!?。！？।؟\n]+")


def threat_score(text: str) -> float:
    """THREAT_SCORE where a sentence threatens "you" and does not say that it is a joke, a game or a story; else 0."""
    threats, harmless = _patterns()
    for sentence in _SENTENCE.split(text):
        if threats.search(sentence) and not harmless.search(sentence):
            return THREAT_SCORE
    return 0.0


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    threats, harmless = (
        re.compile("|".join(f"(?:{one})" for one in listed[kind]), re.IGNORECASE) for kind in ("threats", "harmless")
    )
    return threats, harmless
