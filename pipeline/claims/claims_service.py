"""The claims desk as a whole: what pages, commands and workers call."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.claims.claim_answers import ClaimAnswers, OwnClaims
from pipeline.claims.claim_desk import ClaimDesk
from pipeline.claims.claim_review import ClaimReview
from pipeline.claims.claim_upkeep import ClaimUpkeep
from pipeline.claims.claim_videos import ClaimedVideos
from pipeline.claims.proof.claim_proofs import ClaimProofs


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsService:
    """`desk` is open to anybody; `videos` finds what a claim is about."""

    desk: ClaimDesk
    videos: ClaimedVideos

    @property
    def answers(self) -> ClaimAnswers:
        """For the authors of videos that claims are about."""
        return ClaimAnswers(desk=self.desk)

    @property
    def own(self) -> OwnClaims:
        """For accounts through which claims came."""
        return OwnClaims(desk=self.desk)

    @property
    def review(self) -> ClaimReview:
        """For moderators."""
        return ClaimReview(desk=self.desk, videos=self.videos)

    @property
    def proofs(self) -> ClaimProofs:
        """Proof that is asked for later."""
        return ClaimProofs(review=self.review)

    @property
    def upkeep(self) -> ClaimUpkeep:
        """What happens without anybody asking."""
        return ClaimUpkeep(desk=self.desk, proofs=self.proofs)
