"""The writing side of the Soft Binding Resolution API 2.4, for accounts; and what the service says of itself."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from console.auth import Caller
from console.bindings import hexes
from console.refusals import NotSuch
from console.resolution import ManifestId, resolution
from console.room import In
from console.uploads import body
from core.errors import Unavailable
from pipeline.repository import LARGEST_MANIFEST, MEDIA_TYPE

deposits = APIRouter(prefix="/c2pa", tags=["deposits"])
known = APIRouter(tags=["resolution", "public"])

VERSION = "2.4"


class BoundAsked(BaseModel):
    """A value to be bound to a manifest that is here."""

    model_config = ConfigDict(populate_by_name=True)

    alg: str = Field(min_length=1, max_length=200, description="Name of the algorithm; not one of our own.")
    value: str = Field(validation_alias="bindingValue", min_length=1, max_length=2048, description="In base64.")
    manifest_id: str = Field(validation_alias="manifestId", min_length=1, max_length=1024, description="Whose.")


@deposits.post(
    "/manifests",
    status_code=201,
    summary="Hand in a manifest",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def deposit(
    request: Request,
    who: Caller,
    room: In,
    receipt: Annotated[bool, Query(alias="returnReceipt", description="Give a receipt too.")] = False,
) -> Any:
    """A manifest store (JUMBF), kept as it is. Handing it in twice is handing it in once."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise NotSuch(f"send a manifest store as {MEDIA_TYPE}")
    content = await body(request, LARGEST_MANIFEST)
    done = await to_thread.run_sync(room.desk.public.repository.deposit, who, content)
    told: dict[str, Any] = {"manifestId": done.manifest_id}
    return told | {"receipt": done.public() | {"hash": done.hash}} if receipt else told


@deposits.delete("/manifests/{manifestId}", summary="Withdraw a manifest")
def delete(
    who: Caller,
    room: In,
    manifest_id: ManifestId,
    reason: Annotated[str, Query(max_length=200, description="For the receipt, which anyone may read.")] = "",
) -> Any:
    """For operators. What is left is a receipt; the same manifest does not come back."""
    done = room.desk.public.repository.delete(who, manifest_id, reason=reason)
    return {"receipts": [one.public() | {"hash": one.hash} for one in done]}


@deposits.post("/bindings", operation_id="bind", status_code=204, summary="Bind a value to a manifest")
@deposits.put(
    "/bindings", operation_id="bind_again", status_code=204, summary="The same: binding twice is binding once"
)
def bind(asked: BoundAsked, who: Caller, room: In) -> Response:
    """Values of our own watermark are bound by sealing and in no other way."""
    for text in hexes(asked.value):
        room.desk.public.repository.bind(who, asked.alg, text, asked.manifest_id)
    return Response(status_code=204)


@resolution.get("/manifests/{manifestId}/receipts", summary="What was done to a manifest")
def receipts(room: In, manifest_id: ManifestId) -> Any:
    """Stored, deleted: each receipt carries the hash of the one before it in the whole repository."""
    found = room.desk.public.repository.receipts(manifest_id)
    return {"receipts": [one.public() | {"hash": one.hash} for one in found]}


@resolution.get("/services/capabilities", summary="What this service can do")
def capabilities(room: In) -> dict[str, Any]:
    """Which queries are answered, and within which bounds."""
    queries = ["byBinding", "byContent"] + (["byReference"] if room.house.settings.verify_urls else [])
    return {
        "version": VERSION,
        "queries": queries,
        "storage": {"manifests": True, "bindings": True, "receipts": True, "authentication": "Bearer"},
        "limits": {"maxResults": 100, "assetLength": room.upload_bytes, "manifestLength": LARGEST_MANIFEST},
    }


@resolution.get(
    "/services/status", summary="Does it work?", responses={503: {"description": "It does not: the database is away."}}
)
def status(room: In) -> Any:
    """ok, or down (503) where the database does not answer."""
    try:
        room.desk.public.repository.by_binding("status", "00", most=1)
    except Unavailable:
        return JSONResponse({"status": "down"}, status_code=503)
    return {"status": "ok"}


@known.get("/.well-known/c2pa-soft-binding-resolution", summary="Where the resolution service is")
def well_known(request: Request) -> dict[str, Any]:
    """Its base address, its version and where it is described."""
    base = str(request.base_url).rstrip("/")
    return {"baseUrl": f"{base}{resolution.prefix}", "version": VERSION, "openapi": f"{base}/openapi.json"}
