"""For whom something about likenesses is asked: the account of the token, or the end user of it whom a header names."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Header, Query

from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from core.roles import Principal, Role

EndUserQuery = Annotated[str, Query(max_length=512, description="Only this end user of the account.")]


def likeness_user(
    who: BearerUser,
    context: ContextDep,
    assay_end_user: Annotated[
        str,
        Header(max_length=512, description="For which of your users, as in `safety_identifier` of an order."),
    ] = "",
) -> Principal:
    """Who acts: the account, or with the header `Assay-End-User` that user of it, whose cameos are theirs alone.

    An end user is nobody's moderator, whatever the account is.
    """
    if not assay_end_user:
        return who
    party = context.service.cameos.end_users.named(who.id, assay_end_user)
    return replace(who, id=party, roles=who.roles & {Role.PLATFORM})


def named_party(context: RequestContext, account: str, end_user: str) -> str:
    """The account that is named, or the end user of it."""
    return context.service.cameos.end_users.named(account, end_user)


LikenessUser = Annotated[Principal, Depends(likeness_user)]
