"""Proof that is asked for later: a moderator asks, whoever claims sends it, the clock waits where its law lets it, and
a moderator says whether it is enough.

What is sent lies under the key of the claim's proof, and is erased with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.errors import BadInput, Conflict, NotNow
from core.roles import Principal
from pipeline.access.usage import InsufficientQuota
from pipeline.claims.claim import CLAIMS_ACTOR, Claim, ClaimKind, ClaimStep
from pipeline.claims.claim_desk import MODERATORS, ClaimDesk
from pipeline.claims.claim_files import ClaimUpload
from pipeline.claims.claim_forms import MAX_CLAIM_TEXT
from pipeline.claims.claim_review import ClaimReview
from pipeline.claims.claim_store import ClaimFilePurpose
from pipeline.claims.proof.proof_files import add_proof_files, proof_key
from pipeline.claims.proof.proof_talk import proof_talk

MAX_PROOF_REQUESTS = 3
"""How often proof of one claim is asked for: then it is decided on what there is."""

MAX_PROOF_FILES = 18
"""Files of one claim, with those that came later."""

_TRIES = 8  # of a change, where somebody else moves the claim at the same moment
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimProofs:
    """For moderators `ask`, `accept` and what was written; for whoever claims `add`."""

    review: ClaimReview

    @property
    def _desk(self) -> ClaimDesk:
        return self.review.desk

    # -- for moderators

    def ask(
        self,
        who: Principal,
        claim_id: str,
        wanted: Sequence[ClaimFilePurpose],
        words: str,
        *,
        revision: int,
        now: datetime,
    ) -> Claim:
        """Ask for proof of these, in words too where there are some. The clock stands still where its law lets it.

        Raises Forbidden, NotNow, BadInput, Conflict.
        """
        claim = self.review.deciding(who, claim_id, revision)
        if claim.answers:
            raise NotNow("proof is asked for of a claim, and not of an appeal or a counter-notice")
        if not wanted:
            raise BadInput("Choose what is to be proved.", param="wanted")
        if len(words) > MAX_CLAIM_TEXT:
            raise BadInput("This text is too long: say it in 8,000 characters.", param="words")
        before = sum(step.step == "proof_asked" for step in self._desk.store.steps(claim.id))
        if before >= MAX_PROOF_REQUESTS:
            raise NotNow("proof was asked for three times: decide on what there is")
        law = self._desk.laws.get(claim.law)
        stops = self.stops_clock(claim, now)
        asked = replace(
            claim,
            proof_asked_at=now,
            proof_due_at=now + timedelta(days=law.proof_days),
            proof_came_at=None,
            clock_stopped_at=claim.clock_stopped_at or (now if stops else None),
        )
        code = " ".join(one.value for one in ClaimFilePurpose if one in wanted)
        said = self._desk.keep_words(words, claim.id)
        changed = self._desk.store.change(
            asked, ClaimStep(step="proof_asked", at=now, by=who.id, code=code, words=said)
        )
        if claim.via_account:
            again = "_again" if before else ""
            self._desk.notices.notify(claim.via_account, f"claim_proof_asked{again}", about=claim.id)
        return changed

    def stops_clock(self, claim: Claim, now: datetime) -> bool:
        """Whether its clock stands still while proof is waited for: never of an intimate image, nor once it ran out."""
        spared = claim.kind is ClaimKind.INTIMATE_IMAGE or claim.is_late(now)
        return self._desk.laws.get(claim.law).proof_stops_clock and not spared

    def accept(self, who: Principal, claim_id: str, *, revision: int, now: datetime) -> Claim:
        """Say that who they are, and what is theirs, is proved: what limited this claim because of earlier ones is
        lifted, and what its law hides is hidden. Decides nothing. Raises Forbidden, NotNow, Conflict.
        """
        claim = self.review.deciding(who, claim_id, revision)
        if not proof_talk(self._desk, claim).may_accept:
            raise NotNow("no proof waits to be looked at")
        settled = replace(claim.clock_goes_on(now), proof_due_at=None)
        proved = self._desk.store.change(settled, ClaimStep(step="proved", at=now, by=who.id))
        self._desk.limits.proved(claim.id)
        return self._desk.hide_where_due(proved, now)

    # -- for whoever claims

    def add(self, claim: Claim, uploads: Sequence[ClaimUpload], words: str, *, place: str, now: datetime) -> Claim:
        """Keep more proof of a claim that this sender may speak for, and have its clock run again.

        `place` is the keyed hash of where it comes from. What comes after the time for it counts too, as long as nobody
        has decided. Raises NotNow, BadInput, InsufficientQuota.
        """
        self._require_open(claim)
        if not uploads and not words.strip():
            raise BadInput("Send a file, or say what proves it.", param="proof")
        if len(words) > MAX_CLAIM_TEXT:
            raise BadInput("This text is too long: say it in 8,000 characters.", param="words")
        if len(self._desk.store.files(claim.id)) + len(uploads) > MAX_PROOF_FILES:
            raise BadInput("A claim has 18 files of proof at most.", param="proof")
        if uploads and not self._desk.limits.admit_proof(place, sum(one.size for one in uploads), now):
            said = "Too much proof came from this internet address today. Come again tomorrow."
            raise InsufficientQuota(said, retry_after=_DAY)
        add_proof_files(self._desk.store, claim.id, uploads)
        code = " ".join(dict.fromkeys(one.purpose.value for one in uploads))
        step = ClaimStep(step="proof_came", at=now, code=code, words=self._keep_words(claim.id, words.strip()))
        changed = self._came(claim.id, step)
        self._desk.notices.notify(MODERATORS, "claim_proof_came", about=claim.id)
        return changed

    # -- what happens without anybody asking

    def overdue(self, claim: Claim, now: datetime) -> None:
        """Nothing came in time: the clock runs on, and a moderator decides on what there is."""
        settled = replace(claim.clock_goes_on(now), proof_due_at=None)
        self._desk.store.change(settled, ClaimStep(step="proof_missing", at=now, by=CLAIMS_ACTOR))
        self._desk.notices.notify(MODERATORS, "claim_proof_missing", about=claim.id)

    def _came(self, claim_id: str, step: ClaimStep) -> Claim:
        for _ in range(_TRIES):
            claim = self._desk.store.get(claim_id)
            self._require_open(claim)
            settled = replace(claim.clock_goes_on(step.at), proof_due_at=None, proof_came_at=step.at)
            try:
                return self._desk.store.change(settled, step)
            except Conflict:
                continue
        raise Conflict("this claim is being changed: send it again in a moment")

    def _keep_words(self, claim_id: str, words: str) -> str:
        """Under the key of the proof, and not of the claim's other words."""
        if not words:
            return ""
        return self._desk.texts.put(json.dumps({"words": words}, ensure_ascii=False), case_id=proof_key(claim_id))

    def _require_open(self, claim: Claim) -> None:
        if claim.answers:
            raise NotNow("proof is added to a claim, and not to an appeal or a counter-notice")
        if not claim.open:
            raise NotNow("this was decided: nothing is added any more, and what you sent now was not kept")
