"""The verifier's page: a file, or an address, and the answer in the reader's language; sharing it, and objecting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from console.verify.finding_views import lineage_tree, undrawn_evidence, watermark_bars
from console.verify.verify_api import verify_upload
from console.web import display_text
from console.web.auth import OptionalSessionUser
from console.web.context import ContextDep, RequestContext, client_address
from console.web.http_errors import FormExpired
from console.web.rendering import render_page
from console.web.translations import Language, available_languages, negotiate_language
from core.codec import dump, load
from core.finding import Finding, FindingVerdict
from pipeline.verification.history_thumbnails import HistoryThumbnail, history_thumbnails

verify_pages_router = APIRouter(include_in_schema=False)

_SHARE_TOKEN_SECONDS = 3600  # seconds in which an answer can be shared after it was given
_MAX_TOKEN_LENGTH = 200_000


@verify_pages_router.get("/verify")
def verify_page(request: Request, context: ContextDep, lang: str = "") -> Response:
    """Choose or drop a file, or name an address."""
    return _page(request, context, "verify.html", _language(request, lang))


@verify_pages_router.post("/verify")
async def submit_file(
    request: Request, context: ContextDep, principal: OptionalSessionUser, part: str = "", lang: str = ""
) -> Response:
    """What the verifier says, as a page; with `part` only the answer, for the script that showed the progress.

    Carries no form token: nothing is changed by asking, and nobody is acted for. Pictures of the history are on this
    page only: an answer that is shared has none.
    """
    finding, pictures = await verify_upload(request, context, partial(history_thumbnails, context.service, principal))
    variables = _finding_variables(finding, pictures) | {
        "token": _token_serializer(context).dumps(dump(finding)),
        "until": None,
    }
    return _page(request, context, "finding.html" if part else "verified.html", _language(request, lang), **variables)


@verify_pages_router.post("/verify/share")
def share_finding(
    request: Request,
    context: ContextDep,
    token: Annotated[str, Form(max_length=_MAX_TOKEN_LENGTH)],
    lang: Annotated[str, Form()] = "",
) -> Response:
    """Keep an answer that was given here, without the file and its name, under a link that nobody can guess."""
    context.rate_limiter.consume(client_address(request), cost=5)
    try:
        finding: Finding = load(Finding, _token_serializer(context).loads(token, max_age=_SHARE_TOKEN_SECONDS))
    except (BadData, TypeError, ValueError):
        raise FormExpired from None
    name = context.service.public.sharing.share(finding)
    return RedirectResponse(f"/verify/shared/{name}?lang={_language(request, lang).code}", status_code=303)


@verify_pages_router.get("/verify/shared/{name}")
def shared_finding_page(request: Request, context: ContextDep, name: str, lang: str = "") -> Response:
    """A shared answer. 404 once it has expired."""
    context.rate_limiter.consume(client_address(request))
    finding, until = context.service.public.sharing.get_shared(name)
    variables = _finding_variables(finding) | {"token": "", "until": until, "name": name}
    return _page(request, context, "shared.html", _language(request, lang), **variables)


@verify_pages_router.post("/verify/feedback")
def submit_feedback(
    request: Request,
    context: ContextDep,
    verdict: Annotated[FindingVerdict, Form()],
    opinion: Annotated[str, Form(max_length=20)],
    note: Annotated[str, Form(max_length=2000)] = "",
    lang: Annotated[str, Form()] = "",
) -> Response:
    """Feedback about an answer; stored without the person or the file."""
    context.rate_limiter.consume(client_address(request), cost=5)
    context.service.public.sharing.add_feedback(verdict.value, opinion, note)
    return _page(request, context, "thanks.html", _language(request, lang))


def _page(request: Request, context: RequestContext, template: str, language: Language, **variables: Any) -> Response:
    return render_page(
        request,
        template,
        language=language,
        languages=available_languages(),
        t=language,
        said=language.said,
        most=context.max_upload_bytes,
        urls=context.installation.settings.verify_urls,
        **variables,
    )


def _finding_variables(finding: Finding, step_pictures: Sequence[HistoryThumbnail] = ()) -> dict[str, object]:
    headline, tone = display_text.FINDING_HEADLINES[finding.verdict]
    return {
        "finding": finding,
        "headline": headline,
        "tone": tone,
        "bars": watermark_bars(finding),
        "branches": lineage_tree(finding, step_pictures),
        "proofs": undrawn_evidence(finding),
        "json": json.dumps(dump(finding), indent=2, ensure_ascii=False),
    }


def _language(request: Request, requested: str) -> Language:
    return negotiate_language(requested, request.headers.get("accept-language", ""))


def _token_serializer(context: RequestContext) -> URLSafeTimedSerializer:
    return context.sessions.timed_serializer("assay.answer")
