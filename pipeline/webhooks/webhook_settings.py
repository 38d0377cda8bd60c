"""Settings of webhooks: where they may go, and how often they are tried."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from pipeline.webhooks.networks import parse_networks


class WebhookSettings(BaseSettings):
    """What an installation may choose about webhooks."""

    webhook_networks: str = Field(
        "", description="Networks (as 10.0.0.0/8, between commas) to which webhooks go too, by http as well."
    )
    webhook_timeout: float = Field(15.0, gt=0, le=30, description="Seconds a receiver of webhooks may take.")
    webhook_first_retry: float = Field(
        5.0, gt=0, description="Seconds until a webhook that failed is tried again; then three times as long each time."
    )
    webhook_give_up_after: float = Field(86400.0, ge=0, description="Seconds after which that ends.")

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, networks: str) -> str:
        parse_networks(networks)
        return networks
