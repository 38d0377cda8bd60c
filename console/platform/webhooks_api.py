"""Webhook endpoints as OpenAI's API has them (`client.webhooks`), and what it has not: deliveries and replay."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from console.web.http_errors import NotOffered
from core.errors import BadInput
from pipeline.webhooks.endpoints import EVENT_TYPES, DeliveryState, WebhookDelivery, WebhookEndpoint, secret_hint
from pipeline.webhooks.webhook_service import MAX_WEBHOOK_NAME_LENGTH, WebhookService

webhooks_router = APIRouter(prefix="/v1", tags=["webhooks"])

EndpointId = Annotated[str, Path(max_length=100)]
_EventTypes = Annotated[list[str], Field(max_length=50, description=f"Of {', '.join(EVENT_TYPES)}.")]
_Url = Annotated[str, Field(max_length=2048, description="https, of a public machine; redirects are not followed.")]
_Name = Annotated[str, Field(max_length=MAX_WEBHOOK_NAME_LENGTH)]


class _WebhookBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewWebhookBody(_WebhookBody):
    """An endpoint to be told of events."""

    event_types: _EventTypes
    name: _Name
    url: _Url


class WebhookChangeBody(_WebhookBody):
    """What of an endpoint is to change."""

    event_types: _EventTypes | None = None
    name: _Name | None = None
    url: _Url | None = None


class SecretRotationBody(_WebhookBody):
    """How a secret is to be rotated."""

    keep_old_secret_active_for_24_hours: bool = Field(False, description="Both sign for a day.")


class WebhookTestBody(_WebhookBody):
    """Which sample event to send."""

    event_type: str = Field(max_length=100)


@webhooks_router.get("/webhook_event_types", summary="The events there are")
def webhook_event_types(_who: BearerUser) -> dict[str, Any]:
    """OpenAI's names where it has one; `assay.` before the others."""
    return {"object": "list", "data": list(EVENT_TYPES)}


