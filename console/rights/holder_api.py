"""The API for rights holders: their works, what they allow of them, and who verifies them."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from console.rights.work_images_api import WorkId
from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from core.codec import dump
from pipeline.rights.holder_words import (
    LICENCE_PURPOSES,
    LICENSABLE_KINDS,
    PARODY_TERMS,
    VERIFICATION_REFUSALS,
    WORK_TERMS,
)
from pipeline.rights.holder_works import LicenceRequest
from pipeline.rights.rights_desk import RightsDesk, require_rights_desk

works_router = APIRouter(prefix="/api/works", tags=["works"])
holders_router = APIRouter(prefix="/api/holders", tags=["works"])


class _StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WorkBody(_StrictBody):
    """A work by its names and by what it looks like."""

    kind: str = Field("character", max_length=20, description=f"One of {', '.join(LICENSABLE_KINDS)}.")
    names: list[str] = Field(max_length=50, description="Names it goes by, of 3 to 200 letters each.")
    description: str = Field("", max_length=2000, description="What it looks like: prompts that describe it are found.")


class TermsBody(_StrictBody):
    """What holds where no licence does."""

    terms: str = Field(max_length=10, description=f"One of {', '.join(WORK_TERMS)}.")


class LicenceBody(_StrictBody):
    """What is allowed beyond the terms."""

    licensee: str = Field(max_length=100, description="An account, or * for everyone.")
    purposes: list[str] = Field([], max_length=20, description=f"Of {', '.join(LICENCE_PURPOSES)}; empty: any.")
    parody: str = Field("allowed", max_length=10, description=f"One of {', '.join(PARODY_TERMS)}.")
    territory: list[str] = Field([], max_length=250, description="ISO 3166 codes; empty: anywhere.")
    until: datetime | None = Field(None, description="With a time zone; without it until revoked.")

    def to_licence_request(self) -> LicenceRequest:
        """As the desk takes it."""
        return LicenceRequest(
            licensee=self.licensee,
            purposes=tuple(self.purposes),
            parody=self.parody,
            territory=tuple(self.territory),
            until=self.until,
        )


class VerificationBody(_StrictBody):
    """Who somebody is and what they hold."""

    name: str = Field(max_length=200, description="Who you are: a person, a firm, a society.")
    says: str = Field(max_length=4000, description="What you hold, and where that can be seen. A person reads it.")


class HolderDecisionBody(_StrictBody):
    """A decision about somebody who asks to be verified."""

    verify: bool
    seen: str = Field("", max_length=64, description="`seen` of who waits, so that you decide about what you read.")
    code: str = Field("", max_length=40, description=f"Why not: one of {', '.join(VERIFICATION_REFUSALS)}.")


class ActiveBody(_StrictBody):
    """Whether a work is looked for."""

    active: bool


def desk_of(context: RequestContext) -> RightsDesk:
    """Where rights holders act. Raises Unavailable where none can register."""
    return require_rights_desk(context.installation.rights_desk)


@works_router.post("", summary="Register a work")
def register_work(body: WorkBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Needs the role rights_holder. Looked for at once where you are verified; else it is a draft until then."""
    made = desk_of(context).works.register(who, kind=body.kind, names=body.names, description=body.description)
    return {"work": dump(made)}


@works_router.put("/{work_id}", summary="Give a work other names and another description")
def describe_work(work_id: WorkId, body: WorkBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The kind stays as it was registered."""
    works = desk_of(context).works
    return {"work": dump(works.describe(who, work_id, names=body.names, description=body.description))}


@works_router.delete("/{work_id}", summary="Remove a work")
def remove_work(work_id: WorkId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """With its pictures and its licences. Their receipts stay, and no longer hold."""
    desk_of(context).works.remove(who, work_id)
    return {"removed": work_id}


@works_router.put("/{work_id}/terms", summary="Forbid, ask me, or allow")
def state_work_terms(work_id: WorkId, body: TermsBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """What holds where no licence does. Counts at the next gate of every order that is not published yet."""
    return {"receipt": dump(desk_of(context).works.state_terms(who, work_id, body.terms))}


@works_router.put("/{work_id}/active", summary="Look for a work, or no longer")
def set_work_active(work_id: WorkId, body: ActiveBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """For moderators and operators: a name that two holders claim, a work that should not have been registered."""
    desk_of(context).works.set_active(who, work_id, active=body.active)
    return {"work": work_id, "active": body.active}


@works_router.get("/{work_id}/licences", summary="The licences of a work")
def work_licences(work_id: WorkId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Revoked and ended ones too, the oldest first."""
    return {"licences": dump(desk_of(context).works.licences_of(who, work_id))}


@works_router.post("/{work_id}/licences", summary="Grant a licence")
def grant_licence(work_id: WorkId, body: LicenceBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """With a signed receipt, which anybody can check at `/api/receipts/{sha256}`."""
    licence, receipt = desk_of(context).works.grant(who, work_id, body.to_licence_request())
    return {"licence": dump(licence), "receipt": dump(receipt)}


@works_router.put("/{work_id}/licences/{licence_id}", summary="Put another licence in the place of one")
def change_licence(
    work_id: WorkId, licence_id: str, body: LicenceBody, who: BearerUser, context: ContextDep
) -> dict[str, object]:
    """The new one has another id, and its receipt says what it replaces."""
    licence, receipt = desk_of(context).works.change(who, work_id, licence_id, body.to_licence_request())
    return {"licence": dump(licence), "receipt": dump(receipt)}


@works_router.delete("/{work_id}/licences/{licence_id}", summary="Revoke a licence")
def revoke_licence(work_id: WorkId, licence_id: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Stops what is not published yet; what is published stays. Twice is once."""
    return {"receipt": dump(desk_of(context).works.revoke(who, work_id, licence_id))}


@works_router.get("/{work_id}/receipts", summary="The receipts of a work")
def work_receipts(work_id: WorkId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Each is a JWS, in the order of the chain."""
    return {"receipts": dump(desk_of(context).works.receipts(who, work_id))}


@holders_router.get("/me", summary="Whether you are verified")
def own_verification(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """`state` is none, asked, verified or refused; `message` says why not."""
    found = desk_of(context).verification.status(who)
    if found is None:
        return {"state": "none", "name": "", "message": ""}
    return {"state": found.state, "name": found.name, "message": found.message}


@holders_router.post("/me", summary="Ask to be verified")
def ask_verification(body: VerificationBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Needs the role rights_holder. A person reads it; you get a notice. After a refusal you may ask again."""
    desk_of(context).verification.ask(who, name=body.name, says=body.says)
    return {"state": "asked"}


@holders_router.delete("/me", summary="Be forgotten as a rights holder")
def leave_verification(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Erases who you said you are and what you wrote. Your works are drafts from then on; remove them if you like."""
    desk_of(context).verification.leave(who)
    return {"state": "none"}


@holders_router.get("", summary="Who waits to be verified")
def waiting_holders(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """For moderators and operators: their words, and the drafts that become active with them."""
    return {"waiting": dump(desk_of(context).verification.waiting(who))}


@holders_router.post("/{account}", summary="Verify a rights holder, or refuse")
def decide_holder(
    body: HolderDecisionBody, who: BearerUser, context: ContextDep, account: str = Path(max_length=100)
) -> dict[str, object]:
    """For moderators and operators, and nobody about themselves. The holder is told."""
    decided = desk_of(context).verification.decide(who, account, verify=body.verify, code=body.code, seen=body.seen)
    return {"account": decided.account, "state": decided.state}
