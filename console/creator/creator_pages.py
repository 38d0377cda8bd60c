"""The page behind a creator's link, and the appeal that it takes. It needs no account, no cookie and no script.

Whoever knows the link may do all that its page does, and nobody else can: its form carries a token that is made of the
link, so that no other site can send it.
"""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.creator.creator_texts import engine_cause, limits_named, reason_catalog, told_reply
from console.gateway.video_explanation import explanation_object, translated_reason
from console.languages.page_language import language_of
from console.verify.published_video import address_of_published
from console.web.context import ContextDep, RequestContext, client_address
from console.web.error_responses import CREATOR_PATH
from console.web.http_errors import FormExpired, NotOffered
from console.web.rendering import render_page
from core.case import Phase
from core.errors import Erased, NotFound
from pipeline.creator.creator_desk import MAX_APPEAL_LENGTH, CreatorDesk, CreatorView
from pipeline.creator.video_story import STEP_CODES

creator_pages_router = APIRouter(prefix=CREATOR_PATH.rstrip("/"), include_in_schema=False)

_MAX_FIELD = 4 * MAX_APPEAL_LENGTH  # what is longer than an appeal may be is told so, and what is absurd is not read


@creator_pages_router.get("/{secret}")
def creator_page(request: Request, context: ContextDep, secret: str, done: str = "") -> Response:
    """What became of the video. 404 for a link that does not work, 410 once the case was erased."""
    context.rate_limiter.consume(client_address(request))
    try:
        view = creator_desk_of(context).view(secret)
    except (NotFound, Erased) as error:
        erased = isinstance(error, Erased)
        return render_page(request, "creator_gone.html", status=410 if erased else 404, erased=erased)
    return render_page(request, "creator.html", **_variables(request, context, secret, view), done=done)


@creator_pages_router.post("/{secret}/appeal")
async def appeal_by_link(
    *,
    request: Request,
    context: ContextDep,
    secret: str,
    words: Annotated[str, Form(max_length=_MAX_FIELD)] = "",
    form_token: Annotated[str, Form(max_length=500)] = "",
    lang: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Ask that a person look at the refusal, in words or without any."""
    context.rate_limiter.consume(client_address(request), cost=10)
    if not context.sessions.is_valid_csrf_token(_seed(secret), form_token):
        raise FormExpired
    await to_thread.run_sync(creator_desk_of(context).appeal, secret, words.replace("\r\n", "\n"))
    return RedirectResponse(f"{CREATOR_PATH}{secret}?done=appealed&lang={language_of(request, lang).code}", 303)


def creator_desk_of(context: RequestContext) -> CreatorDesk:
    """The desk. Raises NotOffered where this installation gives out no links."""
    if context.installation.creator_desk is None:
        raise NotOffered("no links for creators are given out here")
    return context.installation.creator_desk


def _seed(secret: str) -> str:
    return f"creator link {secret}"


def _variables(request: Request, context: RequestContext, secret: str, view: CreatorView) -> dict[str, Any]:
    case, verdict = view.case, view.case.verdict
    catalog = reason_catalog(request)
    explained = explanation_object(case, view.explanation, (), catalog)
    stopped = verdict is not None and view.explanation is not None
    return {
        "view": view,
        "case": case,
        "secret": secret,
        "appeal_token": context.sessions.csrf_token(_seed(secret)),
        "catalog": catalog,
        "reasons": explained["reasons"] if explained else [],
        "changes": explained["change"] if explained else [],
        "reason": translated_reason(verdict.reason, view.explanation, catalog) if verdict and stopped else "",
        "cause": engine_cause(view, catalog),
        "limits": limits_named(view),
        "reply": told_reply(view, catalog),
        "watch": address_of_published(context, case.id) if case.phase is Phase.PUBLISHED else "",
        "recall_codes": [code for code in STEP_CODES if code.startswith("recalled")],
        "most": MAX_APPEAL_LENGTH,
    }
