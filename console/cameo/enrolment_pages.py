"""The enrolment pages: a challenge, and one take that answers it, filmed there or chosen as a file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser, check_csrf_token
from console.web.context import ContextDep
from console.web.rendering import render_page
from console.web.scans import ACCOUNT_BUDGET, scan_file
from console.web.uploads import receive_form
from core.errors import BadInput, NotFound

enrolment_router = APIRouter(prefix="/enrol", include_in_schema=False)

MAX_RECORDING_SECONDS = 40
"""After so long the page stops filming: a take lasts 45 s at most."""


@enrolment_router.get("")
def enrol_page(request: Request, principal: SessionUser) -> Response:  # noqa: ARG001 - only for members
    """The form: for which person, under which handle."""
    return render_page(request, "enrol.html")


@enrolment_router.post("", dependencies=[Depends(require_csrf_token)])
def request_challenge(
    principal: SessionUser,
    context: ContextDep,
    handle: Annotated[str, Form(max_length=100)],
    kind: Annotated[Literal["self", "minor"], Form()] = "self",
) -> Response:
    """Ask for a challenge."""
    challenge = context.service.cameos.enrolment.challenge(principal, handle.strip(), kind=kind)
    return RedirectResponse(f"/enrol/{challenge.id}", status_code=303)


@enrolment_router.get("/{challenge_id}")
def challenge_page(request: Request, challenge_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """What to say and do, and where the take goes. 404 for another's."""
    matching = [
        challenge
        for challenge in context.service.cameos.enrolment.own_challenges(principal)
        if challenge.id == challenge_id
    ]
    if not matching:
        raise NotFound("there is no such challenge")
    return render_page(
        request,
        "challenge.html",
        challenge=matching[0],
        seconds=MAX_RECORDING_SECONDS,
        megabytes=context.max_upload_bytes // 1024**2,
    )


@enrolment_router.post("/take")
async def enrol_with_take(request: Request, principal: SessionUser, context: ContextDep) -> Response:
    """Enrol with a take, and say how it ended. The video is deleted before the answer is given."""
    async with receive_form(
        request, context.upload_folder, field="take", limit=context.max_upload_bytes, seats=context.uploads
    ) as upload:
        check_csrf_token(request, context, upload.field("form_token"))
        if upload.file is None or upload.file.stat().st_size == 0:
            raise BadInput("film yourself, or choose a video, first")
        file, challenge_id, proof = upload.file, upload.field("challenge"), upload.field("proof")
        enrolment = context.service.cameos.enrolment
        outcome = await scan_file(
            request, context, lambda: enrolment.take(principal, challenge_id, file, proof=proof), ACCOUNT_BUDGET
        )
    return render_page(request, "enrolled.html", done=outcome)


@enrolment_router.post("/estate")
async def enrol_estate(request: Request, principal: SessionUser, context: ContextDep) -> Response:
    """Enrol somebody who has died, for their estate: always held, because a moderator checks the proof."""
    async with receive_form(
        request,
        context.upload_folder,
        field="picture",
        second="another",
        limit=context.max_upload_bytes,
        seats=context.uploads,
    ) as upload:
        check_csrf_token(request, context, upload.field("form_token"))
        pictures = [file for file in (upload.file, upload.second) if file is not None and file.stat().st_size]
        handle, proof = upload.field("handle").strip(), upload.field("proof")
        enrolment = context.service.cameos.enrolment
        cameo = await scan_file(
            request, context, lambda: enrolment.estate(principal, handle, pictures, proof=proof), ACCOUNT_BUDGET
        )
    return RedirectResponse(f"/me/{cameo.handle}", status_code=303)
