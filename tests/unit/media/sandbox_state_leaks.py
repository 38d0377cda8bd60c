"""For test_sandbox_pool: functions that leave something behind, if it can be left."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

SLOW_IMPORTS = ("colorsys",)
WORDS: list[str] = []


def leave(word: str) -> list[str]:
    """All words that were ever left in this process."""
    WORDS.append(word)
    return WORDS


def stay(path: str) -> None:
    """For ever, after saying under which number."""
    Path(path).write_text(str(os.getpid()))
    while True:
        time.sleep(1)


def session() -> str:
    """Whose."""
    return "its own" if os.getsid(0) == os.getpid() else "another's"


def has_imported(module: str) -> bool:
    """By now."""
    return module in sys.modules
