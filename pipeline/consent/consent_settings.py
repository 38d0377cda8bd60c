"""Settings of requests for consent: how long they wait for an answer, how many one asker may make."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings

from registry.consent.requests.request_limits import RequestLimits


class ConsentSettings(BaseSettings):
    """What an installation may choose about requests for consent."""

    consent_request_days: int = Field(
        14, ge=1, le=90, description="Days after which an order ends for whose consent nobody answered."
    )
    consent_requests_per_day: int = Field(
        20, ge=1, le=1000, description="Requests for consent that one asker (account or end user) may make in 24 hours."
    )

    @property
    def request_limits(self) -> RequestLimits:
        """These settings as the desk has them."""
        return RequestLimits(
            lifetime=timedelta(days=self.consent_request_days), most_a_day=self.consent_requests_per_day
        )
