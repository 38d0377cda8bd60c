"""Receipts of consent for their owner: one in plain words, whether it still holds, and its file."""

from __future__ import annotations

import base64
import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from core.errors import NotFound
from core.roles import Principal

receipt_pages_router = APIRouter(prefix="/me/{handle}/receipts/{digest}", include_in_schema=False)


@receipt_pages_router.get("")
def receipt_page(request: Request, handle: str, digest: str, principal: SessionUser, context: ContextDep) -> Response:
    """What it says, and whether that still holds. Its signature is checked first."""
    receipt = _receipt(context, principal, handle, digest)
    validity = context.service.cameos.receipt_validity(receipt.jws)
    return render_page(
        request, "receipt.html", handle=handle, receipt=receipt, validity=validity, said_there=_payload(receipt.jws)
    )


@receipt_pages_router.get("/file")
def receipt_file(handle: str, digest: str, principal: SessionUser, context: ContextDep) -> Response:
    """The receipt as it was signed."""
    receipt = _receipt(context, principal, handle, digest)
    name = f'attachment; filename="receipt-{receipt.number}.jws"'
    return Response(receipt.jws, media_type="application/jose", headers={"Content-Disposition": name})


def _receipt(context: RequestContext, principal: Principal, handle: str, digest: str) -> Any:
    for receipt in context.service.cameos.receipts(principal, handle):
        if receipt.hash == digest:
            return receipt
    raise NotFound("there is no such receipt of yours")


def _payload(jws: str) -> dict[str, Any]:
    """What a receipt says. Its signature was checked before."""
    body = jws.split(".")[1]
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return payload