@webhooks_router.post("/webhook_endpoints", summary="Register a webhook")
def create_webhook(body: NewWebhookBody, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """`signing_secret` is shown now and at a rotation only."""
    made = webhook_service(context).create(who, name=body.name, url=body.url, event_types=body.event_types)
    return endpoint_object(made) | {"signing_secret": made.secret}


@webhooks_router.get("/webhook_endpoints", summary="Your webhooks")
def webhooks(
    who: BearerUser,
    context: ContextDep,
    after: Annotated[str, Query(max_length=100, description="The last id of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """The oldest first."""
    listed = list(webhook_service(context).endpoints(who))
    start = next((i + 1 for i, one in enumerate(listed) if one.id == after), None if after else 0)
    if start is None:
        raise BadInput("after names no webhook of yours")
    page = [endpoint_object(one) for one in listed[start : start + limit]]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(listed) > start + limit,
    }


@webhooks_router.get("/webhook_endpoints/{endpoint_id}", summary="A webhook")
def webhook(endpoint_id: EndpointId, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """Without its secret."""
    return endpoint_object(webhook_service(context).endpoint(who, endpoint_id))


@webhooks_router.post("/webhook_endpoints/{endpoint_id}", summary="Change a webhook")
def update_webhook(
    endpoint_id: EndpointId, body: WebhookChangeBody, who: BearerUser, context: ContextDep
) -> dict[str, Any]:
    """What is not given stays. One that was disabled is sent to again."""
    changed = webhook_service(context).update(
        who, endpoint_id, name=body.name, url=body.url, event_types=body.event_types
    )
    return endpoint_object(changed)


@webhooks_router.delete("/webhook_endpoints/{endpoint_id}", summary="Delete a webhook")
def delete_webhook(endpoint_id: EndpointId, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """With its deliveries."""
    webhook_service(context).delete(who, endpoint_id)
    return {"id": endpoint_id, "object": "webhook_endpoint.deleted", "deleted": True}


@webhooks_router.post("/webhook_endpoints/{endpoint_id}/rotate_secret", summary="Rotate a webhook's secret")
def rotate_webhook_secret(
    endpoint_id: EndpointId, who: BearerUser, context: ContextDep, body: SecretRotationBody | None = None
) -> dict[str, Any]:
    """The former secret ends at once, or signs too for a day."""
    keep = body is not None and body.keep_old_secret_active_for_24_hours
    rotated = webhook_service(context).rotate_secret(who, endpoint_id, keep_former=keep)
    return endpoint_object(rotated) | {"signing_secret": rotated.secret}


@webhooks_router.post("/webhook_endpoints/{endpoint_id}/test", summary="Send a sample event")
async def send_test_event(
    endpoint_id: EndpointId, body: WebhookTestBody, who: BearerUser, context: ContextDep
) -> dict[str, Any]:
    """Once, at once; its video does not exist. 400 where the receiver does not answer."""
    status = await webhook_service(context).send_test(who, endpoint_id, body.event_type)
    return {
        "object": "webhook_endpoint.test",
        "webhook_endpoint_id": endpoint_id,
        "event_type": body.event_type,
        "status_code": status,
        "success": True,
    }


@webhooks_router.get("/webhook_endpoints/{endpoint_id}/deliveries", summary="What was sent to a webhook")
def webhook_deliveries(
    endpoint_id: EndpointId,
    who: BearerUser,
    context: ContextDep,
    state: DeliveryState | None = None,
    after: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="The last id of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """The newest first. `dead` ones were given up after a day of attempts."""
    page = webhook_service(context).deliveries(who, endpoint_id, state=state, before=after, limit=limit + 1)
    shown = [delivery_object(one) for one in page[:limit]]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(page) > limit,
    }


@webhooks_router.post(
    "/webhook_endpoints/{endpoint_id}/deliveries/replay_dead", summary="Send again all that was given up"
)
async def replay_dead_deliveries(endpoint_id: EndpointId, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """Under the same ids."""
    count = await to_thread.run_sync(webhook_service(context).replay_dead, who, endpoint_id)
    return {"object": "webhook_delivery.replay", "queued": count}


@webhooks_router.post("/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}/replay", summary="Send an event again")
def replay_delivery(
    endpoint_id: EndpointId,
    delivery_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    who: BearerUser,
    context: ContextDep,
) -> dict[str, Any]:
    """Delivered or not, under the same id, and for a day if need be."""
    webhook_service(context).replay(who, endpoint_id, delivery_id)
    return {"object": "webhook_delivery.replay", "queued": 1}


def webhook_service(context: RequestContext) -> WebhookService:
    """The installation's. Raises NotOffered where it sends none."""
    service = context.service.webhooks
    if service is None:
        raise NotOffered("this installation sends no webhooks")
    return service


def endpoint_object(one: WebhookEndpoint) -> dict[str, Any]:
    """What is shown of an endpoint: everything but its secrets. `assay` has what OpenAI's object has no field for."""
    return {
        "id": one.id,
        "object": "webhook_endpoint",
        "name": one.name,
        "url": one.url,
        "event_types": list(one.event_types),
        "created_at": int(one.created.timestamp()),
        "updated_at": int(one.updated.timestamp()),
        "signing_secret_hint": secret_hint(one.secret),
        "assay": {
            "disabled_at": _unix(one.disabled),
            "disabled_reason": one.disabled_reason or None,
            "former_secret_until": _unix(one.former_until),
        },
    }


def delivery_object(one: WebhookDelivery) -> dict[str, Any]:
    """One event for one endpoint, and what came of the last attempt."""
    pending = one.state is DeliveryState.PENDING
    return {
        "id": one.id,
        "object": "webhook_delivery",
        "event_id": one.event_id,
        "event_type": one.event_type,
        "video_id": one.case_id,
        "state": one.state.value,
        "created_at": int(one.happened.timestamp()),
        "attempts": one.attempts,
        "last_attempt_at": _unix(one.last_attempt),
        "next_attempt_at": _unix(one.next_attempt) if pending else None,
        "response_status": one.response_status,
        "error": one.error or None,
    }


def _unix(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at else None
