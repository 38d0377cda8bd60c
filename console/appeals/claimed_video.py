"""Where the author of a video that a claim took down appeals: at the claim, and not at the video."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case
from core.events import Claimed
from core.ports import RecordedEvent
from core.recalls import recalled_by_claim


def claim_against(case: Case, history: Sequence[RecordedEvent]) -> str:
    """The claim that keeps it down; empty where none does."""
    if not recalled_by_claim(case):
        return ""
    return next((one.event.claim for one in reversed(history) if isinstance(one.event, Claimed)), "")
