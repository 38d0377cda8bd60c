"""What happens to claims without anybody asking: clocks, counter-notices whose wait is over, and erasure on time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core.errors import Conflict
from pipeline.claims.answer_outcomes import carry_answer, carry_counter
from pipeline.claims.claim import CLAIMS_ACTOR, Claim, ClaimStep
from pipeline.claims.claim_desk import MODERATORS, ClaimDesk
from pipeline.claims.proof.claim_proofs import ClaimProofs
from pipeline.claims.proof.proof_files import proof_key
from pipeline.claims.standing.left_down import want_left_down_back

log = logging.getLogger("assay.claims")

_TAKING_IN = timedelta(minutes=5)  # for so long whoever takes a claim in may still be about to hide its videos


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimUpkeep:
    """A MaintenanceTask. Each step is safe to interrupt and to do again; what somebody changes meanwhile is left to the
    next sweep.
    """

    desk: ClaimDesk
    proofs: ClaimProofs

    def run_maintenance(self, now: datetime | None = None) -> None:
        """Do what is due. Raises Unavailable."""
        now, store = now or datetime.now(UTC), self.desk.store
        self._each(self._to_hide(now), self._hide, now)
        self._each(store.to_take_down(), self._take_down, now)
        self._each(store.proof_overdue(now), self.proofs.overdue, now)
        self._each(store.to_escalate(now + self.desk.rules.warn), self._escalate, now)
        self._each(store.to_restore(now), self._restore, now)
        self._each(store.to_carry(), self._carry, now)
        want_left_down_back(self.desk, now)
        self._each(store.to_put_back(), self._put_back, now)
        self._each(store.to_erase(now), self._erase, now)
        self.desk.limits.delete_old(now)

    def _each(self, due: Sequence[Claim], step: Callable[[Claim, datetime], None], now: datetime) -> None:
        """Do this for each, as it is at that moment: one that moved since it was found is left to the next sweep."""
        for claim in due:
            try:
                if self.desk.store.get(claim.id).revision == claim.revision:
                    step(claim, now)
            except Conflict:
                log.info("claim %s moved meanwhile: the next sweep does it", claim.id)

    def _to_hide(self, now: datetime) -> Sequence[Claim]:
        """Claims that a process which died left unhidden; those that the guard lets wait wait for a moderator."""
        laws = [law.id for law in self.desk.laws.by_id.values() if law.hides]
        found = self.desk.store.to_hide(laws, now - _TAKING_IN)
        guarded = self.desk.limits.guarded([claim.id for claim in found]) if found else {}
        return [claim for claim in found if claim.id not in guarded]

    def _hide(self, claim: Claim, now: datetime) -> None:
        self.desk.hide_where_due(claim, now)

    def _take_down(self, claim: Claim, now: datetime) -> None:
        """What is still up comes down; once all of it is, it is noted since when."""
        self.desk.take_down(claim, now)
        if (since := self.desk.effects.down_since(claim)) is not None:
            step = ClaimStep(step="removed", at=now, by=CLAIMS_ACTOR)
            since = max(since, claim.received_at)  # it may have been down before
            self.desk.store.change(replace(claim, removed_at=since), step)

    def _escalate(self, claim: Claim, now: datetime) -> None:
        """Moderators are told once that a clock is about to run out."""
        self.desk.store.change(replace(claim, escalated_at=now), ClaimStep(step="escalated", at=now, by=CLAIMS_ACTOR))
        self.desk.notices.notify(MODERATORS, "claim_due", about=claim.id)
        log.warning("claim %s (%s) is due at %s", claim.id, claim.kind.value, claim.due_at)

    def _restore(self, counter: Claim, now: datetime) -> None:
        """Nobody went to court: what the counter-notice is about is put back."""
        carry_counter(self.desk, counter, now)

    def _carry(self, answer: Claim, now: datetime) -> None:
        """A process died between deciding about an answer and carrying it over."""
        carry_answer(self.desk, answer, now)

    def _put_back(self, claim: Claim, now: datetime) -> None:
        """What was still on its way down, or was left by a process that died, goes back."""
        self.desk.put_back(claim, now)

    def _erase(self, claim: Claim, now: datetime) -> None:
        """Proof and everything that is personal, each in its time: keys are destroyed, and then the rows go."""
        texts, store = self.desk.texts, self.desk.store
        if claim.proof_erased_at is None and claim.proof_until is not None and claim.proof_until <= now:
            texts.erase(case_id=proof_key(claim.id))
            store.erase_files(claim.id)
            step = ClaimStep(step="proof_erased", at=now, by=CLAIMS_ACTOR)
            claim = store.change(replace(claim, proof_erased_at=now), step)
        if claim.personal_erased_at is None and claim.personal_until is not None and claim.personal_until <= now:
            texts.erase(case_id=claim.id)
            step = ClaimStep(step="personal_erased", at=now, by=CLAIMS_ACTOR)
            store.change(replace(claim, personal_erased_at=now, urls=()), step)
