"""The pages of people's likeness: what they allow, what is made with it, what waits for them, what came down."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask

from console.cameo.cameo_links import cameo_links
from console.cameo.lease_pages import lease_choices
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.codec import dump
from core.errors import BadInput
from registry.consent import lease_sentences

cameo_pages_router = APIRouter(prefix="/me", include_in_schema=False)
notice_pages_router = APIRouter(prefix="/notices", include_in_schema=False)

USES_PER_PAGE = 24

_CSRF_PROTECTED = [Depends(require_csrf_token)]


@cameo_pages_router.get("")
def cameos_page(request: Request, principal: SessionUser, context: ContextDep, done: str = "") -> Response:
    """The person's cameos and their notices."""
    service = context.service.cameos
    cameos = [cameo for cameo in service.own_cameos(principal) if cameo.state != "erased"]
    notices = service.notices(principal)[:50]
    return render_page(
        request,
        "portal.html",
        cameos=cameos,
        audiences={
            cameo.id: service.portal.audience(principal, cameo.id) for cameo in cameos if cameo.state == "active"
        },
        notices=notices,
        handles={cameo.id: cameo.handle or cameo.id for cameo in cameos},
        words=service.owner_words(principal, [notice.about for notice in notices]),
        unread=service.portal.unread(principal),
        erasures=service.portal.own_erasures(principal),
        done=done,
    )


@notice_pages_router.post("/read", dependencies=_CSRF_PROTECTED)
def mark_notices_read(principal: SessionUser, context: ContextDep) -> Response:
    """All notices are read."""
    context.service.cameos.portal.mark_read(principal)
    return _see_other("/me?done=read")


@cameo_pages_router.get("/{handle}")
def cameo_page(
    request: Request, handle: str, principal: SessionUser, context: ContextDep, done: str = "", page: int = 1
) -> Response:
    """One cameo: who may make videos, permissions, uses, reports."""
    service = context.service.cameos
    cameo = service.cameo(principal, handle)
    mine = cameo.owner == principal.id
    uses = service.uses(principal, handle)
    waiting = service.portal.waiting(principal, cameo.id, uses) if mine else frozenset()
    first = max(page - 1, 0) * USES_PER_PAGE
    leases = [lease for lease in reversed(service.leases(principal, handle)) if lease.revoked is None]
    return render_page(
        request,
        "cameo.html",
        cameo=cameo,
        mine=mine,
        audience=service.portal.audience(principal, cameo.id) if mine and cameo.state == "active" else "",
        leases=[(lease, lease_sentences(lease, cameo.owner)) for lease in leases],
        blocked={one.account for one in service.portal.blocked(principal)} if mine else set(),
        uses=uses[first : first + USES_PER_PAGE],
        waiting=[use for use in uses if use.case_id in waiting],
        page=max(page, 1),
        has_more=len(uses) > first + USES_PER_PAGE,
        reports=service.takedown_reports(principal, handle)[:30],
        receipts=list(reversed(service.receipts(principal, handle)))[:100],
        refusal=service.review.refusal(principal, cameo.id) if mine else None,
        may_appeal=mine and service.review.may_appeal(principal, cameo.id),
        done=done,
        **lease_choices(),
        **(cameo_links(service, principal, cameo.handle) if mine and cameo.state == "active" else {}),
    )


@cameo_pages_router.get("/{handle}/export")
def export_cameo(handle: str, principal: SessionUser, context: ContextDep) -> Response:
    """All that is kept about a person, as a file."""
    cameo = context.service.cameos.cameo(principal, handle)
    given = json.dumps(dump(context.service.cameos.export(principal, handle)), indent=1, ensure_ascii=False)
    name = f'attachment; filename="assay-{cameo.id}.json"'
    return Response(given, media_type="application/json", headers={"Content-Disposition": name})


@cameo_pages_router.post("/{handle}/appeal", dependencies=_CSRF_PROTECTED)
def appeal_refusal(
    handle: str,
    principal: SessionUser,
    context: ContextDep,
    why: Annotated[str, Form(max_length=4000)],
    another: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Ask that another moderator looks at a refused enrolment."""
    service = context.service.cameos
    cameo = service.review.appeal(principal, service.cameo(principal, handle).id, words=why, handle=another)
    return _see_other(f"/me/{cameo.handle}?done=appealed")


@cameo_pages_router.post("/{handle}/erase", dependencies=_CSRF_PROTECTED)
def erase_cameo(
    handle: str, principal: SessionUser, context: ContextDep, sure: Annotated[str, Form()] = ""
) -> Response:
    """Erase a person, if their handle was written once more. Their videos come down while the next page shows it."""
    service = context.service.cameos
    cameo = service.cameo(principal, handle)
    if sure.strip().removeprefix("@").casefold() != (cameo.handle or cameo.wanted or cameo.id):
        raise BadInput("write your handle to erase everything")
    service.erase(principal, handle, wait=False)
    carry_on = BackgroundTask(service.portal.run_takedowns)
    return RedirectResponse(f"/erasures/{cameo.id}", status_code=303, background=carry_on)


def _see_other(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
