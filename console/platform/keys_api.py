"""The API for a platform's own keys: list, create, revoke, rotate. A token is answered once and never again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from core.roles import Scope, UsageLimits
from pipeline.access.account_service import MAX_NAME_LENGTH, MAX_ROTATION_OVERLAP, AccountService
from pipeline.accounts import AccountKey

keys_router = APIRouter(prefix="/api/keys", tags=["keys"])

LimitField = Annotated[int | None, Field(ge=0, le=2**31 - 1)]
KeyId = Annotated[str, Path(max_length=100)]
_MAX_OVERLAP_HOURS = int(MAX_ROTATION_OVERLAP.total_seconds() // 3600)


class KeyLimitsBody(BaseModel):
    """What a key may use, within what its account may. Absent or null: no limit of its own."""

    model_config = ConfigDict(extra="forbid")

    requests_per_minute: LimitField = None
    videos_per_day: LimitField = None
    video_seconds_per_month: LimitField = None


class NewKeyBody(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=MAX_NAME_LENGTH, description="What you call it; no two working keys share one.")
    scopes: list[Scope] = Field([], description="None: every scope that the account has a use for and you have.")
    expires: datetime | None = Field(
        None, description="With a time zone. Not later than your own key; absent: as the installation's settings say."
    )
    never: bool = Field(False, description="It never ends; not for moderators and operators.")
    limits: KeyLimitsBody = KeyLimitsBody()


class RotationBody(BaseModel):
    """How a key is to be rotated."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: int = Field(
        0, ge=0, le=_MAX_OVERLAP_HOURS, description="For how long the old token goes on working."
    )


@keys_router.get("", summary="Your keys")
def keys(who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """All that the account ever had, the oldest first, without their tokens."""
    return {"keys": [key_object(key) for key in account_service(context).keys(who)]}


@keys_router.post("", summary="Make a key", status_code=201)
def create_key(body: NewKeyBody, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """`token` is shown now and never again. No key can make one with more scopes, a later end or wider limits."""
    key, token = account_service(context).create_key(
        who,
        body.name,
        scopes=frozenset(body.scopes),
        expires=body.expires,
        never=body.never,
        limits=UsageLimits(**body.limits.model_dump()),
    )
    return key_object(key) | {"token": token}


@keys_router.post("/{key_id}/rotate", summary="Rotate a key")
def rotate_key(key_id: KeyId, body: RotationBody, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """A new token with the same name, scopes, limits and end; the old one ends now, or after `overlap_hours`."""
    key, token = account_service(context).rotate_key(who, key_id, overlap=timedelta(hours=body.overlap_hours))
    return key_object(key) | {"token": token}


@keys_router.delete("/{key_id}", summary="Revoke a key")
def revoke_key(key_id: KeyId, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """At once, with all sessions that it began. Again changes nothing."""
    return key_object(account_service(context).revoke_key(who, key_id))


def key_object(key: AccountKey) -> dict[str, Any]:
    """What is shown of a key: everything but its digest."""
    limits = key.limits
    return {
        "id": key.id,
        "name": key.name,
        "kind": key.kind.value,
        "hint": key.hint,
        "scopes": sorted(key.scopes),
        "created": key.created.isoformat(timespec="seconds"),
        "expires": _time(key.expires),
        "revoked": _time(key.revoked),
        "last_used": _time(key.last_used),
        "limits": {
            "requests_per_minute": limits.requests_per_minute,
            "videos_per_day": limits.videos_per_day,
            "video_seconds_per_month": limits.video_seconds_per_month,
        },
    }


def account_service(context: RequestContext) -> AccountService:
    """The service for accounts over this installation's."""
    installation = context.installation
    return AccountService(accounts=installation.accounts, lifetimes=installation.settings.key_lifetimes)


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
