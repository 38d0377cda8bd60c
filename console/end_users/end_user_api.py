"""The API for a platform one of whose end users leaves: one call erases all of them, and there is a certificate."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from core.errors import Unavailable
from pipeline.end_users.erasure_desk import EndUserErasure, EndUserErasureDesk

LONGEST_END_USER = 512
"""Characters of what a platform calls one of its users."""

end_users_router = APIRouter(prefix="/api/end-users/erasures", tags=["cameos"])


class EndUserBody(BaseModel):
    """Who leaves."""

    model_config = ConfigDict(extra="forbid")

    end_user: str = Field(
        min_length=1,
        max_length=LONGEST_END_USER,
        description="What your orders call them in `safety_identifier`, to the letter.",
    )


@end_users_router.post("", summary="Erase all of one of your end users")
def erase_end_user(body: EndUserBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Their cameos with all permissions, every order with its texts, references and videos, requests and notices.

    It cannot be taken back. Videos come down as the workers get to it; again while it is under way is the same erasure.
    404 where nothing is known of such a user: a mistyped name erases nobody.
    """
    return _shown(erasure_desk_of(context).erase(who, body.end_user))


@end_users_router.get("", summary="Erasures of your end users")
def end_user_erasures(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """By the ids of the erasures: who it was is said nowhere any more."""
    return {"erasures": [_shown(one) for one in erasure_desk_of(context).of(who)]}


@end_users_router.get("/{erasure_id}", summary="How far the erasure of an end user is")
def end_user_erasure(erasure_id: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """What there was of them, and whether the certificate is ready."""
    return _shown(erasure_desk_of(context).erasure(who, erasure_id))


@end_users_router.get("/{erasure_id}/certificate", summary="The certificate of an end user's erasure")
def end_user_certificate(
    erasure_id: str, who: BearerUser, response: Response, context: ContextDep
) -> dict[str, object]:
    """A file that anyone can check with `assay audit verify FILE`: signed, with proofs of the audit log."""
    certificate = erasure_desk_of(context).certificate(who, erasure_id)  # for no other id a header is written
    response.headers["Content-Disposition"] = f'attachment; filename="erasure-{erasure_id}.json"'
    return certificate


def _shown(one: EndUserErasure) -> dict[str, object]:
    return {"id": one.id, "asked": one.asked, "erased": one.counts, "certificate_ready": bool(one.certificate)}


def erasure_desk_of(context: RequestContext) -> EndUserErasureDesk:
    """The desk. Raises Unavailable where there are no cameos."""
    if context.installation.end_user_erasures is None:
        raise Unavailable("nobody can be enrolled here")
    return context.installation.end_user_erasures
