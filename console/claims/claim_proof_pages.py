"""Where proof is added to a claim, where moderators ask for it and accept it, and a claim of one's own account.

Whoever has the secret link, or the account through which the claim came, adds; everything works without scripts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.claims.claim_request import claims_of, read_proof, take_in_proof
from console.claims.claim_status_page import PRIVATE, ProofTried, render_claim_status
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser, check_csrf_token
from console.web.context import ContextDep, client_address
from console.web.http_errors import TooLarge
from core.errors import BadInput, NotNow
from pipeline.access.usage import InsufficientQuota
from pipeline.claims.claim_store import ClaimFilePurpose

claim_proof_router = APIRouter(include_in_schema=False)

_Words = Annotated[str, Form(max_length=8000)]
_SAID_ON_THE_PAGE = (BadInput, NotNow, InsufficientQuota, TooLarge)


@claim_proof_router.post("/claims/status/{secret}/proof")
async def add_claim_proof(request: Request, context: ContextDep, secret: str) -> Response:
    """Keep proof for whoever has the secret link. What is wrong is said on the page, with what was written."""
    context.rate_limiter.consume(client_address(request), cost=5)
    claim = await to_thread.run_sync(claims_of(context).desk.by_secret, secret)
    async with read_proof(request, context) as sent:
        try:
            await take_in_proof(request, context, claim, sent)
        except _SAID_ON_THE_PAGE as error:
            tried = ProofTried(error=error, words=sent.words)
            return await to_thread.run_sync(
                partial(render_claim_status, request, context, claim, secret=secret, tried=tried)
            )
    return RedirectResponse(f"/claims/status/{secret}?done=proof", status_code=303, headers=PRIVATE)


@claim_proof_router.get("/claims/own/{claim_id}")
def own_claim_page(request: Request, context: ContextDep, who: SessionUser, claim_id: str, done: str = "") -> Response:
    """A claim that came through this account, and what is asked for."""
    claim = claims_of(context).own.get(who, claim_id)
    return render_claim_status(request, context, claim, done=done)


@claim_proof_router.post("/claims/own/{claim_id}/withdraw", dependencies=[Depends(require_csrf_token)])
def withdraw_own_claim(context: ContextDep, who: SessionUser, claim_id: str) -> Response:
    """Take a claim of this account back before it is decided."""
    claims_of(context).own.withdraw(who, claim_id, datetime.now(UTC))
    return RedirectResponse(f"/claims/own/{claim_id}?done=withdrawn", status_code=303)


@claim_proof_router.post("/claims/own/{claim_id}/appeal", dependencies=[Depends(require_csrf_token)])
def appeal_own_claim(context: ContextDep, who: SessionUser, claim_id: str, words: _Words) -> Response:
    """Ask that somebody else decides."""
    claims_of(context).own.appeal(who, claim_id, words, datetime.now(UTC))
    return RedirectResponse(f"/claims/own/{claim_id}?done=appealed", status_code=303)


@claim_proof_router.post("/claims/own/{claim_id}/court", dependencies=[Depends(require_csrf_token)])
def own_claim_court(context: ContextDep, who: SessionUser, claim_id: str, words: _Words) -> Response:
    """Say that a court was asked, after a counter-notice."""
    claims_of(context).own.went_to_court(who, claim_id, words, datetime.now(UTC))
    return RedirectResponse(f"/claims/own/{claim_id}?done=court", status_code=303)


@claim_proof_router.post("/claims/own/{claim_id}/proof")
async def add_own_claim_proof(request: Request, context: ContextDep, who: SessionUser, claim_id: str) -> Response:
    """Keep proof of a claim that came through this account."""
    claim = await to_thread.run_sync(claims_of(context).own.get, who, claim_id)
    async with read_proof(request, context) as sent:
        check_csrf_token(request, context, sent.form_token)
        try:
            await take_in_proof(request, context, claim, sent)
        except _SAID_ON_THE_PAGE as error:
            tried = ProofTried(error=error, words=sent.words)
            again = partial(render_claim_status, request, context, claim, tried=tried)
            return await to_thread.run_sync(again)
    return RedirectResponse(f"/claims/own/{claim_id}?done=proof", status_code=303)


@claim_proof_router.post("/claim-reviews/{claim_id}/proof", dependencies=[Depends(require_csrf_token)])
def ask_for_claim_proof(
    *,
    who: SessionUser,
    context: ContextDep,
    claim_id: str,
    revision: Annotated[int, Form()],
    wanted: Annotated[list[str] | None, Form()] = None,
    words: Annotated[str, Form(max_length=8000)] = "",
) -> Response:
    """Ask whoever claims for proof."""
    chosen = [one for one in ClaimFilePurpose if one.value in (wanted or ())]
    claims_of(context).proofs.ask(who, claim_id, chosen, words, revision=revision, now=datetime.now(UTC))
    return RedirectResponse(f"/claim-reviews/{claim_id}?done=asked", status_code=303)


@claim_proof_router.post("/claim-reviews/{claim_id}/proved", dependencies=[Depends(require_csrf_token)])
def accept_claim_proof(
    who: SessionUser, context: ContextDep, claim_id: str, revision: Annotated[int, Form()]
) -> Response:
    """Say that the proof is enough."""
    claims_of(context).proofs.accept(who, claim_id, revision=revision, now=datetime.now(UTC))
    return RedirectResponse(f"/claim-reviews/{claim_id}?done=proved", status_code=303)
