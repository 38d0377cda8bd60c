"""Which rulings are given twice, and when a check comes: by a key that no reviewer has, so that nobody can choose.

A number in [0, 1) is made of the key and of what it is about (HMAC-SHA-256). The same case is always in the sample or
never, and the same turn of the same person always has the same check or none.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from core.key_files import load_random_key

_KEY_FILE = "review_sampling.key"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSampling:
    """The shares, and the key by which cases and turns are drawn."""

    key: bytes
    second_share: float
    golden_share: float

    def reviewed_twice(self, case_id: str) -> bool:
        """Whether the rulings on this case are put before a second moderator."""
        return self._unit("second", case_id) < self.second_share

    def golden_turn(self, reviewer: str, turn: int) -> bool:
        """Whether a golden item comes on this turn of theirs."""
        return self._unit("turn", reviewer, str(turn)) < self.golden_share

    def second_turn(self, reviewer: str, turn: int) -> bool:
        """Whether a waiting second review comes on this turn: twice as often as they arise, so that none pile up."""
        pace = min(0.5, 2 * self.second_share)
        return self.golden_share <= self._unit("turn", reviewer, str(turn)) < self.golden_share + pace

    def order(self, reviewer: str, case_id: str) -> float:
        """By what golden items are put in an order that differs from person to person."""
        return self._unit("order", reviewer, case_id)

    def _unit(self, *what: str) -> float:
        digest = hmac.digest(self.key, "\0".join(what).encode(), hashlib.sha256)
        return int.from_bytes(digest[:8]) / 2**64


def load_sampling_key(folder: Path) -> bytes:
    """The key of this installation, made at first use and readable by its owner only. Raises Unavailable."""
    return load_random_key(
        folder / _KEY_FILE,
        size=_KEY_BYTES,
        what="the key of review sampling",
        damaged="delete it, and another sample is drawn",
    )
