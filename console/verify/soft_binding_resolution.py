"""The C2PA Soft Binding Resolution API (2.2, with what 2.4 adds): from a watermark or a copy back to its manifest.

Anyone may read. What is not known is an empty list, for whatever reason it is not known; only whoever already has an
id learns whether there is a manifest under it. Files that are sent are deleted before the answer is given.
"""

from __future__ import annotations

import shutil
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from console.verify.soft_binding_values import hex_candidates
from console.web.context import ContextDep, RequestContext, client_address
from console.web.error_responses import ErrorBody
from console.web.http_errors import NotOffered, TooLong
from console.web.raw_upload import receive_raw
from console.web.scans import fetch_for_client, scan_file
from console.web.uploads import new_upload_folder
from pipeline.manifest_repository.repository import (
    AUDIO_FINGERPRINT_ALGORITHM,
    MANIFEST_MEDIA_TYPE,
    VIDEO_FINGERPRINT_ALGORITHM,
    ManifestMatchScore,
)
from pipeline.safe_fetch import SafeFetcher

MAX_BINDING_QUERY_LENGTH = 2048
_CORS_HEADERS = {"Access-Control-Allow-Origin": "*"}  # read by other sites' verifiers; no cookie counts here


def _allow_any_origin(response: Response) -> None:
    response.headers.update(_CORS_HEADERS)


resolution_router = APIRouter(prefix="/c2pa", tags=["resolution", "public"], dependencies=[Depends(_allow_any_origin)])

AlgorithmQuery = Annotated[str, Query(min_length=1, max_length=200, description="Name of the soft binding algorithm.")]
MaxResultsQuery = Annotated[int, Query(alias="maxResults", ge=1, le=100, description="How many at the most.")]
ManifestIdPath = Annotated[str, Path(alias="manifestId", min_length=1, max_length=1024, description="As in a match.")]


def _ignored_hints(
    alg: Annotated[str, Query(alias="hintAlg", max_length=200, description="Read, and not needed.")] = "",
    value: Annotated[str, Query(alias="hintValue", max_length=2048, description="Read, and not needed.")] = "",
) -> None:
    """A hint may be wrong: the file itself is looked at."""


class ManifestMatch(BaseModel):
    """A manifest that belongs to what was asked about."""

    model_config = ConfigDict(populate_by_name=True)

    manifest_id: str = Field(serialization_alias="manifestId")
    similarity: int = Field(serialization_alias="similarityScore", ge=0, le=100)


class ManifestMatches(BaseModel):
    """What was found, the best first; empty where nothing was."""

    matches: list[ManifestMatch]


class BindingLookupBody(BaseModel):
    """A soft binding to look up."""

    alg: str = Field(min_length=1, max_length=200, description="Name of the algorithm.")
    value: str = Field(min_length=1, max_length=65536, description="The value in base64.")


class ReferenceLookupBody(BaseModel):
    """The address of a copy that is to be looked up."""

    model_config = ConfigDict(populate_by_name=True)

    url: str = Field(validation_alias="referenceUrl", min_length=1, max_length=2048, description="http or https.")
    length: int = Field(validation_alias="assetLength", ge=1, description="Bytes of the file, at the most.")


@resolution_router.get("/matches/byBinding", summary="Manifests bound to a value", response_model=ManifestMatches)
def by_binding(
    request: Request,
    context: ContextDep,
    alg: AlgorithmQuery,
    value: Annotated[str, Query(min_length=1, description="The value in base64; over 2048 characters use POST.")],
    most: MaxResultsQuery = 10,
) -> Any:
    """An unknown algorithm or value is an empty list."""
    if len(value) > MAX_BINDING_QUERY_LENGTH:
        raise TooLong
    return _matches_by_binding(request, context, alg, value, most)


