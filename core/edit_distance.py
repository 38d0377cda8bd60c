"""How far one sequence is from another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def edit_distance(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Insertions, deletions and replacements from one sequence to another."""
    row = list(range(len(other) + 1))
    for place, item in enumerate(one):
        last = [place + 1]
        for n, there in enumerate(other):
            last.append(min(row[n] + (item != there), row[n + 1] + 1, last[-1] + 1))
        row = last
    return row[-1]
