"""The API of people's likeness, for their owners: enrolling, leases, uses, erasure. A Bearer token each time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from console.auth import Caller
from console.room import In
from console.uploads import new_folder, receive
from core.codec import dump
from core.errors import BadInput
from pipeline.cameo_desk import BANS, PURPOSES, LeaseAsked, Terms

cameo_api = APIRouter(prefix="/api", tags=["cameos"])

_TAKE = {
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
_ESTATE = {
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


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChallengeAsked(_Asked):
    """Somebody wants to enrol."""

    handle: str
    kind: Literal["self", "minor"] = "self"


class LeaseBody(_Asked):
    """What an owner allows."""

    holder: str = Field(description="An account, * for everyone, ~ for mutuals.")
    face: bool = True
    voice: bool = False
    until: datetime | None = Field(None, description="With a time zone; without it until revoked.")
    purposes: list[str] = Field([], description=f"Of {', '.join(PURPOSES)}; empty: any.")
    territory: list[str] = Field([], description="Countries, as DE; empty: anywhere.")
    bans: list[str] = Field([], description=f"Of {', '.join(BANS)}.")
    words: list[str] = Field([], description="Words not to say or be shown with.")
    approval: bool = Field(False, description="See and approve each draft first.")
    limits: str = Field("", max_length=4000, description="Limits in own words; held until rules are made of them.")

    def asked(self) -> LeaseAsked:
        """For the desk. Raises BadInput."""
        terms = Terms(
            purposes=tuple(self.purposes),
            territory=tuple(self.territory),
            bans=tuple(self.bans),
            words=tuple(self.words),
            approval=self.approval,
        )
        return LeaseAsked(
            holder=self.holder, until=self.until, face=self.face, voice=self.voice, terms=terms, words=self.limits
        )


class ReportBody(_Asked):
    """What is wrong with a use."""

    note: str = Field("", max_length=4000, description="Words for the moderators; erasable.")


@cameo_api.get("/cameos", summary="Your cameos")
def mine(who: Caller, room: In) -> dict[str, Any]:
    """Those of the account, and those that it stands for."""
    return {"cameos": dump(room.desk.cameos.mine(who))}


@cameo_api.post("/cameos/challenges", status_code=201, summary="Ask for a challenge")
def challenge(asked: ChallengeAsked, who: Caller, room: In) -> dict[str, Any]:
    """What to say and do before the camera: good for one take within five minutes."""
    return {"challenge": dump(room.desk.cameos.enrolment.challenge(who, asked.handle, kind=asked.kind))}


@cameo_api.post("/cameos/take", summary="Enrol with a take", openapi_extra={"requestBody": _TAKE})
async def take(request: Request, who: Caller, room: In) -> dict[str, Any]:
    """The video is deleted before the answer is given."""
    async with receive(request, room.uploads, field="take", limit=room.upload_bytes) as upload:
        if upload.file is None:
            raise BadInput("send the video as take")
        file, proof, challenge_id = upload.file, upload.one("proof"), upload.one("challenge")
        enrolment = room.desk.cameos.enrolment
        done = await to_thread.run_sync(
            lambda: enrolment.take(who, challenge_id, file, proof=proof), limiter=room.looking
        )
    return dump({"outcome": done.outcome, "cameo": done.cameo, "verdict": done.verdict, "signals": done.signals})  # type: ignore[no-any-return]


@cameo_api.post(
    "/cameos/estates", status_code=201, summary="Enrol for an estate", openapi_extra={"requestBody": _ESTATE}
)
async def estate(request: Request, who: Caller, room: In) -> dict[str, Any]:
    """Somebody who has died, by who speaks for them. Always held: a person looks at the proof."""
    async with receive(request, room.uploads, field="picture", second="another", limit=room.upload_bytes) as upload:
        pictures = [file for file in (upload.file, upload.second) if file is not None]
        handle, proof = upload.one("handle"), upload.one("proof")
        enrolment = room.desk.cameos.enrolment
        made = await to_thread.run_sync(
            lambda: enrolment.estate(who, handle, pictures, proof=proof), limiter=room.looking
        )
    return {"cameo": dump(made)}


@cameo_api.get("/cameos/{handle}", summary="A cameo")
def show(handle: str, who: Caller, room: In) -> dict[str, Any]:
    """Its state, its leases, its receipts. Another account's cameo is 404."""
    desk = room.desk.cameos
    found = {"cameo": desk.cameo(who, handle), "leases": desk.leases(who, handle)}
    return {**dump(found), "receipts": dump(desk.receipts(who, handle))}


