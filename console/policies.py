"""The operators' page of the policy: what is in force, what is tried on how many cases, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.auth import Member
from console.pages import signed_form
from console.rendering import page
from console.room import In, Room
from core.errors import Unavailable
from pipeline.policy_desk import PolicyDesk

policies = APIRouter(prefix="/policy", include_in_schema=False)

_SIGNED = [Depends(signed_form)]
Seen = Annotated[int, Form(description="How many steps the page showed.")]


@policies.get("")
def policy(request: Request, who: Member, room: In, compare: bool = False, done: str = "") -> Response:
    """Versions, the share of the candidate, how each decided, and the steps so far."""
    desk = _desk(room)
    return page(
        request,
        "policy.html",
        now=desk.status(who),
        decided=desk.decided(who),
        compared=desk.compared(who) if compare else None,
        done=done,
    )


@policies.post("/rollback", dependencies=_SIGNED)
def roll_back(who: Member, room: In, seen: Seen) -> Response:
    """Withdraw the candidate, or undo the last promotion."""
    _desk(room).roll_back(who, seen=seen)
    return RedirectResponse("/policy?done=back", status_code=303)


@policies.post("/promote", dependencies=_SIGNED)
def promote(who: Member, room: In, seen: Seen) -> Response:
    """Put the candidate in force for every case."""
    _desk(room).promote(who, seen=seen)
    return RedirectResponse("/policy?done=promoted", status_code=303)


def _desk(room: Room) -> PolicyDesk:
    if room.desk.policies is None:
        raise Unavailable("no policy is rolled out here")
    return room.desk.policies
