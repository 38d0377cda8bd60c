"""The page of people's likeness: what they allow, what is made with it, what came down, and all of it taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.cameo.cameo_api import LeaseBody
from console.moderation.case_pages import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput
from registry.consent import BANNED_TOPICS, PURPOSES

cameo_pages_router = APIRouter(prefix="/me", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_BAN_TEXTS = {"politics": "politics", "alcohol": "alcohol", "romance": "romance", "revealing": "revealing clothes"}
_HOLDER_TEXTS = {"*": "everyone", "~": "people you know who know you"}


@cameo_pages_router.get("")
def cameos_page(request: Request, who: SessionUser, context: ContextDep, done: str = "") -> Response:
    """The person's cameos and what they were told."""
    desk = context.service.cameos
    cameos = [one for one in desk.own_cameos(who) if one.state != "erased"]
    return render_page(request, "portal.html", cameos=cameos, notices=desk.notices(who)[:50], done=done)


@cameo_pages_router.get("/{handle}")
def cameo_page(request: Request, handle: str, who: SessionUser, context: ContextDep, done: str = "") -> Response:
    """One cameo: leases, uses, reports."""
    desk = context.service.cameos
    found = desk.cameo(who, handle)
    return render_page(
        request,
        "cameo.html",
        cameo=found,
        mine=found.owner == who.id,
        leases=[one for one in reversed(desk.leases(who, handle)) if one.revoked is None],
        uses=desk.uses(who, handle)[:100],
        reports=desk.takedown_reports(who, handle),
        purposes=PURPOSES,
        bans={ban: _BAN_TEXTS[ban] for ban in BANNED_TOPICS},
        holders=_HOLDER_TEXTS,
        done=done,
    )


@cameo_pages_router.post("/{handle}/leases", dependencies=_CSRF_PROTECTED)
async def create_lease(request: Request, handle: str, who: SessionUser, context: ContextDep) -> Response:
    """Allow somebody something."""
    from anyio import to_thread

    form = await request.form()
    words = [word.strip() for word in str(form.get("words", "")).split(",") if word.strip()]
    until = str(form.get("until", ""))
    body = LeaseBody.model_validate(
        {
            "holder": _holder(str(form.get("audience", "")), str(form.get("account", ""))),
            "face": form.get("face") == "on",
            "voice": form.get("voice") == "on",
            "until": f"{until}T23:59:59Z" if until else None,
            "purposes": [str(one) for one in form.getlist("purpose")],
            "territory": [one.strip().upper() for one in str(form.get("territory", "")).split(",") if one.strip()],
            "bans": [str(one) for one in form.getlist("ban")],
            "words": words,
            "approval": form.get("approval") == "on",
            "limits": str(form.get("limits", ""))[:4000],
        }
    )
    await to_thread.run_sync(context.service.cameos.lease, who, handle, body.to_lease_request())
    return _see_other(f"/me/{handle}?done=leased")


@cameo_pages_router.post("/{handle}/leases/{lease_id}/revoke", dependencies=_CSRF_PROTECTED)
def revoke_lease(handle: str, lease_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Take a lease back."""
    context.service.cameos.revoke(who, lease_id)
    return _see_other(f"/me/{handle}?done=revoked")


@cameo_pages_router.post("/{handle}/uses/{case_id}/{answer}", dependencies=_CSRF_PROTECTED)
def answer_use(*, handle: str, case_id: str, answer: str, who: SessionUser, context: ContextDep) -> Response:
    """Approve a draft, or veto a video."""
    if answer == "approve":
        context.service.cameos.approve(who, handle, case_id)
    elif answer == "veto":
        context.service.cameos.veto(who, handle, case_id)
    else:
        raise BadInput("a use is approved or vetoed")
    return _see_other(f"/me/{handle}?done={answer}")


@cameo_pages_router.post("/{handle}/erase", dependencies=_CSRF_PROTECTED)
def erase_cameo(handle: str, who: SessionUser, context: ContextDep, sure: Annotated[str, Form()] = "") -> Response:
    """Erase a person, if their handle was written once more."""
    if sure.strip().removeprefix("@").casefold() != context.service.cameos.cameo(who, handle).handle:
        raise BadInput("write your handle to erase everything")
    context.service.cameos.erase(who, handle)
    return _see_other("/me?done=erased")


def _holder(audience: str, account: str) -> str:
    if audience in _HOLDER_TEXTS:
        return audience
    if not account.strip():
        raise BadInput("name the account that you allow this")
    return account.strip()


def _see_other(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
