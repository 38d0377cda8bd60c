"""The API of people's likeness, for their owners: enrolling, leases, uses, erasure. A Bearer token each time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from console.cameo.likeness_user import EndUserQuery, named_party
from console.cameo.likeness_user import LikenessUser as BearerUser
from console.cameo.owner_video import owner_video
from console.languages.page_language import language_of
from console.web.context import ContextDep
from console.web.scans import ACCOUNT_BUDGET, scan_file
from console.web.uploads import receive_form
from core.codec import dump
from core.errors import BadInput
from registry.consent import (
    BANNED_TOPICS,
    DEFAULT_BANS,
    DEFAULT_PURPOSES,
    PURPOSES,
    LeaseRequest,
    LeaseTerms,
    asks_each_time,
    default_end,
    lease_sentences,
)

cameo_router = APIRouter(prefix="/api", tags=["cameos"])

_TAKE_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["take", "challenge"],
                "properties": {
                    "challenge": {"type": "string", "description": "The id of the challenge that it answers."},
                    "take": {"type": "string", "format": "binary", "description": "The video, with its sound."},
                    "proof": {"type": "string", "description": "For a minor: what shows guardianship."},
                },
            }
        }
    },
}
_ESTATE_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["handle", "picture", "proof"],
                "properties": {
                    "handle": {"type": "string"},
                    "picture": {"type": "string", "format": "binary", "description": "A picture of this person alone."},
                    "another": {"type": "string", "format": "binary", "description": "A second picture."},
                    "proof": {"type": "string", "description": "What shows the right to speak for the estate."},
                },
            }
        }
    },
}


class _StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChallengeBody(_StrictBody):
    """A request to enrol."""

    handle: str
    kind: Literal["self", "minor"] = "self"


class LeaseBody(_StrictBody):
    """What an owner allows. What is left out is narrow; what is wide needs `confirm`, or is answered with 409."""

    holder: str = Field(description="An account, * for everyone, ~ for mutuals.")
    end_user: str = Field("", max_length=512, description="Only this end user of the account, as it names them.")
    face: bool = True
    voice: bool = False
    until: datetime | None = Field(
        default_factory=default_end, description="With a time zone; left out: 30 days; null: until revoked."
    )
    purposes: list[str] = Field(
        list(DEFAULT_PURPOSES),
        description=f"Of {', '.join(PURPOSES)}; empty: any. Left out: neither business nor advertising nor politics.",
    )
    territory: list[str] = Field([], description="Countries, as DE; empty: anywhere.")
    bans: list[str] = Field(
        list(DEFAULT_BANS), description=f"Of {', '.join(BANNED_TOPICS)}. Left out: all of them; empty: none."
    )
    words: list[str] = Field([], description="Words not to say or be shown with.")
    approval: bool | None = Field(
        None, description="See and approve each draft first. Left out: where it is for more than one account."
    )
    confirm: bool = Field(False, description="The owner means it, also where it is wide.")
    limits: str = Field("", max_length=4000, description="Limits in own words; held until rules are made of them.")

    def to_lease_request(self) -> LeaseRequest:
        """For the service. Raises BadInput."""
        terms = LeaseTerms(
            purposes=tuple(self.purposes),
            territory=tuple(self.territory),
            bans=tuple(self.bans),
            words=tuple(self.words),
            approval=asks_each_time(self.holder) if self.approval is None else self.approval,
        )
        return LeaseRequest(
            holder=self.holder,
            end_user=self.end_user,
            until=self.until,
            face=self.face,
            voice=self.voice,
            terms=terms,
            words=self.limits,
            confirmed=self.confirm,
        )


class AnswerBody(_StrictBody):
    """What an owner writes to whoever made a video."""

    words: str = Field("", max_length=4000, description="The maker reads them; erasable.")
    asset: str = Field("", max_length=64, description="For a yes: `asset` of the use as you watched it.")


class ReportBody(_StrictBody):
    """What is wrong with a use."""

    note: str = Field("", max_length=4000, description="Words for the moderators; erasable.")


@cameo_router.get("/cameos", summary="Your cameos")
def list_cameos(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Those of the account, and those that it stands for."""
    return {"cameos": dump(context.service.cameos.own_cameos(who))}


