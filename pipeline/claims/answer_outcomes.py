"""What a decided appeal, or a counter-notice whose wait is over, makes of the claim that it answers.

That the claim took an answer over stands in the claim, written with what the answer makes of it: a process that dies
before leaves it to the next sweep, and none does it twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.claims.claim import CLAIMS_ACTOR, Claim, ClaimDecision, ClaimStep
from pipeline.claims.claim_desk import ClaimDesk, claimed


def carry_answer(desk: ClaimDesk, answer: Claim, now: datetime) -> None:
    """Confirm the claim, or turn its decision round, as the decided answer says. Raises Conflict."""
    first = desk.store.get(answer.answers)
    if answer.id in first.carried_answers:
        return
    kept = _carried(desk, first, answer, now)
    if answer.appeal_of is None or answer.decision is not ClaimDecision.UPHELD:
        desk.store.change(kept, ClaimStep(step="confirmed", at=now, by=answer.decided_by, code=answer.code))
        tell_authors(desk, _touched(first, answer), "claim_confirmed")
        return
    desk.limits.forgive(first.id)
    turned = _for_author(kept, answer) if answer.by_author else _for_claimant(kept, answer)
    changed = desk.store.change(turned, ClaimStep(step="overturned", at=now, by=answer.decided_by, code=answer.code))
    desk.effects.note(_touched(changed, answer), claimed(changed, "overturned", by=answer.decided_by, code=answer.code))
    tell_authors(desk, _touched(first, answer), "claim_overturned")
    if not answer.by_author:
        desk.take_down(changed, now)
    desk.put_back(changed, now)


def carry_counter(desk: ClaimDesk, counter: Claim, now: datetime) -> None:
    """Nobody went to court: what the counter-notice is about goes back. Raises Conflict."""
    first = desk.store.get(counter.answers)
    if counter.id not in first.carried_answers:
        left = tuple(one for one in first.upheld_ids if one not in counter.case_ids)
        back = tuple(one for one in first.comes_down if one in counter.case_ids)
        kept = _carried(desk, first, counter, now)
        if back:
            kept = _wanting_back(kept, back, "counter_notice")
            if left:
                kept = replace(kept, upheld_ids=left, decision=ClaimDecision.PARTLY)
            else:
                kept = replace(kept, restored_at=now)
        changed = desk.store.change(kept, ClaimStep(step="counter_carried_out", at=now, by=CLAIMS_ACTOR))
        desk.put_back(changed, now)
    done = desk.close(
        replace(counter, restored_at=now),
        ClaimDecision.UPHELD,
        now,
        by=CLAIMS_ACTOR,
        step="decided",
        code="counter_carried_out",
    )
    desk.effects.note(done, claimed(done, "decided"))


def tell_authors(desk: ClaimDesk, claim: Claim, code: str) -> None:
    """Tell whose videos it is about."""
    for author in desk.effects.authors(claim):
        desk.notices.notify(author, code, about=claim.id)


def _carried(desk: ClaimDesk, first: Claim, answer: Claim, now: datetime) -> Claim:
    """It took the answer over; what is personal is erased on time, unless another answer waits for it."""
    carried = replace(first, carried_answers=(*first.carried_answers, answer.id))
    if any(one.open and one.id != answer.id for one in desk.store.answers_to(first.id)):
        return carried
    return replace(carried, proof_until=now + desk.rules.proof, personal_until=now + desk.rules.personal)


def _for_author(first: Claim, answer: Claim) -> Claim:
    """Their own videos go back, and those of others stay as they are."""
    left = tuple(one for one in first.upheld_ids if one not in answer.case_ids)
    back = tuple(one for one in first.comes_down if one in answer.case_ids)
    turned = _wanting_back(replace(first, upheld_ids=left), back, "claim_overturned")
    if left:
        return replace(turned, decision=ClaimDecision.PARTLY)
    return replace(turned, decision=ClaimDecision.REJECTED, code=answer.code, reason=answer.reason)


def _for_claimant(first: Claim, answer: Claim) -> Claim:
    """Everything that the claim is about comes down."""
    return replace(
        first,
        decision=ClaimDecision.UPHELD,
        code=answer.code,
        reason=answer.reason,
        upheld_ids=first.case_ids,
        restored_at=None,
        removed_at=None,
        put_back_ids=(),
        put_back_code="",
    )


def _wanting_back(claim: Claim, back: tuple[str, ...], code: str) -> Claim:
    if not back:
        return claim
    wanted = tuple(dict.fromkeys((*claim.put_back_ids, *back)))
    return replace(claim, put_back_ids=wanted, put_back_code=code)


def _touched(claim: Claim, answer: Claim) -> Claim:
    """The claim as far as the answer goes: one author's is no business of another's."""
    return replace(claim, case_ids=answer.case_ids) if answer.by_author else claim
