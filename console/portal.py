"""The page of people's likeness: what they allow, what is made with it, what came down, and all of it taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.auth import Member
from console.cameo_api import LeaseBody
from console.pages import signed_form
from console.rendering import page
from console.room import In
from core.errors import BadInput
from pipeline.cameo_desk import BANS, PURPOSES

portal = APIRouter(prefix="/me", include_in_schema=False)

_SIGNED = [Depends(signed_form)]
_BANS = {"politics": "politics", "alcohol": "alcohol", "romance": "romance", "revealing": "revealing clothes"}
_HOLDERS = {"*": "everyone", "~": "people you know who know you"}


@portal.get("")
def home(request: Request, who: Member, room: In, done: str = "") -> Response:
    """The person's cameos and what they were told."""
    desk = room.desk.cameos
    cameos = [one for one in desk.mine(who) if one.state != "erased"]
    return page(request, "portal.html", cameos=cameos, notices=desk.notices(who)[:50], done=done)


@portal.get("/{handle}")
def cameo(request: Request, handle: str, who: Member, room: In, done: str = "") -> Response:
    """One cameo: leases, uses, reports."""
    desk = room.desk.cameos
    found = desk.cameo(who, handle)
    return page(
        request,
        "cameo.html",
        cameo=found,
        mine=found.owner == who.id,
        leases=[one for one in reversed(desk.leases(who, handle)) if one.revoked is None],
        uses=desk.uses(who, handle)[:100],
        reports=desk.came_down(who, handle),
        purposes=PURPOSES,
        bans={ban: _BANS[ban] for ban in BANS},
        holders=_HOLDERS,
        done=done,
    )


@portal.post("/{handle}/leases", dependencies=_SIGNED)
async def lease(request: Request, handle: str, who: Member, room: In) -> Response:
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
    await to_thread.run_sync(room.desk.cameos.lease, who, handle, body.asked())
    return _to(f"/me/{handle}?done=leased")


@portal.post("/{handle}/leases/{lease_id}/revoke", dependencies=_SIGNED)
def revoke(handle: str, lease_id: str, who: Member, room: In) -> Response:
    """Take a lease back."""
    room.desk.cameos.revoke(who, lease_id)
    return _to(f"/me/{handle}?done=revoked")


@portal.post("/{handle}/uses/{case_id}/{answer}", dependencies=_SIGNED)
def answer(*, handle: str, case_id: str, answer: str, who: Member, room: In) -> Response:
    """Approve a draft, or veto a video."""
    if answer == "approve":
        room.desk.cameos.approve(who, handle, case_id)
    elif answer == "veto":
        room.desk.cameos.veto(who, handle, case_id)
    else:
        raise BadInput("a use is approved or vetoed")
    return _to(f"/me/{handle}?done={answer}")


@portal.post("/{handle}/erase", dependencies=_SIGNED)
def erase(handle: str, who: Member, room: In, sure: Annotated[str, Form()] = "") -> Response:
    """Erase a person, if their handle was written once more."""
    if sure.strip().removeprefix("@").casefold() != room.desk.cameos.cameo(who, handle).handle:
        raise BadInput("write your handle to erase everything")
    room.desk.cameos.erase(who, handle)
    return _to("/me?done=erased")


def _holder(audience: str, account: str) -> str:
    if audience in _HOLDERS:
        return audience
    if not account.strip():
        raise BadInput("name the account that you allow this")
    return account.strip()


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
