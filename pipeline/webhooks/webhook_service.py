"""The service for webhooks: what an account may do with its own endpoints and deliveries, and an operator with all."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from anyio import to_thread

from core.errors import BadInput, Conflict, NotFound
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.webhooks.endpoints import (
    EVENT_TYPES,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    new_endpoint_id,
    new_secret,
)
from pipeline.webhooks.postgres_webhooks import PostgresWebhooks
from pipeline.webhooks.signing import sign_message
from pipeline.webhooks.webhook_client import WebhookClient

MAX_ENDPOINTS = 10  # of one account
MAX_WEBHOOK_NAME_LENGTH = 80  # characters
SECRET_OVERLAP = timedelta(hours=24)
"""How long a former secret signs too where that is wanted, as OpenAI's API has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookService:
    """Endpoints and deliveries, with the check whose they are."""

    webhooks: PostgresWebhooks
    client: WebhookClient

    def endpoints(self, who: Principal, *, account: str = "") -> Sequence[WebhookEndpoint]:
        """The account's endpoints, the oldest first; one's own where no account is named."""
        return self.webhooks.of_account(_account(who, account))

    def endpoint(self, who: Principal, endpoint_id: str) -> WebhookEndpoint:
        """One's own endpoint. Raises NotFound, also for one of another account."""
        found = self.webhooks.get(endpoint_id)
        require_scope(who, Scope.MANAGE)
        if found is None or (found.account != who.id and not who.has(Role.OPERATOR)):
            raise NotFound("there is no such webhook endpoint")
        return found

    def create(
        self, who: Principal, *, name: str, url: str, event_types: Sequence[str] = EVENT_TYPES, account: str = ""
    ) -> WebhookEndpoint:
        """A new endpoint with its secret, which is shown now and at a rotation only.

        Raises BadInput for an address to which nothing is sent, Conflict where there are too many.
        """
        owner = _account(who, account)
        name, events = _checked_name(name), _checked_events(event_types)
        self.client.check(url)
        if len(self.webhooks.of_account(owner)) >= MAX_ENDPOINTS:
            raise Conflict(f"an account has {MAX_ENDPOINTS} webhook endpoints at the most: delete one first")
        now = datetime.now(UTC)
        made = WebhookEndpoint(
            id=new_endpoint_id(),
            account=owner,
            name=name,
            url=url,
            event_types=events,
            secret=new_secret(),
            created=now,
            updated=now,
        )
        self.webhooks.save(made)
        return made

    def update(
        self,
        who: Principal,
        endpoint_id: str,
        *,
        name: str | None = None,
        url: str | None = None,
        event_types: Sequence[str] | None = None,
    ) -> WebhookEndpoint:
        """Change what is given. One that was disabled is sent to again."""
        found = self.endpoint(who, endpoint_id)
        if url is not None:
            self.client.check(url)
        changed = replace(
            found,
            name=found.name if name is None else _checked_name(name),
            url=found.url if url is None else url,
            event_types=found.event_types if event_types is None else _checked_events(event_types),
            updated=datetime.now(UTC),
            disabled=None,
            disabled_reason="",
        )
        self.webhooks.save(changed)
        return changed

    def delete(self, who: Principal, endpoint_id: str) -> None:
        """Send nothing more there, and forget what was sent."""
        self.webhooks.remove(self.endpoint(who, endpoint_id).id)

    def rotate_secret(self, who: Principal, endpoint_id: str, *, keep_former: bool = False) -> WebhookEndpoint:
        """A new secret; with `keep_former` messages are signed with both for 24 hours."""
        found, now = self.endpoint(who, endpoint_id), datetime.now(UTC)
        rotated = replace(
            found,
            secret=new_secret(),
            former_secret=found.secret if keep_former else None,
            former_until=now + SECRET_OVERLAP if keep_former else None,
            updated=now,
        )
        self.webhooks.save(rotated)
        return rotated

    async def send_test(self, who: Principal, endpoint_id: str, event_type: str) -> int:
        """Post a sample event, once; the status with which the receiver answered. Raises BadInput without an answer.

        The video of the sample, `video_test`, does not exist.
        """
        found = await to_thread.run_sync(self.endpoint, who, endpoint_id)
        (checked,) = _checked_events([event_type])
        now = datetime.now(UTC)
        message = sign_message(
            event_id=f"evt_test_{secrets.token_hex(8)}",
            event_type=checked,
            case_id="video_test",
            happened=now,
            secrets=found.signing_secrets(now),
            now=now,
        )
        result = await self.client.post(found.url, message)
        if result.status is None:
            raise BadInput(f"the receiver was not reached: {result.error}")
        return result.status

    def deliveries(
        self,
        who: Principal,
        endpoint_id: str,
        *,
        state: DeliveryState | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> Sequence[WebhookDelivery]:
        """Deliveries of an endpoint, the newest first; `before` is the id of the last of the page before."""
        found = self.endpoint(who, endpoint_id)
        return self.webhooks.deliveries(found.id, state=state, before=before, limit=limit)

    def replay(self, who: Principal, endpoint_id: str, delivery_id: int) -> None:
        """Send an event once more, under the same `webhook-id`. Raises NotFound."""
        found = self._sendable(who, endpoint_id)
        if not self.webhooks.replay(found.id, delivery_id):
            raise NotFound("there is no such delivery")

    def replay_dead(self, who: Principal, endpoint_id: str) -> int:
        """Send everything once more that was given up; returns how many."""
        return self.webhooks.replay_dead(self._sendable(who, endpoint_id).id)

    def _sendable(self, who: Principal, endpoint_id: str) -> WebhookEndpoint:
        found = self.endpoint(who, endpoint_id)
        if found.disabled is not None:
            raise Conflict(f"this endpoint is disabled ({found.disabled_reason}): update it first")
        return found


def _account(who: Principal, account: str) -> str:
    require_scope(who, Scope.MANAGE)
    if account and account != who.id:
        require_role(who, Role.OPERATOR)
    return account or who.id


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= MAX_WEBHOOK_NAME_LENGTH or not name.isprintable():
        raise BadInput(f"a webhook has a name of 1 to {MAX_WEBHOOK_NAME_LENGTH} printable characters")
    return name


def _checked_events(event_types: Sequence[str]) -> tuple[str, ...]:
    if unknown := sorted(set(event_types) - set(EVENT_TYPES)):
        raise BadInput(f"there is no event {unknown[0]!r}; there are {', '.join(EVENT_TYPES)}")
    if not event_types:
        raise BadInput(f"name at least one event, of {', '.join(EVENT_TYPES)}")
    return tuple(one for one in EVENT_TYPES if one in event_types)
