"""Receipts of consent, for anyone; and what moderators decide about enrolments and about limits in owners' words."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.auth import Caller
from console.room import In
from core.codec import dump
from pipeline.cameo_desk import Terms

receipts = APIRouter(tags=["receipts", "public"])
reviews = APIRouter(prefix="/api/reviews", tags=["cameos"])


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReceiptAsked(_Asked):
    """A receipt as it was given."""

    receipt: str = Field(max_length=20_000, description="A JWS in compact form.")


class AdmitAsked(_Asked):
    """A decision about a held enrolment."""

    allow: bool


class ReviewAsked(_Asked):
    """Rules made of an owner's own words. What they leave out is not limited any more."""

    bans: list[str] = []
    words: list[str] = []
    watched: bool = Field(False, description="A person looks at each use.")


@receipts.get("/api/receipts/{sha256}", summary="Does a receipt still hold?")
def valid(sha256: str, room: In) -> dict[str, Any]:
    """By its SHA-256, as manifests name it. Says whether, why not, and since when it was given; nothing of a person."""
    return _said(sha256[:64], room)


@receipts.post("/api/receipts/check", summary="Is this a receipt of ours, and does it still hold?")
def check(asked: ReceiptAsked, room: In) -> dict[str, Any]:
    """Its signature is checked first: 400 for one that does not hold."""
    return _said(asked.receipt, room)


@receipts.get("/.well-known/assay-receipts.json", summary="The keys that sign receipts")
def keys(room: In) -> dict[str, Any]:
    """A JWK set."""
    return room.desk.cameos.keys()


@reviews.get("", summary="What waits for a person")
def waiting(who: Caller, room: In) -> dict[str, Any]:
    """Held enrolments with what was measured, and limits in words. For moderators."""
    desk = room.desk.cameos
    held = desk.review.held(who)
    measured = {one.id: dump(desk.enrolment.signals_of(who, one.id)) for one in held}
    return {"held": dump(held), "measured": measured, "words": dump(desk.review.to_review(who))}


@reviews.post("/cameos/{cameo_id}", summary="Decide about an enrolment")
def admit(cameo_id: str, asked: AdmitAsked, who: Caller, room: In) -> dict[str, Any]:
    """Refused, its templates are destroyed. For moderators."""
    return {"receipt": dump(room.desk.cameos.review.admit(who, cameo_id, allow=asked.allow))}


@reviews.post("/leases/{lease_id}", summary="Make rules of an owner's words")
def review(lease_id: str, asked: ReviewAsked, who: Caller, room: In) -> dict[str, Any]:
    """The lease goes on under another id, and its receipt says so. For moderators."""
    terms = Terms(bans=tuple(asked.bans), words=tuple(asked.words), watched=asked.watched)
    made, receipt = room.desk.cameos.review.review(who, lease_id, terms)
    return {"lease": dump(made), "receipt": dump(receipt)}


def _said(receipt: str, room: In) -> dict[str, Any]:
    found = room.desk.cameos.valid(receipt)
    return {"valid": found.valid, "state": found.state, "kind": found.kind, "issued": found.issued.isoformat()}
