"""The verifier's page: a file, or an address, and the answer in the reader's language; sharing it, and objecting."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from console.allowed_hosts import stated_address
from console.languages.page_language import language_of
from console.verify.browser_reader import has_browser_reader
from console.verify.finding_views import gone_layers, lineage_tree, origin_bars, undrawn_evidence, watermark_lanes
from console.verify.published_video import published_address
from console.verify.verify_api import verify_upload
from console.web import display_text
from console.web.auth import OptionalSessionUser
from console.web.context import ContextDep, RequestContext, client_address
from console.web.http_errors import FormExpired
from console.web.rendering import render_page
from core.codec import dump, load
from core.finding import Finding, FindingVerdict
from pipeline.verification.history_thumbnails import HistoryThumbnail, history_thumbnails

verify_pages_router = APIRouter(include_in_schema=False)

_SHARE_TOKEN_SECONDS = 3600  # seconds in which an answer can be shared after it was given
_MAX_TOKEN_LENGTH = 200_000
_MAX_FILES = 20  # that the page's script takes at once, one after the other


@verify_pages_router.get("/verify")
def verify_page(
    request: Request, context: ContextDep, address: Annotated[str, Query(max_length=2048)] = ""
) -> Response:
    """Choose or drop files, or name an address; a bookmarklet names one in the page's own address."""
    return _page(request, context, "verify.html", address=address if _is_web_address(address) else "")


@verify_pages_router.post("/verify")
async def submit_file(
    request: Request, context: ContextDep, principal: OptionalSessionUser, part: str = ""
) -> Response:
    """What the verifier says, as a page; with `part` only the answer, for the script that showed the progress.

    Carries no form token: nothing is changed by asking, and nobody is acted for. Pictures of the history are on this
    page only: an answer that is shared has none.
    """
    finding, pictures = await verify_upload(request, context, partial(history_thumbnails, context.service, principal))
    variables = _finding_variables(context, finding, pictures) | {
        "token": _token_serializer(context).dumps(dump(finding)),
        "link": "",
    }
    return _page(request, context, "finding.html" if part else "verified.html", **variables)


@verify_pages_router.post("/verify/share")
def share_finding(
    request: Request,
    context: ContextDep,
    token: Annotated[str, Form(max_length=_MAX_TOKEN_LENGTH)],
) -> Response:
    """Keep an answer that was given here, without the file and its name, under a link that nobody can guess."""
    context.rate_limiter.consume(client_address(request), cost=5)
    try:
        finding: Finding = load(Finding, _token_serializer(context).loads(token, max_age=_SHARE_TOKEN_SECONDS))
    except (BadData, TypeError, ValueError):
        raise FormExpired from None
    name = context.service.public.sharing.share(replace(finding, consent=None))  # consent is asked anew, not kept
    return RedirectResponse(f"/verify/shared/{name}", status_code=303)


@verify_pages_router.get("/verify/shared/{name}")
def shared_finding_page(request: Request, context: ContextDep, name: str) -> Response:
    """A shared answer. 404 once it has expired."""
    context.rate_limiter.consume(client_address(request))
    finding, until = context.service.public.sharing.get_shared(name)
    base = stated_address(request, context.installation.settings)
    link = f"{base}/verify/shared/{name}"
    variables = {"token": "", "until": until, "base": base, "link": link, "qr": _qr_code(link)}
    return _page(request, context, "shared.html", **_finding_variables(context, finding), **variables)


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
    return _page(request, context, "thanks.html", language=language_of(request, lang))


def _page(request: Request, context: RequestContext, template: str, **variables: Any) -> Response:
    return render_page(
        request,
        template,
        most=context.max_upload_bytes,
        urls=context.installation.settings.verify_urls,
        most_files=_MAX_FILES,
        reads_in_browser=has_browser_reader(context.installation.settings),
        **{"address": "", **variables},
    )


def _finding_variables(
    context: RequestContext, finding: Finding, step_pictures: Sequence[HistoryThumbnail] = ()
) -> dict[str, object]:
    headline, tone = display_text.FINDING_HEADLINES[finding.verdict]
    return {
        "finding": finding,
        "headline": headline,
        "tone": tone,
        "uid": secrets.token_hex(4),  # several answers stand on one page
        "published": published_address(context, finding),
        "lanes": watermark_lanes(finding),
        "branches": lineage_tree(finding, step_pictures),
        "gone_layers": gone_layers(finding),
        "origin_bars": origin_bars(finding),
        "proofs": undrawn_evidence(finding),
        "json": json.dumps(dump(finding), indent=2, ensure_ascii=False),
    }


def _is_web_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _qr_code(address: str) -> str:
    svg: str = segno.make(address, micro=False).svg_inline(scale=4, border=4, dark="#000", light="#fff")
    return svg


def _token_serializer(context: RequestContext) -> URLSafeTimedSerializer:
    return context.sessions.timed_serializer("assay.answer")