@cameo_router.post("/cameos/challenges", status_code=201, summary="Ask for a challenge")
def request_challenge(body: ChallengeBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """What to say and do before the camera: good for one take within five minutes."""
    return {"challenge": dump(context.service.cameos.enrolment.challenge(who, body.handle, kind=body.kind))}


@cameo_router.post("/cameos/take", summary="Enrol with a take", openapi_extra={"requestBody": _TAKE_FORM})
async def enrol_with_take(request: Request, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The video is deleted before the answer is given."""
    async with receive_form(
        request, context.upload_folder, field="take", limit=context.max_upload_bytes, seats=context.uploads
    ) as upload:
        if upload.file is None:
            raise BadInput("send the video as take")
        file, proof, challenge_id = upload.file, upload.field("proof"), upload.field("challenge")
        enrolment = context.service.cameos.enrolment
        done = await scan_file(
            request, context, lambda: enrolment.take(who, challenge_id, file, proof=proof), ACCOUNT_BUDGET
        )
    return dump({"outcome": done.outcome, "cameo": done.cameo, "verdict": done.verdict, "signals": done.signals})  # type: ignore[no-any-return]


@cameo_router.post(
    "/cameos/estates", status_code=201, summary="Enrol for an estate", openapi_extra={"requestBody": _ESTATE_FORM}
)
async def enrol_estate(request: Request, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Somebody who has died, by who speaks for them. Always held: a person looks at the proof."""
    async with receive_form(
        request,
        context.upload_folder,
        field="picture",
        second="another",
        limit=context.max_upload_bytes,
        seats=context.uploads,
    ) as upload:
        pictures = [file for file in (upload.file, upload.second) if file is not None]
        handle, proof = upload.field("handle"), upload.field("proof")
        enrolment = context.service.cameos.enrolment
        made = await scan_file(
            request, context, lambda: enrolment.estate(who, handle, pictures, proof=proof), ACCOUNT_BUDGET
        )
    return {"cameo": dump(made)}


@cameo_router.get("/cameos/{handle}", summary="A cameo")
def show_cameo(handle: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Its state, its leases, its receipts. Another account's cameo is 404."""
    desk = context.service.cameos
    cameo, leases = desk.cameo(who, handle), desk.leases(who, handle)
    says = {lease.id: lease_sentences(lease, cameo.owner) for lease in leases if lease.revoked is None}
    found = {"cameo": cameo, "leases": leases, "in_words": says}
    return {**dump(found), "receipts": dump(desk.receipts(who, handle))}


@cameo_router.delete("/cameos/{handle}", summary="Erase a person")
def erase_cameo(handle: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """All that is known of them; every video that shows them comes down. It cannot be undone."""
    return {"receipt": dump(context.service.cameos.erase(who, handle))}


@cameo_router.get("/cameos/{handle}/export", summary="All data about a person")
def export_cameo(handle: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Templates are named and do not leave."""
    given: dict[str, object] = dump(context.service.cameos.export(who, handle))
    return given


@cameo_router.post("/cameos/{handle}/leases", status_code=201, summary="Allow somebody something")
def create_lease(handle: str, body: LeaseBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Gives the lease and its signed receipt. 409 for what is wide and was not confirmed."""
    made, receipt = context.service.cameos.lease(who, handle, body.to_lease_request())
    return {"lease": dump(made), "receipt": dump(receipt)}


@cameo_router.put("/leases/{lease_id}", summary="Change a lease")
def change_lease(lease_id: str, body: LeaseBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Another lease comes in its place; what that does not cover comes down."""
    made, receipt = context.service.cameos.change(who, lease_id, body.to_lease_request())
    return {"lease": dump(made), "receipt": dump(receipt)}


@cameo_router.delete("/leases/{lease_id}", summary="Revoke a lease")
def revoke_lease(lease_id: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """It counts at once, and everything that rested on it comes down before the answer is given."""
    return {"receipt": dump(context.service.cameos.revoke(who, lease_id))}


@cameo_router.put("/acquaintances/{account}", status_code=204, summary="You know an account")
def add_acquaintance(account: str, principal: BearerUser, context: ContextDep, end_user: EndUserQuery = "") -> None:
    """Two who say it of each other are mutuals."""
    context.service.cameos.know(principal, named_party(context, account, end_user))


@cameo_router.delete("/acquaintances/{account}", status_code=204, summary="You no longer know an account")
def remove_acquaintance(account: str, principal: BearerUser, context: ContextDep, end_user: EndUserQuery = "") -> None:
    """And then you are no mutuals any more."""
    context.service.cameos.know(principal, named_party(context, account, end_user), known=False)


@cameo_router.get("/cameos/{handle}/uses", summary="Every use of a likeness")
def list_uses(handle: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Drafts and remixes included, the newest first."""
    return {"uses": dump(context.service.cameos.uses(who, handle))}


@cameo_router.get(
    "/cameos/{handle}/uses/{case_id}/content", summary="A video that shows them", response_class=FileResponse
)
def use_content(handle: str, case_id: str, principal: BearerUser, context: ContextDep) -> FileResponse:
    """For the owner: a draft, or what is published."""
    return owner_video(context, principal, handle, case_id)


@cameo_router.post("/cameos/{handle}/uses/{case_id}/approve", summary="Approve a draft")
def approve_use(
    handle: str, case_id: str, who: BearerUser, context: ContextDep, body: AnswerBody | None = None
) -> dict[str, object]:
    """Where the lease asks for that. Another draft of the same case is asked about again."""
    body = body or AnswerBody(words="", asset="")
    done = context.service.cameos.approve(who, handle, case_id, words=body.words, asset=body.asset)
    return {"case": done.id}


@cameo_router.post("/cameos/{handle}/uses/{case_id}/veto", summary="Veto a video")
def veto_use(
    handle: str, case_id: str, who: BearerUser, context: ContextDep, body: AnswerBody | None = None
) -> dict[str, object]:
    """It and everything made from it comes down."""
    words = body.words if body else ""
    return {"down": dump(context.service.cameos.veto(who, handle, case_id, words=words))}


@cameo_router.post("/cameos/{handle}/uses/{case_id}/report", status_code=204, summary="Report a video")
def report_use(handle: str, case_id: str, body: ReportBody, principal: BearerUser, context: ContextDep) -> None:
    """Moderators get a notice."""
    context.service.cameos.report(principal, handle, case_id, note=body.note)


@cameo_router.get("/cameos/{handle}/down", summary="Reports of what came down")
def takedown_reports(handle: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Why, what, and when; the newest first."""
    found = context.service.cameos.takedown_reports(who, handle)
    return {"reports": [{"cascade": dump(one), "down": dump(items)} for one, items in found]}


@cameo_router.get("/notices", summary="What you were told")
def list_notices(
    request: Request, who: BearerUser, context: ContextDep, limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> dict[str, object]:
    """What came down, which drafts wait for you, what became of appeals, who published a video of you; newest first.

    `says` is in the language that Accept-Language or `lang` asks for: English, French, German or Spanish. `words`: what
    an owner wrote to you about a video that you made.
    """
    cameos, language = context.service.cameos, language_of(request)
    found = cameos.notices(who)[:limit]
    words = cameos.owner_words(who, [one.about for one in found])
    said = {key: {"words": words[about]} for key, about in ((one.key, one.about) for one in found) if about in words}
    notices = [dump(one) | {"says": language(one.message)} | said.get(one.key, {}) for one in found]
    return {"notices": notices, "unread": cameos.portal.unread(who), "language": language.code}
