"""The page of people's likeness: what they allow, what is made with it, what came down, and all of it taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

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
def cameos_page(request: Request, principal: SessionUser, context: ContextDep, done: str = "") -> Response:
    """The person's cameos and their notices."""
    service = context.service.cameos
    cameos = [cameo for cameo in service.own_cameos(principal) if cameo.state != "erased"]
    return render_page(request, "portal.html", cameos=cameos, notices=service.notices(principal)[:50], done=done)


@cameo_pages_router.get("/{handle}")
def cameo_page(request: Request, handle: str, principal: SessionUser, context: ContextDep, done: str = "") -> Response:
    """One cameo: leases, uses, reports."""
    service = context.service.cameos
    cameo = service.cameo(principal, handle)
    return render_page(
        request,
        "cameo.html",
        cameo=cameo,
        mine=cameo.owner == principal.id,
        leases=[lease for lease in reversed(service.leases(principal, handle)) if lease.revoked is None],
        uses=service.uses(principal, handle)[:100],
        reports=service.takedown_reports(principal, handle),
        purposes=PURPOSES,
        bans={ban: _BAN_TEXTS[ban] for ban in BANNED_TOPICS},
        holders=_HOLDER_TEXTS,
        done=done,
    )


@cameo_pages_router.post("/{handle}/leases", dependencies=_CSRF_PROTECTED)
async def create_lease(request: Request, handle: str, principal: SessionUser, context: ContextDep) -> Response:
    """Grant a lease."""
    from anyio import to_thread

    form = await request.form()
    words = [word.strip() for word in str(form.get("words", "")).split(",") if word.strip()]
    until = str(form.get("until", ""))
    body = _lease_body(
        {
            "holder": _holder(str(form.get("audience", "")), str(form.get("account", ""))),
            "face": form.get("face") == "on",
            "voice": form.get("voice") == "on",
            "until": f"{until}T23:59:59Z" if until else None,
            "purposes": [str(purpose) for purpose in form.getlist("purpose")],
            "territory": [
                purpose.strip().upper() for purpose in str(form.get("territory", "")).split(",") if purpose.strip()
            ],
            "bans": [str(purpose) for purpose in form.getlist("ban")],
            "words": words,
            "approval": form.get("approval") == "on",
            "limits": str(form.get("limits", ""))[:4000],
        }
    )
    await to_thread.run_sync(context.service.cameos.lease, principal, handle, body.to_lease_request())
    return _see_other(f"/me/{handle}?done=leased")


@cameo_pages_router.post("/{handle}/leases/{lease_id}/revoke", dependencies=_CSRF_PROTECTED)
def revoke_lease(handle: str, lease_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """Take a lease back."""
    context.service.cameos.revoke(principal, lease_id)
    return _see_other(f"/me/{handle}?done=revoked")


@cameo_pages_router.post("/{handle}/uses/{case_id}/{answer}", dependencies=_CSRF_PROTECTED)
def answer_use(*, handle: str, case_id: str, answer: str, principal: SessionUser, context: ContextDep) -> Response:
    """Approve a draft, or veto a video."""
    if answer == "approve":
        context.service.cameos.approve(principal, handle, case_id)
    elif answer == "veto":
        context.service.cameos.veto(principal, handle, case_id)
    else:
        raise BadInput("a use is approved or vetoed")
    return _see_other(f"/me/{handle}?done={answer}")


@cameo_pages_router.post("/{handle}/erase", dependencies=_CSRF_PROTECTED)
def erase_cameo(
    handle: str, principal: SessionUser, context: ContextDep, sure: Annotated[str, Form()] = ""
) -> Response:
    """Erase a person, if their handle was written once more."""
    if sure.strip().removeprefix("@").casefold() != context.service.cameos.cameo(principal, handle).handle:
        raise BadInput("write your handle to erase everything")
    context.service.cameos.erase(principal, handle)
    return _see_other("/me?done=erased")


def _lease_body(fields: dict[str, object]) -> LeaseBody:
    """What a form says of a lease. Raises BadInput with the name of the first field that cannot be read."""
    try:
        return LeaseBody.model_validate(fields)
    except ValidationError as error:
        name = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput(f"this cannot be read: {name}", param=name) from None


def _holder(audience: str, account: str) -> str:
    if audience in _HOLDER_TEXTS:
        return audience
    if not account.strip():
        raise BadInput("name the account that you allow this")
    return account.strip()


def _see_other(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
