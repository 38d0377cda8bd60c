"""Takes claims in, from anybody, and shows whoever made one how it stands; takes back, appeals, goes on after a court.

Personal data lies under two keys of each claim, which are destroyed on time: one for contact and words, one for proof.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from core.errors import BadInput, Conflict, Erased, NotFound, NotNow
from core.events import Claimed
from core.ports import TextStore
from core.roles import Principal
from pipeline.claims.claim import (
    CLAIMS_ACTOR,
    Claim,
    ClaimDecision,
    ClaimKind,
    ClaimStep,
    claim_secret_digest,
    new_claim_secret,
    new_tracking_number,
)
from pipeline.claims.claim_effects import ClaimEffects
from pipeline.claims.claim_files import ClaimUpload
from pipeline.claims.claim_forms import ClaimForm, check_claim_form
from pipeline.claims.claim_laws import ClaimLaw, ClaimLaws
from pipeline.claims.claim_ports import ClaimLimitsPort, ClaimNotices
from pipeline.claims.claim_settings import ClaimRules
from pipeline.claims.claim_store import ClaimStore
from pipeline.claims.claim_videos import FoundVideos
from pipeline.claims.joined_claims import joined_claims, rejected_before
from pipeline.claims.proof.proof_files import keep_proof, proof_key

APPEAL_LAW = "eu_dsa_20"
"""The law by which decisions are appealed."""

MODERATORS = "role:moderator"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAnswer:
    """A counter-notice or an appeal, as the other side reads it. `contact` only where the law passes it on."""

    claim: Claim
    law: ClaimLaw
    contact: Mapping[str, str]
    words: Mapping[str, str]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStatus:
    """How a claim stands, for whoever made it. `reason` are the moderator's words, empty where there are none, or none
    any more; `visible` says of each video whether it can be seen now.
    """

    claim: Claim
    law: ClaimLaw
    steps: Sequence[ClaimStep]
    reason: str
    answers: Sequence[ClaimAnswer]
    visible: Mapping[str, bool]
    may_appeal: bool
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDesk:
    """Open to anybody. `secret` keys the hashes by which senders are told apart."""

    store: ClaimStore
    texts: TextStore
    laws: ClaimLaws
    effects: ClaimEffects
    limits: ClaimLimitsPort
    notices: ClaimNotices
    rules: ClaimRules
    secret: Callable[[], bytes]

    # -- taking in

    def submit(
        self,
        form: ClaimForm,
        *,
        found: FoundVideos,
        uploads: Sequence[ClaimUpload] = (),
        account: Principal | None = None,
        address: str,
        now: datetime,
    ) -> tuple[Claim, str]:
        """Keep a claim; returns it with the secret of its status page, which is told this once.

        Where its law hides, and the video was certainly found, it is hidden at once. Raises BadInput for what the law
        asks for and is missing, InsufficientQuota.
        """
        law = self.laws.choose(form.kind, form.law, form.territory)
        check_claim_form(form, law, has_file=found.from_file)
        *sender, place = self.claim_keys(form.email, address)
        intimate = form.kind is ClaimKind.INTIMATE_IMAGE
        for key in (*sender, place):
            self.limits.admit(key, now, is_address=key is place, spare=intimate)
        trusted = account is not None and account.id in self.rules.trusted_flaggers
        secret, claim_id = new_claim_secret(), new_tracking_number()
        claim = Claim(
            id=claim_id,
            secret_sha256=claim_secret_digest(secret),
            kind=form.kind,
            law=law.id,
            received_at=now,
            due_at=law.due(now, trusted=trusted),
            case_ids=found.case_ids,
            certain=found.certain,
            urls=form.about,
            named_count=len(form.about),
            via_account=account.id if account else "",
            trusted_flagger=trusted,
            territory=form.territory,
            language=form.language,
            statements=tuple(one.id for one in law.statements if one.id in form.statements),
            contact_text=self._put(form.contact, claim_id),
            statement_text=self._put(form.words, claim_id),
            proof_text=self._put({"authority": form.authority.strip()}, proof_key(claim_id)),
        )
        self.store.add(claim, ClaimStep(step="received", at=now))
        if found.unread:
            claim = self.store.change(claim, ClaimStep(step="file_not_read", at=now))
        claim = keep_proof(self.store, self.limits, claim, uploads, place=place, now=now)
        weighed = self.limits.weigh(claim_id, now, sender_key="".join(sender), address_key=place, intimate=intimate)
        if weighed is not None:  # whoever made it reads so on its status page
            claim = self.store.change(claim, ClaimStep(step=weighed.guard.value, at=now, code=weighed.rule.value))
        if joined_claims(self.store, claim):
            claim = self.store.change(claim, ClaimStep(step="joined", at=now))
        self.notices.notify(MODERATORS, "claim_came", about=claim_id)
        return self.hide_where_due(claim, now), secret

    def claim_keys(self, email: str, address: str) -> tuple[str, ...]:
        """Keyed hashes by which whoever comes again is known: of their e-mail address, where they gave one, and of
        where they come from.

        Nobody has proved that the e-mail address is theirs, so it counts only together with where it came from.
        """
        given = [f"email:{email.strip().casefold()} {address}"] if email.strip() else []
        return tuple(
            hmac.new(self.secret(), one.encode(), sha256).hexdigest() for one in (*given, f"address:{address}")
        )

    # -- for whoever made it

    def by_secret(self, secret: str) -> Claim:
        """The claim of a secret link. Raises NotFound."""
        return self.store.by_secret(claim_secret_digest(secret))

    def status(self, secret: str, now: datetime) -> ClaimStatus:
        """How it stands. Raises NotFound."""
        return self.status_of(self.by_secret(secret), now)

    def status_of(self, claim: Claim, now: datetime) -> ClaimStatus:
        """The same of a claim that somebody may see."""
        return ClaimStatus(
            claim=claim,
            law=self.laws.get(claim.law),
            steps=self.store.steps(claim.id),
            reason=self.read(claim.reason).get("words", ""),
            answers=[self.answer_of(one) for one in self.store.answers_to(claim.id)],
            visible={case_id: self.effects.is_visible(case_id) for case_id in claim.case_ids},
            may_appeal=self.appealable(claim, now, by_author=False),
            late=claim.is_late(now),
        )

    def withdraw(self, secret: str, now: datetime) -> Claim:
        """Take a claim back that nobody has decided about; what it had hidden is put back. Raises NotNow, NotFound."""
        return self.take_back(self.by_secret(secret), now)

    def take_back(self, claim: Claim, now: datetime) -> Claim:
        """The same of a claim that somebody may speak for."""
        if claim.decision is ClaimDecision.WITHDRAWN:
            raise NotNow("You have taken this report back already.")
        if not claim.open:
            raise NotNow("This report was decided, so it cannot be taken back any more.")
        back = claim.case_ids if claim.paused_at is not None else ()
        claim = replace(claim, put_back_ids=back, put_back_code="claim_withdrawn" if back else "")
        taken = self.close(claim, ClaimDecision.WITHDRAWN, now, by="", step="withdrawn", code="taken_back")
        self.effects.note(taken, claimed(taken, "decided"))
        self.put_back(taken, now)
        return self.store.get(taken.id)

    def appeal(self, secret: str, words: str, now: datetime) -> Claim:
        """Ask that somebody else decides. Raises NotNow, BadInput, NotFound."""
        claim = self.by_secret(secret)
        return self.make_appeal(claim, words, now, by_author=False, account=claim.via_account)

    def went_to_court(self, secret: str, words: str, now: datetime) -> Claim:
        """Say that a court was asked to restrain the author of a counter-notice: nothing is put back then."""
        return self.note_court(self.by_secret(secret), words, now)

    def note_court(self, claim: Claim, words: str, now: datetime) -> Claim:
        """The same of a claim that somebody may speak for. Raises NotNow, BadInput."""
        open_counters = [one for one in self.store.answers_to(claim.id) if one.counter_of and one.open]
        if not open_counters:
            raise NotNow("there is no counter-notice that waits for this")
        if not words.strip():
            raise BadInput("Say which court was asked, and under which number.", param="words")
        for counter in open_counters:
            said = self._put({"words": words.strip()}, counter.id)
            step = ClaimStep(step="court", at=now, words=said)
            self.store.change(replace(counter, action_seen_at=now), step)
        self.notices.notify(MODERATORS, "claim_court", about=claim.id)
        return self.store.get(claim.id)

    # -- shared with those who answer and decide

    def make_appeal(self, claim: Claim, words: str, now: datetime, *, by_author: bool, account: str) -> Claim:
        """Keep an appeal of one side; nothing of the claim is erased before it is decided. Raises NotNow, BadInput.

        An author's is about their own videos alone.
        """
        if not self.appealable(claim, now, by_author=by_author, account=account):
            raise NotNow("this can not be appealed any more, or was appealed before")
        if not words.strip():
            raise BadInput("Say why it should be decided otherwise.", param="words")
        law, appeal_id = self.laws.get(APPEAL_LAW), new_tracking_number()
        appeal = Claim(
            id=appeal_id,
            secret_sha256=claim_secret_digest(secrets.token_hex(32)),
            kind=claim.kind,
            law=law.id,
            received_at=now,
            due_at=law.due(now),
            case_ids=self.effects.cases_of(account, claim.upheld_ids) if by_author else claim.case_ids,
            via_account=account,
            by_author=by_author,
            language=claim.language,
            territory=claim.territory,
            appeal_of=claim.id,
            statement_text=self._put({"explanation": words.strip()}, appeal_id),
        )
        self.store.add(appeal, ClaimStep(step="received", at=now, by=account))
        kept = replace(claim, proof_until=None, personal_until=None)
        self.store.change(kept, ClaimStep(step="appealed", at=now, code="by_author" if by_author else "by_claimant"))
        self.notices.notify(MODERATORS, "claim_appealed", about=appeal.id)
        return appeal

    def appealable(self, claim: Claim, now: datetime, *, by_author: bool, account: str = "") -> bool:
        """Whether this side can ask now that somebody else decides: once, in time, and where it lost.

        Each author (`account`) is a side of their own.
        """
        if claim.answers or claim.decided_at is None or now > claim.decided_at + self.rules.appeal:
            return False
        before = [one for one in self.store.answers_to(claim.id) if one.appeal_of and one.by_author is by_author]
        if any(not by_author or one.via_account == account for one in before):
            return False
        if by_author and not self.effects.cases_of(account, claim.upheld_ids):
            return False
        lost = (ClaimDecision.UPHELD,) if by_author else (ClaimDecision.REJECTED,)
        return claim.decision in (*lost, ClaimDecision.PARTLY)

    def answer_of(self, claim: Claim) -> ClaimAnswer:
        """A counter-notice with what was sent, as the law wants it passed on; of an appeal of the author nothing."""
        return ClaimAnswer(
            claim=claim,
            law=self.laws.get(claim.law),
            contact=self.read(claim.contact_text) if claim.counter_of else {},
            words={} if claim.appeal_of and claim.by_author else self.read(claim.statement_text),
            reason=self.read(claim.reason).get("words", ""),
        )

    def read(self, text_id: str) -> Mapping[str, str]:
        """What is kept under a text's id; nothing where it was erased."""
        if not text_id:
            return {}
        try:
            found: dict[str, str] = json.loads(self.texts.read(text_id))
        except (Erased, NotFound):
            return {}
        return found

    def put_back(self, claim: Claim, now: datetime) -> Claim:
        """Put back what this claim wants to have back, where nothing else keeps it down, and tell the authors.

        What is still on its way down goes back later: the wish stays until all of it did, and upkeep asks again.
        """
        if not claim.put_back_ids:
            return claim
        try:
            done = self.effects.put_back(claim)
            for author in self.effects.authors(replace(claim, case_ids=done.case_ids)):
                self.notices.notify(author, "claim_restored", about=claim.id)
            if done.waits:
                return claim
            code, until = claim.put_back_code, claim.restored_at or (None if claim.comes_down else now)
            restored = self.store.change(
                replace(claim, put_back_ids=(), put_back_code="", restored_at=until),
                ClaimStep(step="restored", at=now, by=CLAIMS_ACTOR, code=code),
            )
        except Conflict:  # it moved meanwhile: the next sweep does it
            return self.store.get(claim.id)
        self.effects.note(replace(restored, case_ids=claim.put_back_ids), claimed(restored, "restored", code=code))
        return restored

    def take_down(self, claim: Claim, now: datetime) -> None:
        """Take down, and once it is decided keep down, what this claim takes down.

        Where it was decided otherwise, or taken back, at that very moment, what it then spares goes back.
        """
        self.effects.take_down(claim)
        if claim.decision is not None and claim.comes_down:
            self.effects.keep_down(claim)
        after = self.store.get(claim.id)
        if spared := tuple(one for one in claim.comes_down if one not in after.comes_down):
            self.put_back(self.effects.want_back(after.id, spared, now), now)

    def keep_words(self, words: str, claim_id: str) -> str:
        """Keep the words of a decision; returns their id, empty where there are none."""
        return self._put({"words": words.strip()}, claim_id)

    def close(
        self,
        claim: Claim,
        decision: ClaimDecision,
        now: datetime,
        *,
        by: str,
        step: str,
        code: str,
        reason: str = "",
        upheld: tuple[str, ...] = (),
    ) -> Claim:
        """Keep a decision, and when what is personal is erased."""
        closed = replace(
            claim,
            decision=decision,
            decided_at=now,
            decided_by=by,
            code=code,
            reason=reason,
            upheld_ids=upheld,
            proof_until=now + self.rules.proof,
            personal_until=now + self.rules.personal,
        )
        return self.store.change(closed, ClaimStep(step=step, at=now, by=by, code=code, words=reason))

    def hide_where_due(self, claim: Claim, now: datetime) -> Claim:
        """Hide the videos of a claim until it is decided, where its law and this installation say so.

        Where its sender made false claims or very many before, or such a claim of the video was rejected, a person
        looks first: by itself nothing is hidden then.
        """
        if not self._hides(claim):
            return claim
        hidden = self.store.change(replace(claim, paused_at=now), ClaimStep(step="paused", at=now, by=CLAIMS_ACTOR))
        self.effects.note(hidden, claimed(hidden, "paused"))
        self.take_down(hidden, now)
        for author in self.effects.authors(hidden):
            self.notices.notify(author, "claim_paused", about=claim.id)
        return hidden

    def _hides(self, claim: Claim) -> bool:
        if not self.laws.get(claim.law).hides or not claim.case_ids or self.rules.hide == "never":
            return False
        if not (claim.certain or self.rules.hide == "always"):
            return False
        if any(step.step == "named" for step in self.store.steps(claim.id)):
            return True  # a moderator has looked at it
        return claim.id not in self.limits.guarded([claim.id]) and not rejected_before(self.store, claim)

    def _put(self, values: Mapping[str, str], key: str) -> str:
        given = {name: value for name, value in values.items() if value}
        return self.texts.put(json.dumps(given, ensure_ascii=False), case_id=key) if given else ""


def claimed(claim: Claim, step: str, *, by: str = CLAIMS_ACTOR, code: str = "") -> Claimed:
    """What is written into the chains of the cases."""
    return Claimed(
        claim=claim.id,
        kind=claim.kind.value,
        law=claim.law,
        step=step,
        by=by,
        decision=claim.decision.value if claim.decision else "",
        code=code or claim.code,
    )
