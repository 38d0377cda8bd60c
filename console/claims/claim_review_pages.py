"""The moderators' pages of claims: the queue by the legal clock, one with everything that was sent, the decision."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from console.claims import claim_texts
from console.claims.claim_request import claims_of
from console.claims.claim_views import clock_view
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from core.errors import BadInput
from core.roles import Principal
from pipeline.claims.claim import ClaimDecision, ClaimKind
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS, USUAL_CODES
from pipeline.claims.claim_review import QUEUE_PAGE

claim_review_router = APIRouter(prefix="/claim-reviews", include_in_schema=False)

_DOWNLOAD = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
_SUFFIXES = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@claim_review_router.get("")
def claim_queue_page(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    kind: str = "",
    view: str = "",
    done: str = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Response:
    """Claims that wait, the first due first, page by page; or those that were decided."""
    review, now = claims_of(context).review, datetime.now(UTC)
    chosen = ClaimKind(kind) if kind in list(ClaimKind) else None
    rows = review.decided(who, now) if view == "decided" else review.queue(who, now, kind=chosen, page=page)
    return render_page(
        request,
        "claim_queue.html",
        rows=[(row, *clock_view(row.claim, now)) for row in rows],
        counts=review.counts(who, now),
        kind=kind,
        view=view,
        done=done,
        page=page,
        has_more=view != "decided" and len(rows) == QUEUE_PAGE,
        texts=claim_texts,
        codes=CLAIM_CODE_TEXTS,
    )


@claim_review_router.get("/{claim_id}")
def claim_review_page(
    request: Request, who: SessionUser, context: ContextDep, claim_id: str, done: str = ""
) -> Response:
    """One claim: clock, video, statements, proof, others about the same video, and the decision."""
    now, claims = datetime.now(UTC), claims_of(context)
    shown = claims.review.show(who, claim_id)
    clock, seconds = clock_view(shown.claim, now)
    return render_page(
        request,
        "claim_review.html",
        shown=shown,
        claim=shown.claim,
        clock=clock,
        seconds=seconds,
        guarded=claims.desk.limits.guarded([shown.claim.id]).get(shown.claim.id),
        stops=claims.proofs.stops_clock(shown.claim, now),
        usual=USUAL_CODES[shown.claim.kind],
        done=done,
        texts=claim_texts,
        codes=CLAIM_CODE_TEXTS,
    )


@claim_review_router.get("/{claim_id}/files/{file_id}")
def claim_file(who: SessionUser, context: ContextDep, claim_id: str, file_id: str) -> Response:
    """A file that came with a claim."""
    return claim_file_response(who, context, claim_id, file_id)


def claim_file_response(who: Principal, context: RequestContext, claim_id: str, file_id: str) -> Response:
    """A file to be kept, and not shown by the browser: nobody here has looked into it."""
    file, content = claims_of(context).review.file(who, claim_id, file_id)
    name = f"{file.purpose.value}-{file.id}.{_SUFFIXES[file.media_type]}"
    headers = {**_DOWNLOAD, "Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(file.size)}
    return StreamingResponse(content, media_type=file.media_type, headers=headers)


@claim_review_router.post("/{claim_id}/videos", dependencies=[Depends(require_csrf_token)])
def name_claimed_videos(
    who: SessionUser,
    context: ContextDep,
    claim_id: str,
    revision: Annotated[int, Form()],
    about: Annotated[str, Form(max_length=4000)],
) -> Response:
    """Say which videos a claim is about."""
    review = claims_of(context).review
    review.name_videos(who, claim_id, about.splitlines(), revision=revision, now=datetime.now(UTC))
    return RedirectResponse(f"/claim-reviews/{claim_id}?done=named", status_code=303)


@claim_review_router.post("/{claim_id}/decide", dependencies=[Depends(require_csrf_token)])
def decide_claim(
    *,
    who: SessionUser,
    context: ContextDep,
    claim_id: str,
    revision: Annotated[int, Form()],
    decision: Annotated[str, Form(max_length=20)],
    code: Annotated[str, Form(max_length=60)] = "",
    words: Annotated[str, Form(max_length=8000)] = "",
    upheld: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Decide, and open the next that is due."""
    if decision not in list(ClaimDecision):
        raise BadInput("choose a decision", param="decision")
    review, now = claims_of(context).review, datetime.now(UTC)
    review.decide(
        who,
        claim_id,
        ClaimDecision(decision),
        code=code,
        words=words,
        upheld=upheld or (),
        revision=revision,
        now=now,
    )
    waiting = [row.claim.id for row in review.queue(who, now)]
    where = f"/claim-reviews/{waiting[0]}?done=next" if waiting else "/claim-reviews?done=empty"
    return RedirectResponse(where, status_code=303)