@cameo_api.delete("/cameos/{handle}", summary="Erase a person")
def erase(handle: str, who: Caller, room: In) -> dict[str, Any]:
    """All that is known of them; every video that shows them comes down. It cannot be undone."""
    return {"receipt": dump(room.desk.cameos.erase(who, handle))}


@cameo_api.get("/cameos/{handle}/export", summary="All data about a person")
def export(handle: str, who: Caller, room: In) -> dict[str, Any]:
    """Templates are named and do not leave."""
    given: dict[str, Any] = dump(room.desk.cameos.export(who, handle))
    return given


@cameo_api.post("/cameos/{handle}/leases", status_code=201, summary="Allow somebody something")
def lease(handle: str, asked: LeaseBody, who: Caller, room: In) -> dict[str, Any]:
    """Gives the lease and its signed receipt."""
    made, receipt = room.desk.cameos.lease(who, handle, asked.asked())
    return {"lease": dump(made), "receipt": dump(receipt)}


@cameo_api.put("/leases/{lease_id}", summary="Change a lease")
def change(lease_id: str, asked: LeaseBody, who: Caller, room: In) -> dict[str, Any]:
    """Another lease comes in its place; what that does not cover comes down."""
    made, receipt = room.desk.cameos.change(who, lease_id, asked.asked())
    return {"lease": dump(made), "receipt": dump(receipt)}


@cameo_api.delete("/leases/{lease_id}", summary="Revoke a lease")
def revoke(lease_id: str, who: Caller, room: In) -> dict[str, Any]:
    """It counts at once, and everything that rested on it comes down before the answer is given."""
    return {"receipt": dump(room.desk.cameos.revoke(who, lease_id))}


@cameo_api.put("/acquaintances/{account}", status_code=204, summary="You know an account")
def know(account: str, who: Caller, room: In) -> None:
    """Two who say it of each other are mutuals."""
    room.desk.cameos.know(who, account)


@cameo_api.delete("/acquaintances/{account}", status_code=204, summary="You no longer know an account")
def forget(account: str, who: Caller, room: In) -> None:
    """And then you are no mutuals any more."""
    room.desk.cameos.know(who, account, known=False)


@cameo_api.get("/cameos/{handle}/uses", summary="Every use of a likeness")
def uses(handle: str, who: Caller, room: In) -> dict[str, Any]:
    """Drafts and remixes included, the newest first."""
    return {"uses": dump(room.desk.cameos.uses(who, handle))}


@cameo_api.get(
    "/cameos/{handle}/uses/{case_id}/content", summary="A video that shows them", response_class=FileResponse
)
def content(handle: str, case_id: str, who: Caller, room: In) -> FileResponse:
    """For the owner: a draft, or what is published."""
    import shutil

    folder = new_folder(room.uploads)
    file = room.desk.cameos.draft(who, handle, case_id, folder / "draft.mp4")
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(file, media_type="video/mp4", background=gone)


@cameo_api.post("/cameos/{handle}/uses/{case_id}/approve", summary="Approve a draft")
def approve(handle: str, case_id: str, who: Caller, room: In) -> dict[str, Any]:
    """Where the lease asks for that. Another draft of the same case is asked about again."""
    return {"case": room.desk.cameos.approve(who, handle, case_id).id}


@cameo_api.post("/cameos/{handle}/uses/{case_id}/veto", summary="Veto a video")
def veto(handle: str, case_id: str, who: Caller, room: In) -> dict[str, Any]:
    """It and everything made from it comes down."""
    return {"down": dump(room.desk.cameos.veto(who, handle, case_id))}


@cameo_api.post("/cameos/{handle}/uses/{case_id}/report", status_code=204, summary="Report a video")
def report(handle: str, case_id: str, asked: ReportBody, who: Caller, room: In) -> None:
    """Moderators are told."""
    room.desk.cameos.report(who, handle, case_id, note=asked.note)


@cameo_api.get("/cameos/{handle}/down", summary="Reports of what came down")
def down(handle: str, who: Caller, room: In) -> dict[str, Any]:
    """Why, what, and when; the newest first."""
    found = room.desk.cameos.came_down(who, handle)
    return {"reports": [{"cascade": dump(one), "down": dump(items)} for one, items in found]}


@cameo_api.get("/notices", summary="What you were told")
def notices(who: Caller, room: In, limit: Annotated[int, Query(ge=1, le=200)] = 100) -> dict[str, Any]:
    """What came down, which drafts wait for you; the newest first."""
    found = room.desk.cameos.notices(who)[:limit]
    return {"notices": [dump(one) | {"says": one.says} for one in found]}
