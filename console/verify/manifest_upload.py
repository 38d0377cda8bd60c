"""The writing side of the Soft Binding Resolution API 2.4, for accounts; and what the service says of itself."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from console.allowed_hosts import stated_address
from console.verify.soft_binding_resolution import ManifestIdPath, resolution_router
from console.verify.soft_binding_values import hex_candidates
from console.web.auth import BearerUser
from console.web.context import ContextDep
from console.web.http_errors import UnsupportedMediaType
from console.web.uploads import read_body
from core.errors import Unavailable
from pipeline.manifest_repository.repository import MANIFEST_MEDIA_TYPE, MAX_MANIFEST_BYTES

manifest_upload_router = APIRouter(prefix="/c2pa", tags=["deposits"])
well_known_router = APIRouter(tags=["resolution", "public"])

RESOLUTION_API_VERSION = "2.4"


class BindingBody(BaseModel):
    """A value to be bound to a manifest that is here."""

    model_config = ConfigDict(populate_by_name=True)

    alg: str = Field(min_length=1, max_length=200, description="Name of the algorithm; not one of our own.")
    value: str = Field(validation_alias="bindingValue", min_length=1, max_length=2048, description="In base64.")
    manifest_id: str = Field(validation_alias="manifestId", min_length=1, max_length=1024, description="Whose.")


@manifest_upload_router.post(
    "/manifests",
    status_code=201,
    summary="Hand in a manifest",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {MANIFEST_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload_manifest(
    request: Request,
    who: BearerUser,
    context: ContextDep,
    receipt: Annotated[bool, Query(alias="returnReceipt", description="Give a receipt too.")] = False,
) -> Any:
    """A manifest store (JUMBF), kept as it is. Handing it in twice is handing it in once."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MANIFEST_MEDIA_TYPE:
        raise UnsupportedMediaType(f"send a manifest store as {MANIFEST_MEDIA_TYPE}")
    content = await read_body(request, MAX_MANIFEST_BYTES)
    done = await to_thread.run_sync(context.service.public.repository.deposit, who, content)
    told: dict[str, object] = {"manifestId": done.manifest_id}
    return told | {"receipt": done.public() | {"hash": done.hash}} if receipt else told


@manifest_upload_router.delete("/manifests/{manifestId}", summary="Withdraw a manifest")
def delete_manifest(
    principal: BearerUser,
    context: ContextDep,
    manifest_id: ManifestIdPath,
    reason: Annotated[str, Query(max_length=200, description="For the receipt, which anyone may read.")] = "",
) -> Any:
    """For operators. What is left is a receipt; the same manifest does not come back."""
    receipts = context.service.public.repository.delete(principal, manifest_id, reason=reason)
    return {"receipts": [receipt.public() | {"hash": receipt.hash} for receipt in receipts]}


@manifest_upload_router.post("/bindings", operation_id="bind", status_code=204, summary="Bind a value to a manifest")
@manifest_upload_router.put(
    "/bindings", operation_id="bind_again", status_code=204, summary="The same: binding twice is binding once"
)
def bind_value(body: BindingBody, principal: BearerUser, context: ContextDep) -> Response:
    """By the account that handed the manifest in. Values of our own algorithms are bound by sealing only."""
    for text in hex_candidates(body.value):
        context.service.public.repository.bind(principal, body.alg, text, body.manifest_id)
    return Response(status_code=204)


@manifest_upload_router.delete("/bindings", operation_id="unbind", status_code=204, summary="Take a binding back")
def unbind_value(
    principal: BearerUser,
    context: ContextDep,
    alg: Annotated[str, Query(min_length=1, max_length=200, description="Name of the algorithm.")],
    value: Annotated[str, Query(alias="bindingValue", min_length=1, max_length=2048, description="In base64.")],
    manifest_id: Annotated[str, Query(alias="manifestId", min_length=1, max_length=1024, description="Whose.")],
) -> Response:
    """Only by the account that handed the manifest in. It may be bound again."""
    context.service.public.repository.unbind(principal, alg, hex_candidates(value), manifest_id)
    return Response(status_code=204)


@resolution_router.get("/manifests/{manifestId}/receipts", summary="What was done to a manifest")
def list_manifest_receipts(context: ContextDep, manifest_id: ManifestIdPath) -> Any:
    """Stored, deleted: each receipt carries the hash of the one before it in the whole repository."""
    receipts = context.service.public.repository.receipts(manifest_id)
    return {"receipts": [receipt.public() | {"hash": receipt.hash} for receipt in receipts]}


@resolution_router.get("/services/capabilities", summary="What this service can do")
def service_capabilities(context: ContextDep) -> dict[str, object]:
    """Which queries are answered, and within which bounds."""
    queries = ["byBinding", "byContent"] + (["byReference"] if context.installation.settings.verify_urls else [])
    return {
        "version": RESOLUTION_API_VERSION,
        "queries": queries,
        "storage": {"manifests": True, "bindings": True, "receipts": True, "authentication": "Bearer"},
        "limits": {"maxResults": 100, "assetLength": context.max_upload_bytes, "manifestLength": MAX_MANIFEST_BYTES},
    }


@resolution_router.get(
    "/services/status",
    summary="Does it work?",
    responses={503: {"description": "It does not: the database is unavailable."}},
)
def service_status(context: ContextDep) -> Any:
    """ok, or down (503) where the database does not answer."""
    try:
        context.service.public.repository.by_binding("status", "00", most=1)
    except Unavailable:
        return JSONResponse({"status": "down"}, status_code=503)
    return {"status": "ok"}


@well_known_router.get("/.well-known/c2pa-soft-binding-resolution", summary="Where the resolution service is")
def well_known_document(request: Request, context: ContextDep) -> dict[str, object]:
    """Its base address, its version and where it is described."""
    base = stated_address(request, context.installation.settings)
    return {
        "baseUrl": f"{base}{resolution_router.prefix}",
        "version": RESOLUTION_API_VERSION,
        "openapi": f"{base}/openapi.json",
    }
