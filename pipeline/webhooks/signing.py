"""The message of a webhook: its body, which names nobody, and the headers of Standard Webhooks that sign it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from standardwebhooks import Webhook

from pipeline.webhooks.endpoints import EVENT_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """What is posted."""

    body: bytes
    headers: dict[str, str]


def sign_message(
    *, event_id: str, event_type: str, case_id: str, happened: datetime, secrets: Sequence[str], now: datetime
) -> WebhookMessage:
    """The message, signed with each secret. `now` is in UTC: receivers refuse what is older than five minutes."""
    body = json.dumps(
        {
            "id": event_id,
            "object": "event",
            "created_at": int(happened.timestamp()),
            "type": event_type,
            "data": {"id": case_id, "object": "video", "status": EVENT_STATUSES[event_type]},
        },
        separators=(",", ":"),
    )
    signatures = " ".join(Webhook(secret).sign(event_id, now, body) for secret in secrets)
    return WebhookMessage(
        body=body.encode(),
        headers={
            "Content-Type": "application/json",
            "User-Agent": "Assay-Webhooks/1",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signatures,
        },
    )
