"""The pages for a platform one of whose end users leaves: say who, see how far it is, and take the certificate."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.end_users.end_user_api import LONGEST_END_USER, erasure_desk_of
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.http_errors import status_of
from console.web.rendering import render_page
from core.errors import BadInput, NotFound
from core.roles import Principal

end_user_pages_router = APIRouter(prefix="/platform/end-users", include_in_schema=False)

_EndUserField = Annotated[str, Form(max_length=4 * LONGEST_END_USER)]


@end_user_pages_router.get("")
def end_users_page(request: Request, who: SessionUser, context: ContextDep) -> Response:
    """The form, and the erasures that this account asked for."""
    return _page(request, who, context)


@end_user_pages_router.post("", dependencies=[Depends(require_csrf_token)])
def erase_end_user_page(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    end_user: _EndUserField = "",
    again: _EndUserField = "",
) -> Response:
    """Erase all of one end user. What is wrong is said on the page, with what was written."""
    try:
        if end_user != again:
            raise BadInput("The two names differ: write it twice, to the letter.", param="again")
        erasure = erasure_desk_of(context).erase(who, end_user)
    except (BadInput, NotFound) as error:
        return _page(request, who, context, error=error, given=end_user)
    return RedirectResponse(f"/platform/end-users/{erasure.id}", status_code=303)


@end_user_pages_router.get("/{erasure_id}")
def end_user_erasure_page(request: Request, erasure_id: str, who: SessionUser, context: ContextDep) -> Response:
    """What there was of them, and the certificate once it is there. The page asks again by itself until then."""
    return render_page(request, "end_user_erasure.html", erasure=erasure_desk_of(context).erasure(who, erasure_id))


@end_user_pages_router.get("/{erasure_id}/certificate")
def end_user_certificate_file(erasure_id: str, who: SessionUser, context: ContextDep) -> Response:
    """The certificate, to be kept: anyone can check it with `assay audit verify FILE`."""
    given = json.dumps(erasure_desk_of(context).certificate(who, erasure_id), indent=1)
    name = f'attachment; filename="erasure-{erasure_id[:60]}.json"'
    return Response(given, media_type="application/json", headers={"Content-Disposition": name})


def _page(
    request: Request, who: Principal, context: RequestContext, *, error: Exception | None = None, given: str = ""
) -> Response:
    return render_page(
        request,
        "end_users.html",
        status=status_of(error) if error else 200,
        erasures=erasure_desk_of(context).of(who),
        error=str(error) if error else "",
        given=given,
        longest=LONGEST_END_USER,
    )
