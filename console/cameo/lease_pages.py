"""Giving, choosing and taking back permissions, as forms. What is wide is asked about once more, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.datastructures import FormData

from console.cameo.cameo_api import LeaseBody
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput
from registry.consent import (
    BANNED_TOPICS,
    DEFAULT_BANS,
    DEFAULT_PURPOSES,
    PURPOSES,
    AudienceRequest,
    LeaseScope,
    LikenessAudience,
    default_end,
    wide_points,
)

lease_pages_router = APIRouter(prefix="/me", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_BAN_TEXTS = {"politics": "politics", "alcohol": "alcohol", "romance": "romance", "revealing": "revealing clothes"}
_HOLDER_TEXTS = {"*": "everyone", "~": "people you know who know you"}
_NOT_KEPT = ("form_token", "confirm")


def lease_choices() -> dict[str, Any]:
    """What the form of a permission offers, and what is chosen in it at first: the narrow."""
    return {
        "purposes": PURPOSES,
        "chosen_purposes": DEFAULT_PURPOSES,
        "bans": {ban: _BAN_TEXTS[ban] for ban in BANNED_TOPICS},
        "chosen_bans": DEFAULT_BANS,
        "holders": _HOLDER_TEXTS,
        "until": f"{default_end():%Y-%m-%d}",
    }


@lease_pages_router.post("/{handle}/leases", dependencies=_CSRF_PROTECTED)
async def create_lease(request: Request, handle: str, principal: SessionUser, context: ContextDep) -> Response:
    """Grant a permission. One that is wide is shown once more, in words, and granted when that is confirmed."""
    form, service = await request.form(), context.service.cameos
    asked = _lease_body(_fields(form)).to_lease_request()
    cameo = await to_thread.run_sync(service.cameo, principal, handle)
    scope = LeaseScope(holder=asked.holder, until=asked.until, terms=asked.terms, owner=cameo.owner)
    if (points := wide_points(scope)) and not asked.confirmed:
        return _confirm(request, f"/me/{handle}/leases", f"/me/{handle}", points, form)
    await to_thread.run_sync(service.lease, principal, handle, asked)
    return _see_other(f"/me/{handle}?done=leased")


@lease_pages_router.post("/{handle}/audience", dependencies=_CSRF_PROTECTED)
async def choose_audience(request: Request, handle: str, principal: SessionUser, context: ContextDep) -> Response:
    """Choose who may make videos. What that ends, or opens to everybody, is confirmed in words."""
    form, portal = await request.form(), context.service.cameos.portal
    asked = AudienceRequest(
        audience=_audience(str(form.get("who", ""))),
        accounts=tuple(_names(str(form.get("accounts", "")))),
        confirmed=form.get("confirm") == "on",
    )
    plan = await to_thread.run_sync(portal.plan_audience, principal, handle, asked)
    if plan.points and not asked.confirmed:
        return _confirm(request, f"/me/{handle}/audience", f"/me/{handle}", plan.points, form)
    change = await to_thread.run_sync(lambda: portal.set_audience(principal, handle, asked, wait=False))
    address = f"/me/{handle}/down/{change.takedowns[0]}" if len(change.takedowns) == 1 else f"/me/{handle}?done=chosen"
    return RedirectResponse(address, status_code=303, background=BackgroundTask(portal.run_takedowns))


@lease_pages_router.post("/{handle}/leases/{lease_id}/revoke", dependencies=_CSRF_PROTECTED)
def revoke_lease(handle: str, lease_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """Take a permission back. It counts at once; the next page shows what comes down while it does."""
    service = context.service.cameos
    receipt = service.revoke(principal, lease_id, wait=False)
    takedown = next(one for one, _ in service.takedown_reports(principal, receipt.cameo) if one.lease == lease_id)
    carry_on = BackgroundTask(service.portal.run_takedowns)
    return RedirectResponse(f"/me/{handle}/down/{takedown.id}", status_code=303, background=carry_on)


def _confirm(request: Request, action: str, back: str, points: Sequence[str], form: FormData) -> Response:
    kept = [(name, str(value)) for name, value in form.multi_items() if name not in _NOT_KEPT]
    return render_page(request, "confirm.html", action=action, back=back, points=points, fields=kept)


def _fields(form: FormData) -> dict[str, object]:
    """A form's fields, as the API names them."""
    until = str(form.get("until", ""))
    return {
        "holder": _holder(str(form.get("audience", "")), str(form.get("account", ""))),
        "face": form.get("face") == "on",
        "voice": form.get("voice") == "on",
        "until": f"{until}T23:59:59Z" if until else None,
        "purposes": [str(purpose) for purpose in form.getlist("purpose")],
        "territory": [country.upper() for country in _names(str(form.get("territory", "")))],
        "bans": [str(ban) for ban in form.getlist("ban")],
        "words": _words(str(form.get("words", ""))),
        "approval": form.get("approval") == "on",
        "limits": str(form.get("limits", ""))[:4000],
        "confirm": form.get("confirm") == "on",
    }


def _lease_body(fields: dict[str, object]) -> LeaseBody:
    """What a form says of a lease. Raises BadInput with the name of the first field that cannot be read."""
    try:
        return LeaseBody.model_validate(fields)
    except ValidationError as error:
        name = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput(f"this cannot be read: {name}", param=name) from None


def _audience(value: str) -> LikenessAudience:
    try:
        return LikenessAudience(value)
    except ValueError:
        raise BadInput("choose who may make videos of you", param="who") from None


def _holder(audience: str, account: str) -> str:
    if audience in _HOLDER_TEXTS:
        return audience
    if not account.strip():
        raise BadInput("name the account that you allow this", param="account")
    return account.strip()


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _see_other(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
