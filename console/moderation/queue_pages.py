"""Pages of the moderators' queue: what is held, the next case, and leaving one to others.

The queue shows moderators how a prompt begins, so that they choose what they open.
"""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from console.moderation.form_guard import require_csrf_token
from console.moderation.next_case import open_next, see_other
from console.moderation.queue_choice import ChoiceDep, queue_filter, read_choice
from console.moderation.queue_rows import gate_of, queue_row
from console.web import display_text
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import NotFound
from pipeline.moderation.bulk_reviews import BulkDesk
from pipeline.moderation.queue_search import CASE_ID
from pipeline.moderation.review_queue import COUNTED_UP_TO
from pipeline.moderation.ruling_codes import ALLOW_CODES, REFUSE_CODES
from pipeline.moderation.saved_searches import SearchShelf

queue_pages_router = APIRouter(include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
QueryField = Annotated[str, Form(max_length=2000)]
NoteField = Annotated[str, Form(max_length=4000)]


@queue_pages_router.get("/queue")
def queue(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    choice: ChoiceDep,
    after: Annotated[str, Query(max_length=100)] = "",
    done: str = "",
) -> Response:
    """What is held, in the order of the queue; of one queue, or what a search finds."""
    if CASE_ID.fullmatch(choice.q.strip()):
        return see_other(f"/cases/{choice.q.strip()}")
    desk = context.service.reviews
    page = desk.page(who, queue_filter(context, who, choice), after=after)
    texts = context.service.context.texts.read_many([held.prompt for held in page.cases if held.prompt])
    return render_page(
        request,
        "queue.html",
        page=page,
        rows=[queue_row(held, texts, me=who.id) for held in page.cases],
        choice=choice,
        capped=page.held > COUNTED_UP_TO,
        after=after,
        done=done,
        gate_of=gate_of,
        searches=SearchShelf(store=desk.stores.searches).of(who),
        bulks=[bulk for bulk in BulkDesk(desk=desk).recent(who) if bulk.state != "undone"],
        colleagues=desk.colleagues(who),
        experts=desk.has_experts(who),
        allowing={code: display_text.RULING_TEXTS[code] for code in ALLOW_CODES},
        refusing={code: display_text.RULING_TEXTS[code] for code in REFUSE_CODES},
        skips=display_text.SKIP_TEXTS,
    )


@queue_pages_router.get("/queue/{case_id}/poster")
def poster(case_id: str, who: SessionUser, context: ContextDep) -> Response:
    """A picture of a held video so small that it shows nothing. Raises NotFound, Erased."""
    desk = context.service.reviews
    held = desk.entry(who, case_id)
    if held is None or not held.poster or desk.queue.rights(who.id).refusal(held):
        raise NotFound("there is no picture of this case")
    jpeg = base64.b64decode(context.service.context.texts.read(held.poster))
    return Response(jpeg, media_type="image/jpeg")


@queue_pages_router.post("/queue/next", dependencies=_CSRF_PROTECTED)
def take_next(who: SessionUser, context: ContextDep, query: QueryField = "") -> Response:
    """Open the case that comes first in this queue and that nobody else has open."""
    return open_next(context, who, queue_filter(context, who, read_choice(query)))


@queue_pages_router.post("/queue/searches", dependencies=_CSRF_PROTECTED)
def save_search(
    who: SessionUser, context: ContextDep, name: Annotated[str, Form(max_length=200)], query: QueryField = ""
) -> Response:
    """Keep what the page shows under a name."""
    choice = read_choice(query)
    SearchShelf(store=context.service.reviews.stores.searches).save(who, name, choice.query())
    return see_other(choice.address(done="kept"))


@queue_pages_router.post("/queue/searches/delete", dependencies=_CSRF_PROTECTED)
def delete_search(who: SessionUser, context: ContextDep, name: Annotated[str, Form(max_length=200)]) -> Response:
    """Keep a search no longer."""
    SearchShelf(store=context.service.reviews.stores.searches).delete(who, name)
    return see_other("/queue")


@queue_pages_router.post("/cases/{case_id}/skip", dependencies=_CSRF_PROTECTED)
def skip(case_id: str, who: SessionUser, context: ContextDep, code: Annotated[str, Form()]) -> Response:
    """Leave a case to others, and open the next."""
    context.service.reviews.skip(who, case_id, code=code)
    return open_next(context, who, done="skipped")


@queue_pages_router.post("/cases/{case_id}/escalate", dependencies=_CSRF_PROTECTED)
def escalate(case_id: str, who: SessionUser, context: ContextDep, note: NoteField = "") -> Response:
    """Put a case into the queue of the experts, and open the next."""
    context.service.reviews.escalate(who, case_id, note=note)
    return open_next(context, who, done="escalated")


@queue_pages_router.post("/cases/{case_id}/hand-over", dependencies=_CSRF_PROTECTED)
def hand_over(
    case_id: str, who: SessionUser, context: ContextDep, to: Annotated[str, Form()], note: NoteField = ""
) -> Response:
    """Hand a case to another moderator, and open the next."""
    context.service.reviews.hand_over(who, case_id, to=to, note=note)
    return open_next(context, who, done="handed")


@queue_pages_router.post("/cases/{case_id}/leave", dependencies=_CSRF_PROTECTED)
def leave(case_id: str, who: SessionUser, context: ContextDep) -> Response:
    """The page of a case was closed: others may take it."""
    context.service.reviews.leave(who, case_id)
    return Response(status_code=204)
