"""The moderators' pages of enrolments that wait: picture, proof, checks and likely duplicates, and the decision."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from registry.consent import ENROLMENT_REFUSALS

enrolment_review_router = APIRouter(prefix="/enrolments", include_in_schema=False)

KIND_TEXTS = {
    "self": "Somebody who says it is they themselves",
    "minor": "A minor, by a guardian",
    "estate": "Somebody who has died, by their estate",
}
_PRIVATE = {"Cache-Control": "private, no-store"}


@enrolment_review_router.get("")
def enrolments_page(request: Request, who: SessionUser, context: ContextDep, done: str = "") -> Response:
    """Every enrolment that waits, the longest-waiting first."""
    service = context.service.cameos
    held = service.review.held(who)
    appealed = {cameo.id for cameo in held if service.inspection.steps(who, cameo.id)}
    return render_page(request, "enrolments.html", held=held, appealed=appealed, kinds=KIND_TEXTS, done=done)


@enrolment_review_router.get("/{cameo_id}")
def enrolment_page(request: Request, cameo_id: str, who: SessionUser, context: ContextDep) -> Response:
    """One enrolment with everything that bears on it. Nothing of it is shown before it is asked for."""
    service = context.service.cameos
    proof = service.review.proof(who, cameo_id)
    return render_page(
        request,
        "enrolment.html",
        cameo=service.stores.cameos.get(cameo_id),
        kinds=KIND_TEXTS,
        proof=proof,
        pictures=service.inspection.pictures(who, cameo_id),
        takes=service.enrolment.signals_of(who, cameo_id),
        duplicates=[
            (duplicate, service.inspection.pictures(who, duplicate.cameo.id))
            for duplicate in service.enrolment.likely_duplicates(who, cameo_id)
        ],
        steps=[(step, service.inspection.words(who, step)) for step in service.inspection.steps(who, cameo_id)],
        refusals=ENROLMENT_REFUSALS,
        may_decide=service.review.may_decide(who, cameo_id),
    )


@enrolment_review_router.get("/{cameo_id}/pictures/{picture_id}")
def enrolment_picture(cameo_id: str, picture_id: str, who: SessionUser, context: ContextDep) -> Response:
    """A picture that is kept until it is decided."""
    picture = context.service.cameos.inspection.picture(who, cameo_id, picture_id)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE)


@enrolment_review_router.post("/{cameo_id}/decide", dependencies=[Depends(require_csrf_token)])
def decide_held_enrolment(
    *,
    cameo_id: str,
    who: SessionUser,
    context: ContextDep,
    decision: Annotated[str, Form(pattern="^(allow|refuse)$")],
    code: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Admit or refuse, and open the next that waits."""
    review = context.service.cameos.review
    review.admit(who, cameo_id, allow=decision == "allow", code=code if decision == "refuse" else "", note=note)
    waiting = [cameo.id for cameo in review.held(who) if review.may_decide(who, cameo.id)]
    return RedirectResponse(f"/enrolments/{waiting[0]}" if waiting else "/enrolments?done=empty", status_code=303)
