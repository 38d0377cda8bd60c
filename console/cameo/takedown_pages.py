"""What comes down, as it does: after a permission was taken back, a veto, a block, or the erasure of a person."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page

takedown_pages_router = APIRouter(include_in_schema=False)


@takedown_pages_router.get("/me/{handle}/down/{takedown_id}")
def takedown_page(
    request: Request, handle: str, takedown_id: str, principal: SessionUser, context: ContextDep
) -> Response:
    """One takedown. The page asks again by itself until nothing is left."""
    progress = context.service.cameos.portal.progress(principal, handle, takedown_id)
    return render_page(request, "takedown.html", handle=handle, progress=progress)


@takedown_pages_router.get("/erasures/{cameo_id}")
def erasure_page(request: Request, cameo_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """What was erased, how far the videos are, and the certificate once it is there."""
    portal = context.service.cameos.portal
    progress, erasure = portal.erasure_progress(principal, cameo_id), portal.erasure(principal, cameo_id)
    return render_page(request, "erasure.html", progress=progress, erasure=erasure)


@takedown_pages_router.get("/erasures/{cameo_id}/certificate")
def certificate_file(cameo_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """The certificate, to be kept: anyone can check it with `assay audit verify FILE`."""
    given = json.dumps(context.service.cameos.portal.certificate(principal, cameo_id), indent=1)
    name = f'attachment; filename="erasure-{cameo_id[:60]}.json"'
    return Response(given, media_type="application/json", headers={"Content-Disposition": name})
