"""Webhook endpoints and deliveries as records, and the events there are."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

EVENT_STATUSES: Mapping[str, str] = {
    "video.completed": "completed",
    "video.failed": "failed",
    "assay.video.held": "in_progress",
    "assay.video.refused": "failed",
    "assay.video.withdrawn": "failed",
}
"""Every event type, with the status that the video has then under /v1."""

EVENT_TYPES = tuple(EVENT_STATUSES)

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets of Standard Webhooks begin with
_SECRET_BYTES = 32


class DeliveryState(StrEnum):
    """How far a delivery is. A dead one is tried again only when somebody replays it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where an account is told of which events. `secret` begins with whsec_; `former_secret` signs until then too."""

    id: str
    account: str
    name: str
    url: str
    event_types: tuple[str, ...]
    secret: str
    created: datetime
    updated: datetime
    former_secret: str | None = None
    former_until: datetime | None = None
    disabled: datetime | None = None
    disabled_reason: str = ""

    def signing_secrets(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the current one first."""
        former = self.former_secret if self.former_until is not None and now < self.former_until else None
        return (self.secret, former) if former else (self.secret,)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One event for one endpoint. `response_status` and `error` are of the last attempt."""

    id: int
    endpoint: str
    event_id: str
    event_type: str
    case_id: str
    happened: datetime
    state: DeliveryState
    queued: datetime
    next_attempt: datetime
    attempts: int = 0
    last_attempt: datetime | None = None
    response_status: int | None = None
    error: str = ""


def new_endpoint_id() -> str:
    """An id for an endpoint."""
    return f"whe_{secrets.token_hex(8)}"


def new_secret() -> str:
    """A signing secret as Standard Webhooks has them: 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def secret_hint(secret: str) -> str:
    """By what an owner tells secrets apart."""
    return f"{SECRET_PREFIX}…{secret.rstrip('=')[-4:]}"
