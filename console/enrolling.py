"""The page on which somebody enrols: a challenge, and one take that answers it, filmed there or chosen as a file."""

from __future__ import annotations

from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.auth import Member, check_form
from console.pages import signed_form
from console.rendering import page
from console.room import In
from console.uploads import receive
from core.errors import BadInput, NotFound

enrolling = APIRouter(prefix="/enrol", include_in_schema=False)

LONGEST_SECONDS = 40
"""After so long the page stops filming: a take lasts 45 s at most."""


@enrolling.get("")
def start(request: Request, who: Member) -> Response:  # noqa: ARG001 - only for members
    """For whom, and under which handle."""
    return page(request, "enrol.html")


@enrolling.post("", dependencies=[Depends(signed_form)])
def ask(
    who: Member,
    room: In,
    handle: Annotated[str, Form(max_length=100)],
    kind: Annotated[Literal["self", "minor"], Form()] = "self",
) -> Response:
    """Ask for a challenge."""
    made = room.desk.cameos.enrolment.challenge(who, handle.strip(), kind=kind)
    return RedirectResponse(f"/enrol/{made.id}", status_code=303)


@enrolling.get("/{challenge_id}")
def challenge(request: Request, challenge_id: str, who: Member, room: In) -> Response:
    """What to say and do, and where the take goes. 404 for another's."""
    mine = [one for one in room.desk.cameos.enrolment.kept(who) if one.id == challenge_id]
    if not mine:
        raise NotFound("there is no such challenge")
    return page(
        request, "challenge.html", challenge=mine[0], seconds=LONGEST_SECONDS, megabytes=room.upload_bytes // 1024**2
    )


@enrolling.post("/take")
async def take(request: Request, who: Member, room: In) -> Response:
    """Enrol with a take, and say how it ended. The video is deleted before the answer is given."""
    async with receive(request, room.uploads, field="take", limit=room.upload_bytes) as upload:
        check_form(request, room, upload.one("form_token"))
        if upload.file is None or upload.file.stat().st_size == 0:
            raise BadInput("film yourself, or choose a video, first")
        file, challenge_id, proof = upload.file, upload.one("challenge"), upload.one("proof")
        enrolment = room.desk.cameos.enrolment
        done = await to_thread.run_sync(
            lambda: enrolment.take(who, challenge_id, file, proof=proof), limiter=room.looking
        )
    return page(request, "enrolled.html", done=done)


@enrolling.post("/estate")
async def estate(request: Request, who: Member, room: In) -> Response:
    """Enrol somebody who has died, by who speaks for them: always held, because a person looks at the proof."""
    async with receive(request, room.uploads, field="picture", second="another", limit=room.upload_bytes) as upload:
        check_form(request, room, upload.one("form_token"))
        pictures = [file for file in (upload.file, upload.second) if file is not None and file.stat().st_size]
        handle, proof = upload.one("handle").strip(), upload.one("proof")
        enrolment = room.desk.cameos.enrolment
        made = await to_thread.run_sync(
            lambda: enrolment.estate(who, handle, pictures, proof=proof), limiter=room.looking
        )
    return RedirectResponse(f"/me/{made.handle}", status_code=303)
