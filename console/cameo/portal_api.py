"""The API of an owner's portal: who may make videos, people, progress of takedowns, notices, certificates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from console.cameo.likeness_user import EndUserQuery, named_party
from console.cameo.likeness_user import LikenessUser as BearerUser
from console.web.context import ContextDep
from core.codec import dump
from registry.consent import AudienceRequest, LikenessAudience

portal_router = APIRouter(prefix="/api", tags=["cameos"])
certificate_router = APIRouter(tags=["receipts", "public"])


class _StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AudienceBody(_StrictBody):
    """Who may make videos of somebody."""

    audience: LikenessAudience = Field(description="me, named, mutuals or everyone.")
    accounts: list[Annotated[str, Field(max_length=100)]] = Field(
        [], max_length=200, description="For named: who is meant."
    )
    confirm: bool = Field(False, description="The owner means what it does: without it that is answered with 409.")


class ReadBody(_StrictBody):
    """Which notices were read."""

    keys: list[int] | None = Field(None, max_length=1000, description="Without it: all.")


class CertificateBody(_StrictBody):
    """A certificate as it was given."""

    certificate: str = Field(max_length=20_000, description="A JWS in compact form.")


@portal_router.get("/cameos/{handle}/audience", summary="Who may make videos of them")
def show_audience(handle: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Read off the permissions in force: the widest of them."""
    return {"audience": context.service.cameos.portal.audience(who, handle)}


@portal_router.put("/cameos/{handle}/audience", summary="Choose who may make videos of them")
def set_audience(handle: str, body: AudienceBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """What it grants is narrow. Whatever ends, what was made with it comes down before the answer is given."""
    request = AudienceRequest(audience=body.audience, accounts=tuple(body.accounts), confirmed=body.confirm)
    change: dict[str, object] = dump(context.service.cameos.portal.set_audience(who, handle, request))
    return change


@portal_router.get("/cameos/{handle}/down/{takedown_id}", summary="How far a takedown is")
def takedown_progress(handle: str, takedown_id: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Every video that it is about, with its state: up, coming_down, down."""
    progress = context.service.cameos.portal.progress(who, handle, takedown_id)
    return {
        "total": progress.total,
        "down": progress.down,
        "left": progress.left,
        "done": progress.done,
        "cases": dump(progress.steps),
    }


@portal_router.get("/acquaintances", summary="Whom you know")
def list_acquaintances(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """With `mutual` those who say so too."""
    return {"acquaintances": dump(context.service.cameos.portal.known(who))}


@portal_router.get("/blocked-accounts", summary="Whom you block")
def list_blocked(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Nobody else can see it, those who are blocked included."""
    return {"blocked": dump(context.service.cameos.portal.blocked(who))}


@portal_router.put("/blocked-accounts/{account}", summary="Block an account")
def block_account(account: str, who: BearerUser, context: ContextDep, end_user: EndUserQuery = "") -> dict[str, object]:
    """No permission of yours covers it any more. What it made of you comes down before the answer is given.

    It is blocked with everybody who orders by it; with `end_user` that one user of it alone.
    """
    party = named_party(context, account, end_user)
    return {"takedowns": list(context.service.cameos.portal.block(who, party))}


@portal_router.delete("/blocked-accounts/{account}", status_code=204, summary="No longer block an account")
def unblock_account(account: str, principal: BearerUser, context: ContextDep, end_user: EndUserQuery = "") -> None:
    """Your permissions count for it again, and its requests come. What came down stays down. As the list names it, or
    with `end_user`."""
    party = named_party(context, account, end_user) if end_user else account
    context.service.cameos.portal.unblock(principal, party)


@portal_router.post("/notices/read", summary="You have read notices")
def mark_notices_read(body: ReadBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """By their keys, or all. Gives how many were unread, and how many still are."""
    portal = context.service.cameos.portal
    return {"read": portal.mark_read(who, body.keys), "unread": portal.unread(who)}


@portal_router.get("/erasures", summary="Your erasures")
def list_erasures(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """What you had erased, how much it was, and whether the certificate is ready."""
    found = context.service.cameos.portal.own_erasures(who)
    return {
        "erasures": [
            {"cameo": one.cameo, "asked": one.asked, "erased": one.counts, "certificate_ready": bool(one.certificate)}
            for one in found
        ]
    }


@portal_router.get("/erasures/{cameo_id}", summary="How far an erasure is")
def show_erasure(cameo_id: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Your data is gone already; this is about the videos that show you."""
    portal = context.service.cameos.portal
    progress, erasure = portal.erasure_progress(who, cameo_id), portal.erasure(who, cameo_id)
    counted = {"total": progress.total, "down": progress.down, "left": progress.left, "done": progress.done}
    return {**counted, "erased": erasure.counts, "certificate_ready": bool(erasure.certificate)}


@portal_router.get("/erasures/{cameo_id}/certificate", summary="The certificate of an erasure")
def erasure_certificate(cameo_id: str, who: BearerUser, response: Response, context: ContextDep) -> dict[str, object]:
    """A file that anyone can check with `assay audit verify FILE`: signed, with proofs of the audit log."""
    certificate = context.service.cameos.portal.certificate(who, cameo_id)  # for no other id a header is written
    response.headers["Content-Disposition"] = f'attachment; filename="erasure-{cameo_id}.json"'
    return certificate


@certificate_router.post("/api/certificates/check", summary="Is this a certificate of ours, and is it so?")
def check_certificate(body: CertificateBody, context: ContextDep) -> dict[str, object]:
    """Its signature is checked first: 400 for one that does not hold. Says nothing of a person."""
    found = context.service.cameos.portal.check_certificate(body.certificate)
    return {"valid": found.valid, "state": found.state, "says": found.statement}
