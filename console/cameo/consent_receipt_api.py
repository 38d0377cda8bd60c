"""Receipts of consent, for anyone; and what moderators decide about enrolments and about limits in owners' words."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import ContextDep
from core.codec import dump
from registry.consent import LeaseTerms

consent_receipt_router = APIRouter(tags=["receipts", "public"])
review_router = APIRouter(prefix="/api/reviews", tags=["cameos"])


class _StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReceiptBody(_StrictBody):
    """A receipt as it was given."""

    receipt: str = Field(max_length=20_000, description="A JWS in compact form.")


class EnrolmentDecisionBody(_StrictBody):
    """A decision about a held enrolment."""

    allow: bool
    code: str = Field(
        "",
        max_length=40,
        description="Why it is refused: proof_lacking, unclear, another_person, enrolled_already, not_live.",
    )
    note: str = Field("", max_length=4000, description="Kept for whoever decides about an appeal, and erasable.")


class LeaseReviewBody(_StrictBody):
    """Rules made of an owner's own words. What they leave out is not limited any more."""

    bans: list[str] = []
    words: list[str] = []
    watched: bool = Field(False, description="A person looks at each use.")


@consent_receipt_router.get("/api/receipts/{sha256}", summary="Does a receipt still hold?")
def receipt_status(sha256: str, context: ContextDep) -> dict[str, object]:
    """By its SHA-256, as manifests name it: whether, until when, why not and since when; nothing of a person."""
    return _validity(sha256[:64], context)


@consent_receipt_router.post("/api/receipts/check", summary="Is this a receipt of ours, and does it still hold?")
def check_receipt(body: ReceiptBody, context: ContextDep) -> dict[str, object]:
    """Its signature is checked first: 400 for one that does not hold."""
    return _validity(body.receipt, context)


@consent_receipt_router.get("/.well-known/assay-receipts.json", summary="The keys that sign receipts")
def receipt_keys(context: ContextDep) -> dict[str, object]:
    """A JWK set."""
    return context.service.cameos.keys()


@review_router.get("", summary="What waits for a person")
def pending_reviews(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Held enrolments with what was measured, limits in words, and uses that people reported. For moderators."""
    desk = context.service.cameos
    held = desk.review.held(who)
    measured = {one.id: dump(desk.enrolment.signals_of(who, one.id)) for one in held}
    reported = dump(desk.review.reports(who))
    return {
        "held": dump(held),
        "measured": measured,
        "words": dump(desk.review.to_review(who)),
        "reported": reported,
    }


@review_router.post("/cameos/{cameo_id}", summary="Decide about an enrolment")
def decide_enrolment(
    cameo_id: str, body: EnrolmentDecisionBody, who: BearerUser, context: ContextDep
) -> dict[str, object]:
    """Refused, with a code, it can be appealed for 14 days, and its templates are destroyed then. For moderators."""
    review = context.service.cameos.review
    return {"receipt": dump(review.admit(who, cameo_id, allow=body.allow, code=body.code, note=body.note))}


@review_router.post("/leases/{lease_id}", summary="Make rules of an owner's words")
def review_lease(lease_id: str, body: LeaseReviewBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The lease goes on under another id, and its receipt says so. For moderators."""
    terms = LeaseTerms(bans=tuple(body.bans), words=tuple(body.words), watched=body.watched)
    made, receipt = context.service.cameos.review.review(who, lease_id, terms)
    return {"lease": dump(made), "receipt": dump(receipt)}


def _validity(receipt: str, context: ContextDep) -> dict[str, object]:
    found = context.service.cameos.receipt_validity(receipt)
    return {
        "valid": found.valid,
        "state": found.state,
        "kind": found.kind,
        "issued": found.issued.isoformat(),
        "until": found.until.isoformat() if found.until else None,
        "ended": found.ended.isoformat() if found.ended else None,
    }
