"""Settings of the claims desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """What this installation decides about claims. `hide`: when a video is hidden until it is decided, where the law of
    the claim hides at all: where it was certainly found, always, or never.

    `warn` is how long before its clock runs out moderators are told; `proof` and `personal` how long after the decision
    proof, and all else that is personal, is kept; `appeal` how long a decision can be appealed.
    """

    hide: Literal["certain", "always", "never"] = "certain"
    warn: timedelta = timedelta(hours=12)
    proof: timedelta = timedelta(days=30)
    personal: timedelta = timedelta(days=183)
    appeal: timedelta = timedelta(days=183)
    trusted_flaggers: frozenset[str] = frozenset()
    one_person: bool = False


class ClaimSettings(BaseSettings):
    """What an installation may choose about claims from outside."""

    claim_hide: Literal["certain", "always", "never"] = Field(
        "certain",
        description="Is a video hidden until a claim of an intimate image is decided: where it was certainly found, "
        "always, or never?",
    )
    claim_warn_hours: float = Field(
        12.0, ge=0.0, le=168.0, description="Hours before a claim's clock runs out at which moderators are told."
    )
    claim_proof_days: int = Field(
        30, ge=1, le=365, description="Days after its decision for which proof that came with a claim is kept."
    )
    claim_personal_days: int = Field(
        183, ge=1, le=3650, description="Days after its decision for which a claim's contact and words are kept."
    )
    claim_appeal_days: int = Field(
        183, ge=183, le=3650, description="Days for which a decision about a claim can be appealed: six months by law."
    )
    trusted_flaggers: str = Field(
        "", description="Accounts (between commas) of trusted flaggers (DSA, Article 22): their claims come first."
    )

    def claim_rules(self, *, one_person: bool) -> ClaimRules:
        """These settings as the desk has them."""
        return ClaimRules(
            hide=self.claim_hide,
            warn=timedelta(hours=self.claim_warn_hours),
            proof=timedelta(days=self.claim_proof_days),
            personal=timedelta(days=self.claim_personal_days),
            appeal=timedelta(days=self.claim_appeal_days),
            trusted_flaggers=frozenset(one.strip() for one in self.trusted_flaggers.split(",") if one.strip()),
            one_person=one_person,
        )
