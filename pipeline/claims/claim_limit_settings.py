"""Settings of what guards the claims desk."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from pipeline.claims.claim_limits import ClaimLimitSizes


class ClaimLimitSettings(BaseSettings):
    """What an installation may choose about floods of claims and false ones."""

    claims_per_day: int = Field(
        10, ge=0, description="Claims of one sender in 24 hours, after which more are turned away; 0: any number."
    )
    claims_per_address_day: int = Field(
        30, ge=0, description="The same of one internet address. Claims of intimate images are never turned away."
    )
    claim_proof_megabytes_day: int = Field(
        120,
        ge=10,
        description="Megabytes of proof that are kept of one internet address in 24 hours. What is sent beyond them is "
        "not kept; its claim is.",
    )
    false_claims: int = Field(
        3, ge=0, description="False claims of a sender from which on the next ones need proof first; 0: any number."
    )
    false_claims_days: int = Field(180, ge=1, le=3650, description="Days for which a false claim counts.")

    @property
    def claim_limit_sizes(self) -> ClaimLimitSizes:
        """These settings as the guard has them."""
        return ClaimLimitSizes(
            per_day=self.claims_per_day,
            per_address_day=self.claims_per_address_day,
            false_claims=self.false_claims,
            false_window=timedelta(days=self.false_claims_days),
            proof_bytes=self.claim_proof_megabytes_day * 1024**2,
        )
