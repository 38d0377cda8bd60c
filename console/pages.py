"""Pages of the moderators and of the platforms: the queue, the cases, and one case with everything about it.

Nothing graphic or personal is shown before it is asked for: not the prompt, not the video, not its sound.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console import words
from console.auth import Member, check_form
from console.rendering import page
from console.room import In
from console.serving import video_response
from console.views import marked, view, waiting
from core.case import Phase
from core.errors import Erased
from core.verdicts import Decision

pages = APIRouter(include_in_schema=False)

QUEUE_LENGTH = 100
Text = Annotated[str, Form(max_length=4000)]


def signed_form(request: Request, room: In, form_token: Annotated[str, Form()] = "") -> None:
    """Raises FormExpired unless this form was made here for this session."""
    check_form(request, room, form_token)


_SIGNED = [Depends(signed_form)]


@pages.get("/queue")
def queue(request: Request, who: Member, room: In) -> Response:
    """What is held, the longest-waiting first."""
    held = room.desk.queue(who, limit=QUEUE_LENGTH)
    rows = [waiting(case, room.desk.history(who, case.id), room.desk.actions(who, case)) for case in held]
    return page(request, "queue.html", rows=rows, full=len(rows) == QUEUE_LENGTH)


@pages.get("/cases")
def cases(request: Request, who: Member, room: In, phase: str = "") -> Response:
    """The person's cases, a moderator's being all."""
    chosen = Phase(phase) if phase in list(Phase) else None
    found = room.desk.cases(who, phase=chosen, limit=100)
    return page(request, "cases.html", cases=found, chosen=chosen, phases=words.PHASES)


@pages.get("/cases/{case_id}")
def case(request: Request, case_id: str, who: Member, room: In, show: str = "", done: str = "") -> Response:
    """A case: what was measured, what was decided, what may be done now."""
    found = room.desk.case(who, case_id)
    prompt = None
    if show == "prompt":
        try:
            prompt = marked(room.desk.prompt(who, case_id), found.signals)
        except Erased:
            prompt = ()
    shown = view(found, room.desk.history(who, case_id), who, room.desk.actions(who, found))
    return page(
        request, "case.html", view=shown, prompt=prompt, rulings=words.RULINGS, recalls=words.RECALLS, done=done
    )


@pages.get("/cases/{case_id}/video")
def video(case_id: str, who: Member, room: In) -> Response:
    """The video in ranges, to whoever may see it."""
    return video_response(room, who, room.desk.case(who, case_id))


@pages.post("/cases/{case_id}/rule", dependencies=_SIGNED)
def rule(
    *,
    case_id: str,
    who: Member,
    room: In,
    decision: Annotated[str, Form(pattern="^(allow|refuse)$")],
    code: Annotated[str, Form()],
    revision: Annotated[int, Form()],
    note: Text = "",
    then: Annotated[str, Form()] = "",
) -> Response:
    """Rule, and go to the next held case if so wished."""
    room.desk.rule(who, case_id, Decision[decision.upper()], code=code, revision=revision, note=note)
    if then != "next":
        return _to(f"/cases/{case_id}?done=ruled")
    held = room.desk.queue(who, limit=QUEUE_LENGTH)
    return _to(f"/cases/{held[0].id}?done=next" if held else "/queue")


@pages.post("/cases/{case_id}/resume", dependencies=_SIGNED)
def resume(case_id: str, who: Member, room: In, revision: Annotated[int, Form()]) -> Response:
    """Send on a case that stumbled or could not be measured."""
    room.desk.resume(who, case_id, revision=revision)
    return _to(f"/cases/{case_id}?done=resumed")


@pages.post("/cases/{case_id}/appeal", dependencies=_SIGNED)
def appeal(case_id: str, who: Member, room: In, note: Text = "") -> Response:
    """Ask that a person look at a refusal."""
    room.desk.appeal(who, case_id, note=note)
    return _to(f"/cases/{case_id}?done=appealed")


@pages.post("/cases/{case_id}/recall", dependencies=_SIGNED)
def recall(
    case_id: str, who: Member, room: In, code: Annotated[str, Form()], revision: Annotated[int, Form()], note: Text = ""
) -> Response:
    """Stop a case, or take its video down."""
    room.desk.recall(who, case_id, code=code, revision=revision, note=note)
    return _to(f"/cases/{case_id}?done=recalled")


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
