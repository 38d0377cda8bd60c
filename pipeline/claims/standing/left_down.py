"""Finds what a closed claim left down: whoever took it down died before they looked whether the claim still stood.

Nothing is stored for this: each sweep looks again at the claims that were closed lately, so that doing it twice, or
dying in the middle, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from core.case import Phase
from core.errors import NotFound
from core.recalls import recalled_by_claim, restorable
from pipeline.claims.claim import Claim
from pipeline.claims.claim_desk import ClaimDesk

LOOKED_BACK = timedelta(days=7)
"""A process that died is repaired as long as the installation was not away for longer."""


def want_left_down_back(desk: ClaimDesk, now: datetime) -> None:
    """Note for each what it has to put back, for the sweep that puts back."""
    for claim in _closed_lately(desk, now - LOOKED_BACK):
        if left := _left_down(desk, claim):
            desk.effects.want_back(claim.id, left, now)


def _closed_lately(desk: ClaimDesk, since: datetime) -> Iterator[Claim]:
    """Claims that were decided since then, and those whose decision was turned round."""
    seen: set[str] = set()
    for one in desk.store.decided_since(since):
        claim = desk.store.get(one.answers) if one.answers else one
        if claim.id not in seen:
            seen.add(claim.id)
            yield claim


def _left_down(desk: ClaimDesk, claim: Claim) -> tuple[str, ...]:
    """Those of its videos that a claim took down, or something made of them, though no claim keeps it down."""
    spared = [one for one in claim.case_ids if one not in claim.comes_down and one not in claim.put_back_ids]
    return tuple(one for one in spared if any(_is_left(desk, case_id) for case_id in _made_of(desk, one)))


def _made_of(desk: ClaimDesk, case_id: str) -> list[str]:
    kept = frozenset(desk.effects.lineage.descendants(desk.store.keeping_down()))
    return [one for one in desk.effects.lineage.descendants([case_id]) if one not in kept]


def _is_left(desk: ClaimDesk, case_id: str) -> bool:
    try:
        case = desk.effects.ledger.load(case_id)
    except NotFound:
        return False
    return restorable(case) or (case.phase is Phase.RECALLED and recalled_by_claim(case))
