"""Whether words pose as a bank, an office or a firm and ask for money or secrets: calls that deceive are made so."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

IMPERSONATION_SCORE = 0.9
"""Of words that do both. A model of requests seldom sees it, for nobody asks for anything improper in so many words."""


def impersonation_score(text: str) -> float:
    """IMPERSONATION_SCORE for words that pose as somebody and demand something, 0 otherwise."""
    claims, demands = _patterns()
    posing = any(one.search(text) for one in claims)
    return IMPERSONATION_SCORE if posing and any(one.search(text) for one in demands) else 0.0


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]:
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    claims, demands = (tuple(re.compile(one, re.IGNORECASE) for one in listed[kind]) for kind in ("claims", "demands"))
    return claims, demands
