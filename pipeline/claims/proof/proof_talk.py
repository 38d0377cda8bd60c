"""What was asked for as proof of a claim, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.claims.claim import Claim
from pipeline.claims.claim_desk import ClaimDesk
from pipeline.claims.claim_store import ClaimFilePurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTalk:
    """`wanted` and `words` are of a moderator's last request; `waits`: the claim is not looked at before something
    comes; `more` is what a claimant wrote with their files, in order; empty where it was erased.
    """

    wanted: tuple[ClaimFilePurpose, ...]
    words: str
    waits: bool
    may_add: bool
    may_accept: bool
    more: Sequence[str]

    def without_senders(self) -> ProofTalk:
        """As somebody reads it whom the claim concerns."""
        return replace(self, words="", more=(), may_accept=False)


def proof_talk(desk: ClaimDesk, claim: Claim) -> ProofTalk:
    """For whoever may read the claim."""
    steps = desk.store.steps(claim.id)
    asked = next((step for step in reversed(steps) if step.step == "proof_asked"), None)
    guarded = claim.open and bool(desk.limits.guarded([claim.id]))
    adds = claim.open and not claim.answers
    with_claim = claim.proof_asked_at is None and bool(desk.store.files(claim.id))
    came = claim.proof_came_at is not None or with_claim
    last = next((step.step for step in reversed(steps) if step.step in ("proved", "proof_came", "proof_asked")), "")
    words = [desk.read(step.words).get("words", "") for step in steps if step.step == "proof_came" and step.words]
    return ProofTalk(
        wanted=tuple(map(ClaimFilePurpose, asked.code.split())) if asked else (),
        words=desk.read(asked.words).get("words", "") if asked else "",
        waits=guarded and claim.proof_came_at is None,
        may_add=adds,
        may_accept=adds and came and last != "proved" and (guarded or bool(last)),
        more=[one for one in words if one],
    )
