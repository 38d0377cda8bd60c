"""Is this likeness still consented? By the published file, or by a receipt; for anybody, without an account."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePath
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from console.verify.verify_api import verify_received
from console.web.context import ContextDep, RequestContext, client_address
from console.web.rendering import render_page
from console.web.scans import scan_file
from console.web.uploads import receive_form
from core.codec import dump
from core.errors import BadInput
from core.finding import ConsentFinding, Finding
from pipeline.verification.consent_lookup import NO_KNOWN_CONSENT, consent_by_receipt

consent_api_router = APIRouter(tags=["receipts", "public"])
consent_pages_router = APIRouter(include_in_schema=False)

_LARGEST_RECEIPT = 20_000
_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "A published video or a picture of one, or a receipt as a file.",
                    },
                    "receipt": {"type": "string", "description": "Or a receipt: the JWS itself, or its SHA-256."},
                },
            }
        }
    },
}


@consent_api_router.post(
    "/api/verify/consent",
    summary="Is this likeness still consented?",
    responses={200: {"model": ConsentFinding}},
    openapi_extra={"requestBody": _FORM},
)
async def check_consent(request: Request, context: ContextDep) -> Any:
    """By a file that was published here, or by a receipt. Names nobody; nothing of the file is kept."""
    return dump(await _consent(request, context))


@consent_pages_router.get("/verify/consent")
def consent_page(request: Request) -> Response:
    """Choose a file, or paste a receipt."""
    return render_page(request, "consent_check.html", answer=None)


@consent_pages_router.post("/verify/consent")
async def submit_consent_question(request: Request, context: ContextDep) -> Response:
    """The answer as a page. Carries no form token: nothing is changed by asking."""
    return render_page(request, "consent_check.html", answer=await _consent(request, context))


async def _consent(request: Request, context: RequestContext) -> ConsentFinding:
    """Raises BadInput for neither, and for a receipt whose signature does not hold; BadMedia, TooLarge, TooMany."""
    async with receive_form(
        request, context.upload_folder, field="file", limit=context.max_upload_bytes, seats=context.uploads
    ) as upload:
        file, receipt = upload.file, upload.field("receipt").strip()
        if file is not None and file.stat().st_size > 0:
            receipt = receipt or await to_thread.run_sync(_receipt_in, file)
            if not receipt:
                name = PurePath(upload.name).name[:200]
                finding: Finding = await scan_file(request, context, partial(verify_received, context, file, name))
                return finding.consent or NO_KNOWN_CONSENT
    if not receipt:
        raise BadInput("choose a file, or paste a receipt")
    context.rate_limiter.consume(client_address(request))
    return await to_thread.run_sync(consent_by_receipt, context.service.cameos.stores, receipt[:_LARGEST_RECEIPT])


def _receipt_in(file: Path) -> str:
    """The receipt in a small file of text that holds one; nothing otherwise."""
    if file.stat().st_size > _LARGEST_RECEIPT:
        return ""
    text = file.read_bytes().decode("ascii", "replace").strip()
    return text if text.count(".") == 2 and text.startswith("ey") and not set(text) & set(" \n<>") else ""
