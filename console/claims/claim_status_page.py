"""The page that shows whoever claims how their claim stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request
from fastapi.responses import Response

from console.allowed_hosts import stated_address
from console.claims import claim_texts
from console.claims.claim_request import claims_of
from console.claims.claim_views import clock_view
from console.web.context import RequestContext
from console.web.http_errors import status_of
from console.web.rendering import render_page
from core.errors import BadInput
from pipeline.claims.claim import Claim
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS
from pipeline.claims.claim_files import MAX_CLAIM_FILES
from pipeline.claims.claim_store import ClaimFilePurpose
from pipeline.claims.proof.proof_talk import proof_talk

PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTried:
    """Proof that was refused, and why; what was written stays on the page."""

    error: Exception
    words: str


def render_claim_status(
    request: Request,
    context: RequestContext,
    claim: Claim,
    *,
    secret: str = "",
    new: bool = False,
    done: str = "",
    tried: ProofTried | None = None,
) -> Response:
    """By its secret link, or else for the account through which it came; `claim` as it was found."""
    now, desk = datetime.now(UTC), claims_of(context).desk
    shown = desk.status_of(desk.store.get(claim.id), now)
    clock, seconds = clock_view(shown.claim, now)
    base = f"/claims/status/{secret}" if secret else f"/claims/own/{claim.id}"
    answer = render_page(
        request,
        "claim_status.html",
        status=status_of(tried.error) if tried else 200,
        shown=shown,
        claim=shown.claim,
        proof=proof_talk(desk, shown.claim),
        base=base,
        secret=secret,
        link=f"{stated_address(request, context.installation.settings)}/claims/status/{secret}",
        new=new,
        done=done,
        clock=clock,
        seconds=seconds,
        texts=claim_texts,
        codes=CLAIM_CODE_TEXTS,
        purposes=[one.value for one in ClaimFilePurpose],
        most_files=MAX_CLAIM_FILES,
        error=str(tried.error) if tried else "",
        wrong=tried.error.param if tried and isinstance(tried.error, BadInput) else "",
        said_before=tried.words if tried else "",
    )
    answer.headers.update(PRIVATE)
    return answer
