"""Whether a text wants somebody or something shown: whoever asks how old a singer is infringes nobody's rights."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

RIGHTS_LABELS = frozenset({"public_figure", "copyright_ip", "artist_style"})
"""What is a question of rights, and only where it is shown."""

_WORDS_FILE = Path(__file__).with_name("shown.toml")
_ONLY_ASKED = 0.5


def shown_factor(text: str) -> float:
    """By what the scores of RIGHTS_LABELS are multiplied: 1.0 unless the text plainly wants words and nothing shown."""
    asks, unless = _patterns()
    lower = text.lower()
    return _ONLY_ASKED if asks.search(lower) and not unless.search(lower) else 1.0


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return re.compile(table["asks"].replace("\n", "")), re.compile(table["unless"].replace("\n", ""))
