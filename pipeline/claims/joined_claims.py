"""Claims of one kind about the same videos are one question, which a moderator sees once and decides once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.claims.claim import Claim, ClaimDecision
from pipeline.claims.claim_store import ClaimStore

_OF_THE_SENDER = frozenset({"no_right_shown", "incomplete", "duplicate", "misuse"})
"""Rejections that say something of whoever made the claim, and nothing of the video: they are for that claim alone."""

_FORMAL = frozenset({"no_right_shown", "incomplete", "duplicate"})  # rejected so, nobody looked at the video itself
_Row = TypeVar("_Row")


def joined_claims(store: ClaimStore, claim: Claim) -> Sequence[Claim]:
    """Other open claims that ask the same, the oldest first. Counter-notices and appeals ask something of their own."""
    if claim.answers or not claim.case_ids:
        return ()
    found = [one for one in store.of_case(claim.case_ids[0]) if one.id != claim.id and one.open]
    return sorted((one for one in found if _question(one) == _question(claim)), key=lambda one: one.received_at)


def settles_others(decision: ClaimDecision, code: str) -> bool:
    """Whether a decision is about the videos, and so decides every claim that asks the same."""
    return decision is not ClaimDecision.REJECTED or code not in _OF_THE_SENDER


def rejected_before(store: ClaimStore, claim: Claim) -> bool:
    """Whether somebody looked at one of its videos for a claim of this kind, and found nothing, or no good faith."""
    return any(
        one.kind is claim.kind and one.decision is ClaimDecision.REJECTED and one.code not in _FORMAL
        for case_id in claim.case_ids
        for one in store.of_case(case_id)
        if one.id != claim.id and not one.answers
    )


def first_of_each(rows: Sequence[_Row], claim_of: Callable[[_Row], Claim]) -> Sequence[_Row]:
    """The rows of a queue without those that ask what one before them asks."""
    kept: dict[object, _Row] = {}
    for row in rows:
        claim = claim_of(row)
        alone = claim.answers or not claim.case_ids
        kept.setdefault(claim.id if alone else _question(claim), row)
    return list(kept.values())


def _question(claim: Claim) -> tuple[object, ...]:
    return claim.kind, claim.law, frozenset(claim.case_ids), claim.answers
