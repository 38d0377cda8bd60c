"""The moderators' pages of limits that owners wrote in their own words: rules are made of them, or they are refused."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser, check_csrf_token
from console.web.context import ContextDep
from console.web.rendering import render_page
from registry.consent import BANNED_TOPICS, PURPOSES, WORDING_REFUSALS, LeaseTerms

wording_router = APIRouter(prefix="/wordings", include_in_schema=False)

TOPIC_TEXTS = {"politics": "politics", "alcohol": "alcohol", "romance": "romance", "revealing": "revealing clothes"}


@wording_router.get("")
def wordings_page(request: Request, who: SessionUser, context: ContextDep, done: str = "") -> Response:
    """Every lease whose words wait to be read."""
    waiting = context.service.cameos.review.to_review(who)
    return render_page(request, "wordings.html", waiting=waiting, done=done)


@wording_router.get("/{lease_id}")
def wording_page(request: Request, lease_id: str, who: SessionUser, context: ContextDep) -> Response:
    """One of them: the words, what the lease allows already, and the form that makes rules of them."""
    return render_page(
        request,
        "wording.html",
        waiting=context.service.cameos.review.wording(who, lease_id),
        purposes=PURPOSES,
        topics={topic: TOPIC_TEXTS[topic] for topic in BANNED_TOPICS},
        refusals=WORDING_REFUSALS,
    )


@wording_router.post("/{lease_id}/rules")
async def make_rules(request: Request, lease_id: str, who: SessionUser, context: ContextDep) -> Response:
    """The lease goes on under these terms."""
    form = await request.form()
    check_csrf_token(request, context, str(form.get("form_token", "")))
    terms = LeaseTerms(
        purposes=tuple(str(value) for value in form.getlist("purpose")),
        territory=tuple(_parts(str(form.get("territory", "")).upper())),
        bans=tuple(str(value) for value in form.getlist("ban")),
        words=tuple(_parts(str(form.get("words", "")))),
        watched="watched" in form,
    )
    await to_thread.run_sync(lambda: context.service.cameos.review.review(who, lease_id, terms))
    return RedirectResponse("/wordings?done=ruled", status_code=303)


@wording_router.post("/{lease_id}/refuse", dependencies=[Depends(require_csrf_token)])
def refuse_words(
    lease_id: str, who: SessionUser, context: ContextDep, code: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """No rules can be made of them: the lease ends, and its owner is told why."""
    context.service.cameos.review.refuse_wording(who, lease_id, code=code)
    return RedirectResponse("/wordings?done=refused", status_code=303)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
