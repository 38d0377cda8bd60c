"""Where moderators decide about claims: the queue by the legal clock, everything that was sent, and the decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import BadInput, Conflict, Forbidden, NotNow
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.claims.answer_outcomes import carry_answer, tell_authors
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind, ClaimStep
from pipeline.claims.claim_codes import MISUSE, claim_codes, require_claim_code
from pipeline.claims.claim_desk import ClaimAnswer, ClaimDesk, claimed
from pipeline.claims.claim_laws import ClaimLaw
from pipeline.claims.claim_limits import GuardedClaim
from pipeline.claims.claim_store import ClaimCount, ClaimFile
from pipeline.claims.claim_videos import MAX_CLAIMED_VIDEOS, ClaimedVideos, named_numbers
from pipeline.claims.joined_claims import first_of_each, joined_claims, settles_others
from pipeline.claims.proof.proof_files import proof_key
from pipeline.claims.proof.proof_talk import ProofTalk, proof_talk

QUEUE_PAGE = 200
"""How many claims are on a page of the queue."""

_AT_ONCE = 500  # read from the store
_UPHELD = (ClaimDecision.UPHELD, ClaimDecision.PARTLY)
_CHOICES = (ClaimDecision.UPHELD, ClaimDecision.PARTLY, ClaimDecision.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingClaim:
    """A line of the queue. `guarded` says why it waits behind others, or for proof; None where it does not."""

    claim: Claim
    law: ClaimLaw
    seconds_left: float | None
    late: bool
    guarded: GuardedClaim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDossier:
    """All there is about a claim. Words and contact are empty once they were erased.

    `about` is the claim that an appeal or a counter-notice answers; `others` are claims about the same videos.
    `conflict` says why this person may not decide, if so; `choices` are decisions with their reasons.
    """

    claim: Claim
    law: ClaimLaw
    steps: Sequence[ClaimStep]
    contact: Mapping[str, str]
    words: Mapping[str, str]
    authority: str
    reason: str
    files: Sequence[ClaimFile]
    proof: ProofTalk
    about: Claim | None
    answers: Sequence[ClaimAnswer]
    others: Sequence[Claim]
    conflict: str
    choices: Mapping[ClaimDecision, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReview:
    """For moderators: each method raises Forbidden for anybody else."""

    desk: ClaimDesk
    videos: ClaimedVideos

    def queue(
        self, who: Principal, now: datetime, *, kind: ClaimKind | None = None, page: int = 1
    ) -> Sequence[WaitingClaim]:
        """Claims that wait, the first due first; behind them those that the guard against abuse lets wait.

        Of several that ask the same only one is listed: they are decided together. There are 200 on a page.
        """
        _require_moderator(who)
        wanted, skip = page * QUEUE_PAGE, 0
        rows: Sequence[WaitingClaim] = ()
        while len(rows) < wanted:
            claims = self.desk.store.waiting(kind=kind, limit=_AT_ONCE, skip=skip)
            guarded = self.desk.limits.guarded([claim.id for claim in claims])
            more = [self._row(claim, now, guarded.get(claim.id)) for claim in claims]
            rows = first_of_each([*rows, *more], lambda row: row.claim)
            if len(claims) < _AT_ONCE:
                break
            skip += _AT_ONCE
        return rows[wanted - QUEUE_PAGE : wanted]

    def decided(self, who: Principal, now: datetime) -> Sequence[WaitingClaim]:
        """Claims that were decided, the newest decision first."""
        _require_moderator(who)
        return [self._row(claim, now) for claim in self.desk.store.decided(limit=100)]

    def counts(self, who: Principal, now: datetime) -> Sequence[ClaimCount]:
        """How many of each kind wait, were late, were decided."""
        _require_moderator(who)
        return self.desk.store.counts(now)

    def show(self, who: Principal, claim_id: str) -> ClaimDossier:
        """Everything about a claim; of whoever sent it nothing to a moderator whom it concerns. Raises NotFound."""
        _require_moderator(who)
        desk, claim = self.desk, self.desk.store.get(claim_id)
        concerned = bool(self._concern(who, claim))
        others = {
            one.id: one for case_id in claim.case_ids for one in desk.store.of_case(case_id) if one.id != claim.id
        }
        conflict = self._conflict(who, claim)
        dossier = ClaimDossier(
            claim=claim,
            law=desk.laws.get(claim.law),
            steps=desk.store.steps(claim.id),
            contact=desk.read(claim.contact_text),
            words=desk.read(claim.statement_text),
            authority=desk.read(claim.proof_text).get("authority", ""),
            reason=desk.read(claim.reason).get("words", ""),
            files=desk.store.files(claim.id),
            proof=proof_talk(desk, claim),
            about=desk.store.get(claim.answers) if claim.answers else None,
            answers=[desk.answer_of(one) for one in desk.store.answers_to(claim.id)],
            others=list(others.values()),
            conflict=conflict,
            choices=self._choices(claim) if not conflict else {},
        )
        return _without_senders(dossier) if concerned else dossier

    def file(self, who: Principal, claim_id: str, file_id: str) -> tuple[ClaimFile, Iterator[bytes]]:
        """A file that came with it, part by part. Raises NotFound, also once it was erased; Forbidden for whom it
        concerns.
        """
        _require_moderator(who)
        if concern := self._concern(who, self.desk.store.get(claim_id)):
            raise Forbidden(concern)
        content = self.desk.store.read_file(claim_id, file_id, key=proof_key(claim_id))
        return next(one for one in self.desk.store.files(claim_id) if one.id == file_id), content

    def name_videos(
        self, who: Principal, claim_id: str, about: Sequence[str], *, revision: int, now: datetime
    ) -> Claim:
        """Say which videos a claim is about, where none was found, or others.

        Raises Forbidden for whom it concerns, or a video of whom is named; NotNow, BadInput, Conflict.
        """
        claim = self._open(who, claim_id, revision)
        if claim.answers or claim.paused_at is not None:
            raise NotNow("which videos this is about cannot be changed any more")
        if len(named_numbers(about)) > MAX_CLAIMED_VIDEOS:
            raise BadInput("Name at most 20 videos in one claim.", param="about")
        found = self.videos.named(about)
        if not found.case_ids:
            raise BadInput("No sealed video has this number or address.", param="about")
        named = replace(claim, case_ids=found.case_ids, certain=True)
        if concern := self._concern(who, claim) or self._concern(who, named):
            raise Forbidden(concern)
        return self.desk.hide_where_due(self.desk.store.change(named, ClaimStep(step="named", at=now, by=who.id)), now)

    def decide(
        self,
        who: Principal,
        claim_id: str,
        decision: ClaimDecision,
        *,
        code: str,
        words: str = "",
        upheld: Sequence[str] = (),
        revision: int,
        now: datetime,
    ) -> Claim:
        """Uphold, uphold in part (for the videos in `upheld`), or reject; both sides are told.

        What is upheld comes down with its remixes and stays down; what was hidden and is not upheld is put back. An
        appeal that is upheld turns the first decision round. Other claims that ask the same are decided with it, where
        the reason is the video's. Raises Forbidden, NotNow, Conflict, BadInput.
        """
        decided = self._decide_one(
            who, claim_id, decision, code=code, words=words, upheld=upheld, revision=revision, now=now
        )
        if not decided.answers and settles_others(decision, code):
            self._decide_joined(who, decided, decision, code=code, upheld=upheld, now=now)
        return self.desk.store.get(claim_id)

    def _decide_one(
        self,
        who: Principal,
        claim_id: str,
        decision: ClaimDecision,
        *,
        code: str,
        words: str = "",
        upheld: Sequence[str],
        revision: int,
        now: datetime,
    ) -> Claim:
        claim = self.deciding(who, claim_id, revision)
        if decision not in self._choices(claim):
            raise BadInput("this can not be decided so", param="decision")
        code, ids = require_claim_code(claim, decision, code), self._upheld(claim, decision, upheld)
        if claim.counter_of:
            claim = replace(claim, restore_from=None)
        back = tuple(one for one in claim.case_ids if one not in ids) if claim.paused_at is not None else ()
        claim = replace(claim, put_back_ids=back, put_back_code="claim_rejected" if back else "")
        reason = self.desk.keep_words(words, claim.id)
        decided = self.desk.close(claim, decision, now, by=who.id, step="decided", code=code, reason=reason, upheld=ids)
        self.desk.effects.note(decided, claimed(decided, "decided", by=who.id))
        if (decision, code) == (ClaimDecision.REJECTED, MISUSE):
            self.desk.limits.reject(decided.id, now)
        if claim.answers:
            carry_answer(self.desk, decided, now)
        else:
            self._carry_out(decided, now)
        return decided

    def deciding(self, who: Principal, claim_id: str, revision: int) -> Claim:
        """An open claim that this person may decide about. Raises Forbidden, NotNow, Conflict, NotFound."""
        claim = self._open(who, claim_id, revision)
        if conflict := self._conflict(who, claim):
            raise Forbidden(conflict)
        return claim

    def _decide_joined(
        self,
        who: Principal,
        claim: Claim,
        decision: ClaimDecision,
        *,
        code: str,
        upheld: Sequence[str],
        now: datetime,
    ) -> None:
        """Decide what asks the same in the same way, without the words, which are for one claimant.

        A claim that this person may not decide waits for another.
        """
        for other in joined_claims(self.desk.store, claim):
            with suppress(Forbidden, NotNow, Conflict):
                self._decide_one(who, other.id, decision, code=code, upheld=upheld, revision=other.revision, now=now)

    def _carry_out(self, claim: Claim, now: datetime) -> None:
        if claim.comes_down:
            self.desk.take_down(claim, now)
            tell_authors(self.desk, replace(claim, case_ids=claim.upheld_ids), "claim_upheld")
        self.desk.put_back(claim, now)

    def _upheld(self, claim: Claim, decision: ClaimDecision, upheld: Sequence[str]) -> tuple[str, ...]:
        if claim.answers or decision is ClaimDecision.REJECTED:
            return ()
        if not claim.case_ids:
            raise BadInput("Say first which videos it is about.", param="about")
        if decision is ClaimDecision.UPHELD:
            return claim.case_ids
        chosen = tuple(one for one in claim.case_ids if one in upheld)
        if not chosen or chosen == claim.case_ids:
            raise BadInput("Choose for which of the videos it is upheld: some of them, and not all.", param="upheld")
        return chosen

    def _choices(self, claim: Claim) -> Mapping[ClaimDecision, Mapping[str, str]]:
        """What can be decided about it now, with the reasons for each."""
        if not claim.open:
            return {}
        possible = [one for one in _CHOICES if claim_codes(claim, one)]
        if claim.answers or len(claim.case_ids) < 2:
            possible = [one for one in possible if one is not ClaimDecision.PARTLY]
        if not claim.answers and not claim.case_ids:
            possible = [ClaimDecision.REJECTED]
        return {one: claim_codes(claim, one) for one in possible}

    def _conflict(self, who: Principal, claim: Claim) -> str:
        """Why this person does not decide about it; empty where nothing speaks against it."""
        if self.desk.rules.one_person or not claim.open:
            return ""
        if concern := self._concern(who, claim):
            return concern
        if claim.appeal_of:
            first = self.desk.store.get(claim.answers)
            before = (first, *self.desk.store.answers_to(first.id))
            if any(one.decided_by == who.id and {*one.case_ids} & {*claim.case_ids} for one in before):
                return "you decided about this claim before: another moderator decides about the appeal"
        return ""

    def _concern(self, who: Principal, claim: Claim) -> str:
        """How a claim, open or decided, concerns this person themselves; empty where it does not."""
        if self.desk.rules.one_person:
            return ""
        first = self.desk.store.get(claim.answers) if claim.answers else claim
        if who.id in (claim.via_account, first.via_account):
            return "you made this claim yourself: another moderator decides about it"
        if self.desk.effects.cases_of(who.id, first.case_ids):
            return "this claim is about a video of yours: another moderator decides about it"
        return ""

    def _open(self, who: Principal, claim_id: str, revision: int) -> Claim:
        _require_moderator(who)
        claim = self.desk.store.get(claim_id)
        if claim.revision != revision:
            raise Conflict("this claim has changed since you read it: read it again")
        if not claim.open:
            raise NotNow("this claim was decided already")
        return claim

    def _row(self, claim: Claim, now: datetime, guarded: GuardedClaim | None = None) -> WaitingClaim:
        left = (claim.due_at - now).total_seconds() if claim.due_at and claim.open else None
        return WaitingClaim(
            claim=claim, law=self.desk.laws.get(claim.law), seconds_left=left, late=claim.is_late(now), guarded=guarded
        )


def _without_senders(dossier: ClaimDossier) -> ClaimDossier:
    """The dossier as somebody reads it whom the claim concerns: nothing of who sent anything, nor their words."""

    def of_nobody(claim: Claim) -> Claim:
        return replace(claim, via_account="", urls=())

    return replace(
        dossier,
        claim=of_nobody(dossier.claim),
        steps=[replace(step, by="", words="") for step in dossier.steps],
        contact={},
        words={},
        authority="",
        files=(),
        proof=dossier.proof.without_senders(),
        about=of_nobody(dossier.about) if dossier.about else None,
        answers=[replace(one, claim=of_nobody(one.claim), contact={}, words={}) for one in dossier.answers],
        others=[of_nobody(one) for one in dossier.others],
    )


def _require_moderator(who: Principal) -> None:
    require_role(who, Role.MODERATOR)
    require_scope(who, Scope.MODERATE)
