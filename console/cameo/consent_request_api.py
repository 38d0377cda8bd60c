"""Requests for consent to one order: whoever ordered asks, whoever is asked answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.cameo.likeness_user import LikenessUser
from console.web.auth import BearerUser
from console.web.context import ContextDep
from core.codec import dump
from registry.consent import MAX_MESSAGE_LENGTH, ConsentRequest, ReceivedRequest, RequestsFrom

consent_asking_router = APIRouter(prefix="/v1/videos", tags=["videos"])
consent_request_router = APIRouter(prefix="/api", tags=["cameos"])


class _StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConsentRequestBody(_StrictBody):
    """A request to a person."""

    cameo: str = Field(max_length=100, description="The person's handle, as `assay.consent` names it.")
    message: str = Field("", max_length=MAX_MESSAGE_LENGTH, description="Who asks and why; erased with the video.")
    show_prompt: bool = Field(False, description="The person may read the prompt.")


class GrantBody(_StrictBody):
    """A yes to one order."""

    approval: bool = Field(True, description="See and approve the draft before it is published.")


class RefusalBody(_StrictBody):
    """A no to one order."""

    block: bool = Field(False, description="Get no requests of this asker any more. They are not told.")


class TakesRequestsBody(_StrictBody):
    """From whom a person takes requests."""

    takes: Literal["nobody", "mutuals", "everyone"]


@consent_asking_router.post("/{video_id}/consent-requests", status_code=201, summary="Ask a person for their consent")
def ask_for_consent(video_id: str, body: ConsentRequestBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """For a video that waits for it, as `assay.consent` says. After a yes it goes on, after a no it is refused."""
    desk = context.service.cameos.requests
    made = desk.ask(who, video_id, body.cameo, message=body.message, show_prompt=body.show_prompt)
    return {"request": _asked(made)}


@consent_request_router.get("/consent-requests", summary="Who asks for your consent")
def list_requests(
    who: LikenessUser,
    context: ContextDep,
    state: Annotated[Literal["open", "all"], Query(description="What waits for you, or all of them.")] = "open",
    before: Annotated[int, Query(ge=0, description="The key after which the page before ended.")] = 0,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at the most.")] = 50,
) -> dict[str, object]:
    """The newest first. What the asker does not show, or has erased, is null."""
    desk = context.service.cameos.requests
    found = desk.received(who, open_only=state == "open", before=before, limit=limit)
    return {"requests": [received_object(one) for one in found], "open": desk.count_open(who)}


@consent_request_router.post("/consent-requests/{request_id}/grant", summary="Yes, to this video alone")
def grant_request(request_id: str, body: GrantBody, who: LikenessUser, context: ContextDep) -> dict[str, object]:
    """Gives the lease, which covers this order and nothing made from it, and its signed receipt."""
    lease, receipt = context.service.cameos.requests.grant(who, request_id, approval=body.approval)
    return {"lease": dump(lease), "receipt": dump(receipt)}


@consent_request_router.post("/consent-requests/{request_id}/refuse", status_code=204, summary="No")
def refuse_request(request_id: str, body: RefusalBody, who: LikenessUser, context: ContextDep) -> None:
    """The order is refused. With `block` the asker is blocked altogether, one end user of an account alone."""
    context.service.cameos.requests.refuse(who, request_id, block=body.block)
    if body.block:
        context.service.cameos.portal.run_takedowns()


@consent_request_router.get("/consent-requests/blocked", summary="Whose requests you do not get")
def list_blocked(who: LikenessUser, context: ContextDep) -> dict[str, object]:
    """Whom you block, too. They are not told."""
    return {"blocked": list(context.service.cameos.requests.blocked(who))}


@consent_request_router.delete("/consent-requests/blocked/{asker}", status_code=204, summary="No longer block somebody")
def unblock_asker(asker: str, who: LikenessUser, context: ContextDep) -> None:
    """As the list names them."""
    context.service.cameos.requests.unblock(who, asker)


@consent_request_router.get("/cameos/{handle}/takes-requests", summary="From whom you take requests")
def show_takes_requests(handle: str, who: LikenessUser, context: ContextDep) -> dict[str, object]:
    """nobody, mutuals or everyone. From the beginning: mutuals, and of a minor nobody."""
    return {"takes": context.service.cameos.requests.takes(who, handle).value}


@consent_request_router.put("/cameos/{handle}/takes-requests", status_code=204, summary="Choose from whom")
def choose_takes_requests(handle: str, body: TakesRequestsBody, who: LikenessUser, context: ContextDep) -> None:
    """What is open stays open."""
    context.service.cameos.requests.set_takes(who, handle, RequestsFrom(body.takes))


def received_object(received: ReceivedRequest) -> dict[str, Any]:
    """A request as its owner gets it."""
    request = received.request
    return {
        "id": request.id,
        "key": request.key,
        "cameo": received.cameo.handle,
        "video": request.case_id,
        "state": request.state,
        "waits": received.waits,
        "asked": request.asked.isoformat(),
        "expires": request.expires.isoformat(),
        "asker": {"account": received.asker, "user": received.asker_user or None},
        "message": received.message or None,
        "prompt": received.prompt,
        "purpose": received.purpose or None,
        "territory": list(received.territory),
        "audience": received.audience,
        "voices": received.voices,
        "has_reference": received.has_reference,
        "made_over": received.made_over or None,
    }


def _asked(request: ConsentRequest) -> dict[str, Any]:
    """A request as whoever asked gets it: nothing of the person but what they named themselves."""
    return {
        "id": request.id,
        "video": request.case_id,
        "state": request.state,
        "expires": request.expires.isoformat(),
    }
