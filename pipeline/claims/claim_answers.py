"""What accounts do about claims: the author of a video that one is about reads why, appeals, or sends a counter-notice;
an account through which claims came does with them what whoever has their secret link may.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import NotFound, NotNow
from core.roles import Principal, Scope, require_scope
from pipeline.claims.claim import Claim, ClaimDecision, ClaimStep, claim_secret_digest, new_tracking_number
from pipeline.claims.claim_desk import MODERATORS, ClaimDesk, claimed
from pipeline.claims.claim_forms import ClaimForm, check_claim_form
from pipeline.claims.claim_laws import ClaimLaw

_UPHELD = (ClaimDecision.UPHELD, ClaimDecision.PARTLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAgainst:
    """A claim as the author of a video reads it: nothing in it says who made it.

    `reason` are the moderator's words; `counter` is the law of the counter-notice that they may send now.
    """

    claim: Claim
    law: ClaimLaw
    steps: Sequence[ClaimStep]
    own_cases: tuple[str, ...]
    reason: str
    answers: Sequence[Claim]
    may_appeal: bool
    counter: ClaimLaw | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAnswers:
    """For accounts whose videos claims are about. Raises NotFound for anybody else: whether there is one is no
    business of theirs.
    """

    desk: ClaimDesk

    def against(self, who: Principal, claim_id: str, now: datetime) -> ClaimAgainst:
        """A claim that hid or took down a video of this account."""
        claim, own = self._own(who, claim_id)
        answers = [one for one in self.desk.store.answers_to(claim.id) if one.by_author and one.via_account == who.id]
        return ClaimAgainst(
            claim=claim,
            law=self.desk.laws.get(claim.law),
            steps=self.desk.store.steps(claim.id),
            own_cases=own,
            reason=self.desk.read(claim.reason).get("words", ""),
            answers=answers,
            may_appeal=self.desk.appealable(claim, now, by_author=True, account=who.id),
            counter=self._counter(claim, own),
        )

    def appeal(self, who: Principal, claim_id: str, words: str, now: datetime) -> Claim:
        """Ask that somebody else decides. Raises NotNow, BadInput."""
        require_scope(who, Scope.SUBMIT, Scope.MANAGE)
        claim, _ = self._own(who, claim_id)
        return self.desk.make_appeal(claim, words, now, by_author=True, account=who.id)

    def counter(self, who: Principal, claim_id: str, form: ClaimForm, now: datetime) -> Claim:
        """Send a counter-notice: after the wait of the law the videos are put back, unless the claimant goes to court.

        It is passed on to the claimant, with the name and the address in it. Raises NotNow, BadInput.
        """
        require_scope(who, Scope.SUBMIT, Scope.MANAGE)
        claim, own = self._own(who, claim_id)
        law = self._counter(claim, own)
        if law is None:
            raise NotNow("no counter-notice can be sent to this claim, or one was sent")
        check_claim_form(form, law, has_file=True)
        store, texts, counter_id = self.desk.store, self.desk.texts, new_tracking_number()
        counter = Claim(
            id=counter_id,
            secret_sha256=claim_secret_digest(secrets.token_hex(32)),
            kind=claim.kind,
            law=law.id,
            received_at=now,
            due_at=law.due(now),
            restore_from=law.restore_from(now),
            case_ids=tuple(one for one in own if one in claim.upheld_ids),
            via_account=who.id,
            by_author=True,
            language=form.language,
            statements=tuple(one.id for one in law.statements),
            counter_of=claim.id,
            contact_text=texts.put(json.dumps(form.contact, ensure_ascii=False), case_id=counter_id),
            statement_text=texts.put(json.dumps(form.words, ensure_ascii=False), case_id=counter_id),
        )
        store.add(counter, ClaimStep(step="received", at=now, by=who.id))
        kept = replace(claim, proof_until=None, personal_until=None)
        store.change(kept, ClaimStep(step="countered", at=now, by=who.id))
        self.desk.effects.note(counter, claimed(counter, "countered", by=who.id))
        self.desk.notices.notify(MODERATORS, "claim_countered", about=counter.id)
        return counter

    def _own(self, who: Principal, claim_id: str) -> tuple[Claim, tuple[str, ...]]:
        claim = self.desk.store.get(claim_id)
        own = self.desk.effects.cases_of(who.id, claim.case_ids)
        touched = claim.paused_at is not None or claim.decision in _UPHELD or claim.restored_at is not None
        if claim.answers or not own or not touched:
            raise NotFound("there is no such claim")
        return claim, own

    def _counter(self, claim: Claim, own: Sequence[str]) -> ClaimLaw | None:
        """Only to what was upheld, of this account, and once."""
        law = self.desk.laws.counter_to(claim.law)
        if law is None or claim.decision not in _UPHELD or claim.restored_at is not None:
            return None
        sent = {case_id for one in self.desk.store.answers_to(claim.id) if one.counter_of for case_id in one.case_ids}
        return law if {*own} & {*claim.upheld_ids} - sent else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClaims:
    """For accounts. Raises NotFound for a claim of anybody else, and for what an account answered as an author."""

    desk: ClaimDesk

    def get(self, who: Principal, claim_id: str) -> Claim:
        """A claim that came through this account."""
        require_scope(who, Scope.READ, Scope.SUBMIT, Scope.MANAGE)
        return self._own(who, claim_id)

    def withdraw(self, who: Principal, claim_id: str, now: datetime) -> Claim:
        """Take it back before it is decided. Raises NotNow."""
        return self.desk.take_back(self._acting(who, claim_id), now)

    def appeal(self, who: Principal, claim_id: str, words: str, now: datetime) -> Claim:
        """Ask that somebody else decides. Raises NotNow, BadInput."""
        return self.desk.make_appeal(self._acting(who, claim_id), words, now, by_author=False, account=who.id)

    def went_to_court(self, who: Principal, claim_id: str, words: str, now: datetime) -> Claim:
        """Say that a court was asked, after a counter-notice. Raises NotNow, BadInput."""
        return self.desk.note_court(self._acting(who, claim_id), words, now)

    def _acting(self, who: Principal, claim_id: str) -> Claim:
        require_scope(who, Scope.SUBMIT, Scope.MANAGE)
        return self._own(who, claim_id)

    def _own(self, who: Principal, claim_id: str) -> Claim:
        claim = self.desk.store.get(claim_id)
        if claim.via_account != who.id or claim.by_author:
            raise NotFound("there is no such claim")
        return claim
