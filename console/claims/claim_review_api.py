"""Claims for moderators' programs: the queue by the legal clock, one with all that was sent, proof, and the decision.

The desk checks who asks; a claim is changed by whoever says which revision of it they have read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from console.claims.claim_request import claims_of
from console.claims.claim_review_pages import claim_file_response
from console.claims.claim_views import claim_json, dossier_json, waiting_json
from console.web.auth import BearerUser
from console.web.context import ContextDep
from pipeline.claims.claim import ClaimDecision, ClaimKind, parse_tracking_number
from pipeline.claims.claim_review import QUEUE_PAGE
from pipeline.claims.claim_store import ClaimFilePurpose

claim_review_api_router = APIRouter(prefix="/api/claim-reviews", tags=list[str | Enum](["claims"]))


class _ClaimBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    revision: int = Field(description="The revision of the claim that you saw.")


class NameVideosBody(_ClaimBody):
    """Which videos a claim is about."""

    about: list[str] = Field(min_length=1, max_length=20, description="Addresses or numbers of videos.")


class AskProofBody(_ClaimBody):
    """Proof is asked for."""

    wanted: list[ClaimFilePurpose] = Field(description="What is to be proved.")
    words: str = Field("", max_length=8000, description="In your words, for whoever claims; erasable.")


class AcceptProofBody(_ClaimBody):
    """The proof is enough."""


class DecideClaimBody(_ClaimBody):
    """A decision about a claim, an appeal or a counter-notice."""

    decision: Literal["upheld", "partly", "rejected"]
    code: str = Field(max_length=60, description="The reason: one of those in `choices`.")
    words: str = Field("", max_length=8000, description="In your words, for both sides; erasable.")
    upheld: list[str] = Field(
        default_factory=list, max_length=20, description="For which videos it is upheld, where only in part."
    )


@claim_review_api_router.get("", summary="Claims that wait, by the legal clock")
def claim_queue(
    who: BearerUser,
    context: ContextDep,
    kind: ClaimKind | None = None,
    view: Literal["waiting", "decided"] = "waiting",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> dict[str, Any]:
    """The first due first, behind them those whose clock stands still, and those that the guard lets wait; or those
    that were decided, the newest first. Of several that ask the same one is listed.
    """
    review, now = claims_of(context).review, datetime.now(UTC)
    if view == "decided":
        rows = [row for row in review.decided(who, now) if kind in (None, row.claim.kind)]
    else:
        rows = list(review.queue(who, now, kind=kind, page=page))
    return {
        "data": [waiting_json(row, now) for row in rows],
        "has_more": view == "waiting" and len(rows) == QUEUE_PAGE,
        "counts": {
            count.kind.value: {"open": count.open, "late": count.late, "decided": count.decided}
            for count in review.counts(who, now)
        },
    }


@claim_review_api_router.get("/{claim_id}", summary="A claim with everything that was sent")
def read_claim_review(who: BearerUser, context: ContextDep, claim_id: str) -> dict[str, Any]:
    """Words, contact, statements, files, other claims about the same, and what can be decided, with reasons. To a
    moderator whom it concerns, nothing of who sent it.
    """
    return _dossier(who, context, parse_tracking_number(claim_id))


@claim_review_api_router.get("/{claim_id}/files/{file_id}", summary="A file that came with a claim")
def claim_review_file(who: BearerUser, context: ContextDep, claim_id: str, file_id: str) -> Response:
    """As it came: nobody here has looked into it."""
    return claim_file_response(who, context, claim_id, file_id)


@claim_review_api_router.post("/{claim_id}/videos", summary="Say which videos a claim is about")
def name_videos(who: BearerUser, context: ContextDep, claim_id: str, body: NameVideosBody) -> dict[str, Any]:
    """Where none was found, or others. What its law hides is hidden then."""
    review, now = claims_of(context).review, datetime.now(UTC)
    return claim_json(review.name_videos(who, claim_id, body.about, revision=body.revision, now=now), now)


@claim_review_api_router.post("/{claim_id}/proof", summary="Ask whoever claims for proof")
def ask_for_proof(who: BearerUser, context: ContextDep, claim_id: str, body: AskProofBody) -> dict[str, Any]:
    """The clock stands still until it comes, where the law lets it; three times at most."""
    proofs, now = claims_of(context).proofs, datetime.now(UTC)
    return claim_json(proofs.ask(who, claim_id, body.wanted, body.words, revision=body.revision, now=now), now)


@claim_review_api_router.post("/{claim_id}/proved", summary="Say that the proof is enough")
def accept_proof(who: BearerUser, context: ContextDep, claim_id: str, body: AcceptProofBody) -> dict[str, Any]:
    """Decides nothing: what limited the claim because of earlier false ones is lifted."""
    now = datetime.now(UTC)
    return claim_json(claims_of(context).proofs.accept(who, claim_id, revision=body.revision, now=now), now)


@claim_review_api_router.post("/{claim_id}/decide", summary="Decide about a claim, an appeal or a counter-notice")
def decide(who: BearerUser, context: ContextDep, claim_id: str, body: DecideClaimBody) -> dict[str, Any]:
    """What is upheld comes down and stays down; what was hidden and is not upheld goes back. Both sides are told."""
    claims_of(context).review.decide(
        who,
        claim_id,
        ClaimDecision(body.decision),
        code=body.code,
        words=body.words,
        upheld=body.upheld,
        revision=body.revision,
        now=datetime.now(UTC),
    )
    return _dossier(who, context, claim_id)


def _dossier(who: BearerUser, context: ContextDep, claim_id: str) -> dict[str, Any]:
    return dossier_json(claims_of(context).review.show(who, claim_id), datetime.now(UTC))
