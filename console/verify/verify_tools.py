"""What others put beside a video: a badge that a page may frame, and a bookmarklet that asks about what plays."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from console.allowed_hosts import stated_address
from console.web.context import ContextDep, client_address
from console.web.rendering import render_page
from core.case import Phase

verify_tools_router = APIRouter(include_in_schema=False)

# Takes the largest picture or video that is on the page, and opens the verifier with its address.
_BOOKMARKLET = (
    "(()=>{const s=e=>e.currentSrc||e.src||'';"
    "const a=[...document.querySelectorAll('video,img,audio')].filter(e=>/^https?:/.test(s(e)));"
    "const v=a.filter(e=>e.matches('video'));"
    "const z=e=>{const r=e.getBoundingClientRect();return r.width*r.height};"
    "const b=(v.length?v:a).sort((x,y)=>z(y)-z(x))[0];"
    "window.open('{address}/verify'+(b?'?address='+encodeURIComponent(s(b)):''),'_blank','noopener')})()"
)


@verify_tools_router.get("/verify/tools")
def tools_page(request: Request, context: ContextDep) -> Response:
    """How to put the badge on a page, and the bookmarklet into a browser."""
    settings = context.installation.settings
    address = stated_address(request, settings)
    bookmarklet = "javascript:" + quote(_BOOKMARKLET.replace("{address}", address), safe="(){}=>[]'.,:;?/&|!*+~^$-")
    return render_page(
        request, "verify_tools.html", base=address, bookmarklet=bookmarklet, fetches=settings.verify_urls
    )


@verify_tools_router.get("/verify/badge/{case_id}")
def badge_page(
    request: Request, context: ContextDep, case_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
) -> Response:
    """What the register says of a published video, small enough for a frame on anybody's page; never a 404 in one."""
    context.rate_limiter.consume(client_address(request))
    record = context.service.look_up(case_id)
    shown = record if record and record["phase"] == Phase.PUBLISHED.value else None
    return render_page(request, "badge.html", record=shown, base=stated_address(request, context.installation.settings))
