"""What a recall was for says who may undo it, and whether it can be appealed."""

from __future__ import annotations

from core.case import Case, Phase, RecallAppeal

LAWFUL_RECALLS = frozenset({"mistake", "policy"})
"""Recalls that may be undone: no right of another and no law asked for them."""


CLAIM_RECALL = "claim"
"""The code of a recall by the claims desk, which alone puts the video back."""

CLAIM_REVERSALS = frozenset({"claim_rejected", "claim_withdrawn", "claim_overturned", "counter_notice"})
"""Why the claims desk puts a video back."""

APPEALABLE_RECALLS = frozenset({"rights", "intimate_image", "illegal", "mistake", "policy"})
"""Recalls by which this service decides itself: consent is its owner's to withdraw, a claim is the claims desk's."""

APPEAL_GRANTED = "appeal_granted"
"""The code of a reversal that grants the appeal of a recall."""


def recall_appealable(case: Case) -> bool:
    """Whether a recall can be appealed: once, and by nobody who took the video down themselves."""
    recalled = case.recalled
    if case.phase is not Phase.WITHDRAWN or recalled is None or case.submitted is None:
        return False
    ours = recalled.code in APPEALABLE_RECALLS and recalled.by != case.submitted.author
    return ours and case.recall_appeal is RecallAppeal.NONE


def recall_appealed(case: Case) -> bool:
    """Whether an appeal of a recall waits for its answer."""
    return case.phase is Phase.WITHDRAWN and case.recall_appeal is RecallAppeal.OPEN


def recalled_by_claim(case: Case) -> bool:
    """Whether a claim took this case down, or is about to."""
    return case.recalled is not None and case.recalled.code == CLAIM_RECALL


def restorable(case: Case) -> bool:
    """Whether the claims desk took this case down, so that it can put it back: not where nobody may view it."""
    sealed = case.view_seal is not None and case.view_seal.sealed
    return case.phase is Phase.WITHDRAWN and recalled_by_claim(case) and not sealed
