"""The claims desk for anybody: what can be reported, the form of each kind, and the status page of the secret link.

Everything works without scripts and without an account.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.claims import claim_texts
from console.claims.claim_request import ReadClaim, claims_of, read_claim, submit_claim
from console.claims.claim_status_page import PRIVATE, render_claim_status
from console.claims.claim_views import clock_view
from console.languages.page_language import language_of
from console.moderation.form_guard import require_csrf_token
from console.web.auth import OptionalSessionUser, SessionUser, check_csrf_token
from console.web.context import ContextDep, RequestContext, client_address
from console.web.http_errors import status_of
from console.web.rendering import render_page
from core.errors import BadInput, NotFound
from pipeline.access.usage import InsufficientQuota
from pipeline.claims.claim import ClaimKind
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS
from pipeline.claims.claim_forms import ClaimForm
from pipeline.claims.claim_laws import ClaimLaw

claim_pages_router = APIRouter(prefix="/claims", include_in_schema=False)


@claim_pages_router.get("")
def claims_page(request: Request, context: ContextDep, who: OptionalSessionUser) -> Response:
    """What can be reported here, and by which law it is decided until when; and the claims of whoever is signed in."""
    desk, now = claims_of(context).desk, datetime.now(UTC)
    laws, own = desk.laws, desk.store.of_account(who.id) if who else ()
    rows = [(kind, laws.choose(kind)) for kind in map(ClaimKind, claim_texts.KIND_NAMES)]
    return render_page(
        request,
        "claims.html",
        rows=rows,
        texts=claim_texts,
        codes=CLAIM_CODE_TEXTS,
        own=[(claim, *clock_view(claim, now), laws.get(claim.law)) for claim in own if not claim.by_author],
    )


@claim_pages_router.get("/new/{kind}")
def claim_form_page(request: Request, context: ContextDep, kind: str, law: str = "", about: str = "") -> Response:
    """The form for a kind of claim, with what its law asks for and nothing else."""
    try:
        form = ClaimForm(kind=ClaimKind(kind), law=law, about=(about[:2000],) if about else ())
    except ValueError:
        raise NotFound("there is nothing of this kind to report") from None
    return _form_page(request, context, form)


@claim_pages_router.post("/new")
async def send_claim(request: Request, context: ContextDep, who: OptionalSessionUser) -> Response:
    """Keep the claim, and lead to its status page. What is missing is said on the form, with what was filled in.

    Carries no form token where nobody is signed in: nobody is acted for.
    """
    context.rate_limiter.consume(client_address(request), cost=5)
    async with read_claim(request, context, language_of(request).code) as sent:
        if who is not None:
            check_csrf_token(request, context, sent.form_token)
        try:
            _claim, secret = await submit_claim(request, context, sent, who)
        except (BadInput, InsufficientQuota) as error:
            return await to_thread.run_sync(_form_again, request, context, sent, error)
    return RedirectResponse(f"/claims/status/{secret}?new=1", status_code=303, headers=PRIVATE)


@claim_pages_router.get("/status/{secret}")
def claim_status_page(request: Request, context: ContextDep, secret: str, new: str = "", done: str = "") -> Response:
    """How a claim stands, for whoever has its secret link."""
    context.rate_limiter.consume(client_address(request))
    try:
        claim = claims_of(context).desk.by_secret(secret)
    except NotFound:
        raise NotFound("This link opens no report. See whether all of it was copied.") from None
    return render_claim_status(request, context, claim, secret=secret, new=bool(new), done=done)


@claim_pages_router.post("/status/{secret}/withdraw")
def withdraw_claim_page(request: Request, context: ContextDep, secret: str) -> Response:
    """Take it back before it is decided. The secret is all that this asks for: no other page knows it."""
    context.rate_limiter.consume(client_address(request), cost=5)
    claims_of(context).desk.withdraw(secret, datetime.now(UTC))
    return _back(secret, "withdrawn")


@claim_pages_router.post("/status/{secret}/appeal")
def appeal_claim_page(
    request: Request, context: ContextDep, secret: str, words: Annotated[str, Form(max_length=8000)]
) -> Response:
    """Ask that somebody else decides."""
    context.rate_limiter.consume(client_address(request), cost=5)
    claims_of(context).desk.appeal(secret, words, datetime.now(UTC))
    return _back(secret, "appealed")


@claim_pages_router.post("/status/{secret}/court")
def claim_court_page(
    request: Request, context: ContextDep, secret: str, words: Annotated[str, Form(max_length=8000)]
) -> Response:
    """Say that a court was asked, after a counter-notice."""
    context.rate_limiter.consume(client_address(request), cost=5)
    claims_of(context).desk.went_to_court(secret, words, datetime.now(UTC))
    return _back(secret, "court")


@claim_pages_router.get("/against/{claim_id}")
def claim_against_page(
    request: Request, context: ContextDep, who: SessionUser, claim_id: str, done: str = ""
) -> Response:
    """A claim about a video of this account: why, by which law, and what can be done about it."""
    return _against_page(request, context, who, claim_id, done=done)


@claim_pages_router.post("/against/{claim_id}/appeal", dependencies=[Depends(require_csrf_token)])
def appeal_claim_against_page(
    context: ContextDep, who: SessionUser, claim_id: str, words: Annotated[str, Form(max_length=8000)]
) -> Response:
    """Ask that somebody else decides."""
    claims_of(context).answers.appeal(who, claim_id, words, datetime.now(UTC))
    return RedirectResponse(f"/claims/against/{claim_id}?done=appealed", status_code=303)


@claim_pages_router.post("/against/{claim_id}/counter")
async def counter_claim_page(request: Request, context: ContextDep, who: SessionUser, claim_id: str) -> Response:
    """Send a counter-notice. What is missing is said on the page."""
    async with read_claim(request, context, language_of(request).code) as sent:
        check_csrf_token(request, context, sent.form_token)
        answers = claims_of(context).answers
        try:
            await to_thread.run_sync(answers.counter, who, claim_id, sent.form, datetime.now(UTC))
        except BadInput as error:
            return _against_page(request, context, who, claim_id, form=sent.form, error=error)
    return RedirectResponse(f"/claims/against/{claim_id}?done=countered", status_code=303)


def _form_again(request: Request, context: RequestContext, sent: ReadClaim, error: Exception) -> Response:
    return _form_page(request, context, sent.form, error=error)


def _form_page(
    request: Request, context: RequestContext, form: ClaimForm, *, error: Exception | None = None
) -> Response:
    laws = claims_of(context).desk.laws
    law = laws.choose(form.kind, form.law, form.territory)
    return render_page(
        request,
        "claim_form.html",
        status=status_of(error) if error else 200,
        kind=form.kind.value,
        law=law,
        others=[one for one in laws.of_kind(form.kind) if one.id != law.id],
        texts=claim_texts,
        megabytes=context.max_upload_bytes // 1024**2,
        **_filled_in(request, law, form, error),
    )


def _against_page(
    request: Request,
    context: RequestContext,
    who: SessionUser,
    claim_id: str,
    *,
    done: str = "",
    form: ClaimForm | None = None,
    error: Exception | None = None,
) -> Response:
    now = datetime.now(UTC)
    shown = claims_of(context).answers.against(who, claim_id, now)
    law = shown.counter or shown.law
    return render_page(
        request,
        "claim_against.html",
        status=status_of(error) if error else 200,
        shown=shown,
        claim=shown.claim,
        done=done,
        texts=claim_texts,
        codes=CLAIM_CODE_TEXTS,
        **_filled_in(request, law, form or ClaimForm(kind=shown.claim.kind), error),
    )


def _filled_in(request: Request, law: ClaimLaw, form: ClaimForm, error: Exception | None) -> dict[str, Any]:
    """What a form needs to be shown as it was filled in, and what is wrong with it."""
    language = language_of(request).code
    return {
        "values": asdict(form) | {"about": "\n".join(form.about)},
        "made": form.statements,
        "statements": [(one, one.said(language)) for one in law.statements],
        "fields": [name for name in claim_texts.FIELD_LABELS if name in (*law.asks, *law.takes)],
        "asked": law.asked(child_abuse=form.child_abuse),
        "error": str(error) if error else "",
        "wrong": error.param if isinstance(error, BadInput) else "",
    }


def _back(secret: str, done: str) -> Response:
    return RedirectResponse(f"/claims/status/{secret}?done={done}", status_code=303, headers=PRIVATE)