@resolution_router.post("/matches/byBinding", summary="Manifests bound to a long value", response_model=ManifestMatches)
def by_long_binding(request: Request, context: ContextDep, body: BindingLookupBody, most: MaxResultsQuery = 10) -> Any:
    """As by GET."""
    return _matches_by_binding(request, context, body.alg, body.value, most)


@resolution_router.post(
    "/matches/byContent",
    summary="Manifests of what a file is a copy of",
    response_model=ManifestMatches,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("video/*", "image/*", "audio/*")
            },
        }
    },
)
async def by_content(
    request: Request,
    context: ContextDep,
    _hints: Annotated[None, Depends(_ignored_hints)],
    alg: Annotated[str, Query(max_length=200, description="Look by this algorithm only.")] = "",
    most: MaxResultsQuery = 10,
) -> Any:
    """By its watermark, or by its looks and its sound where it has none. The file is deleted before it is answered."""
    context.rate_limiter.consume(client_address(request), cost=5)
    async with receive_raw(
        request, context.upload_folder, limit=context.max_upload_bytes, seats=context.uploads
    ) as file:
        find = partial(context.service.public.repository.by_content, file, algorithm=alg, most=most)
        return _matches(await scan_file(request, context, find))


@resolution_router.post(
    "/matches/byReference",
    summary="Manifests of the file at an address",
    response_model=ManifestMatches,
    responses={501: {"model": ErrorBody, "description": "This installation fetches nothing."}},
)
async def by_reference(
    request: Request, context: ContextDep, body: ReferenceLookupBody, most: MaxResultsQuery = 10
) -> Any:
    """501 where this installation fetches nothing. From public web servers only."""
    if not context.installation.settings.verify_urls:
        raise NotOffered("this installation fetches no files: send the file itself to byContent")
    context.rate_limiter.consume(client_address(request), cost=5)
    fetcher = SafeFetcher(max_bytes=min(body.length, context.max_upload_bytes))
    folder = await to_thread.run_sync(new_upload_folder, context.upload_folder)
    try:
        await fetch_for_client(request, context, fetcher, body.url, folder / "asset")
        find = partial(context.service.public.repository.by_content, folder / "asset", most=most)
        return _matches(await scan_file(request, context, find))
    finally:
        await to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))


@resolution_router.get(
    "/manifests/{manifestId}",
    summary="A manifest",
    response_class=Response,
    responses={200: {"content": {MANIFEST_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_manifest(
    request: Request,
    context: ContextDep,
    manifest_id: ManifestIdPath,
    active: Annotated[bool, Query(alias="returnActiveManifest", description="The active manifest alone.")] = False,
) -> Response:
    """The manifest store with this id, its bytes as they were signed."""
    context.rate_limiter.consume(client_address(request))
    manifest = context.service.public.repository.manifest(manifest_id, active_only=active)
    return Response(manifest, media_type=MANIFEST_MEDIA_TYPE, headers=_CORS_HEADERS)


@resolution_router.get("/services/supportedAlgorithms", summary="What is looked for here")
def supported_algorithms(context: ContextDep) -> dict[str, list[dict[str, str]]]:
    """Watermarks and fingerprints, by their names."""
    marks = [{"alg": name} for name in context.service.public.repository.algorithms]
    return {
        "watermarks": marks,
        "fingerprints": [{"alg": VIDEO_FINGERPRINT_ALGORITHM}, {"alg": AUDIO_FINGERPRINT_ALGORITHM}],
    }


def _matches_by_binding(
    request: Request, context: RequestContext, algorithm: str, value: str, most: int
) -> ManifestMatches:
    context.rate_limiter.consume(client_address(request))
    repository = context.service.public.repository
    found_matches = [
        match for text in hex_candidates(value) for match in repository.by_binding(algorithm, text, most=most)
    ]
    return _matches(list(dict.fromkeys(found_matches))[:most])


def _matches(matches: list[ManifestMatchScore]) -> ManifestMatches:
    return ManifestMatches(
        matches=[ManifestMatch(manifest_id=match.manifest_id, similarity=match.score) for match in matches]
    )
