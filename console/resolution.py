"""The C2PA Soft Binding Resolution API (2.2, with what 2.4 adds): from a watermark or a copy back to its manifest.

Anyone may read. What is not known is an empty list, for whatever reason it is not known; only whoever already has an
id learns whether there is a manifest under it. Files that are sent are deleted before the answer is given.
"""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from console.answers import ErrorBody
from console.bindings import hexes
from console.raw import receive_raw
from console.refusals import NotOffered, TooLong
from console.room import In, Room, address_of
from pipeline.fetching import Fetcher
from pipeline.repository import FINGERPRINT, MEDIA_TYPE, SOUND, Found

LONGEST_IN_ADDRESS = 2048
_OPEN = {"Access-Control-Allow-Origin": "*"}  # read by other sites' verifiers; no cookie counts here


def _open(response: Response) -> None:
    response.headers.update(_OPEN)


resolution = APIRouter(prefix="/c2pa", tags=["resolution", "public"], dependencies=[Depends(_open)])

Algorithm = Annotated[str, Query(min_length=1, max_length=200, description="Name of the soft binding algorithm.")]
Most = Annotated[int, Query(alias="maxResults", ge=1, le=100, description="How many at the most.")]
ManifestId = Annotated[str, Path(alias="manifestId", min_length=1, max_length=1024, description="As in a match.")]


def _hinted(
    alg: Annotated[str, Query(alias="hintAlg", max_length=200, description="Read, and not needed.")] = "",
    value: Annotated[str, Query(alias="hintValue", max_length=2048, description="Read, and not needed.")] = "",
) -> None:
    """A hint may be wrong: the file itself is looked at."""


class Matched(BaseModel):
    """A manifest that belongs to what was asked about."""

    model_config = ConfigDict(populate_by_name=True)

    manifest_id: str = Field(serialization_alias="manifestId")
    similarity: int = Field(serialization_alias="similarityScore", ge=0, le=100)


class Matches(BaseModel):
    """What was found, the best first; empty where nothing was."""

    matches: list[Matched]


class BindingAsked(BaseModel):
    """A soft binding to look up."""

    alg: str = Field(min_length=1, max_length=200, description="Name of the algorithm.")
    value: str = Field(min_length=1, max_length=65536, description="The value in base64.")


class ReferenceAsked(BaseModel):
    """Where a copy lies that is to be looked up."""

    model_config = ConfigDict(populate_by_name=True)

    url: str = Field(validation_alias="referenceUrl", min_length=1, max_length=2048, description="http or https.")
    length: int = Field(validation_alias="assetLength", ge=1, description="Bytes of the file, at the most.")


@resolution.get("/matches/byBinding", summary="Manifests bound to a value", response_model=Matches)
def by_binding(
    request: Request,
    room: In,
    alg: Algorithm,
    value: Annotated[str, Query(min_length=1, description="The value in base64; over 2048 characters use POST.")],
    most: Most = 10,
) -> Any:
    """An unknown algorithm or value is an empty list."""
    if len(value) > LONGEST_IN_ADDRESS:
        raise TooLong
    return _bound(request, room, alg, value, most)


@resolution.post("/matches/byBinding", summary="Manifests bound to a long value", response_model=Matches)
def by_long_binding(request: Request, room: In, asked: BindingAsked, most: Most = 10) -> Any:
    """As by GET."""
    return _bound(request, room, asked.alg, asked.value, most)


@resolution.post(
    "/matches/byContent",
    summary="Manifests of what a file is a copy of",
    response_model=Matches,
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
    room: In,
    _hints: Annotated[None, Depends(_hinted)],
    alg: Annotated[str, Query(max_length=200, description="Look by this algorithm only.")] = "",
    most: Most = 10,
) -> Any:
    """By its watermark, or by its looks and its sound where it has none. The file is deleted before it is answered."""
    room.pace.step(address_of(request), cost=5)
    with room.seats.one(address_of(request)):
        async with receive_raw(request, room.uploads, limit=room.upload_bytes) as file:
            look = room.desk.public.repository.by_content
            return _matches(
                await to_thread.run_sync(lambda: look(file, algorithm=alg, most=most), limiter=room.looking)
            )


@resolution.post(
    "/matches/byReference",
    summary="Manifests of what lies at an address",
    response_model=Matches,
    responses={501: {"model": ErrorBody, "description": "This installation fetches nothing."}},
)
async def by_reference(request: Request, room: In, asked: ReferenceAsked, most: Most = 10) -> Any:
    """501 where this installation fetches nothing. From public web servers only."""
    if not room.house.settings.verify_urls:
        raise NotOffered("this installation fetches no files: send the file itself to byContent")
    room.pace.step(address_of(request), cost=5)
    with room.seats.one(address_of(request)):
        return _matches(await to_thread.run_sync(_fetched, room, asked, most, limiter=room.looking))


@resolution.get(
    "/manifests/{manifestId}",
    summary="A manifest",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
def manifest(
    request: Request,
    room: In,
    manifest_id: ManifestId,
    active: Annotated[bool, Query(alias="returnActiveManifest", description="The active manifest alone.")] = False,
) -> Response:
    """The manifest store with this id, its bytes as they were signed."""
    room.pace.step(address_of(request))
    found = room.desk.public.repository.manifest(manifest_id, active_only=active)
    return Response(found, media_type=MEDIA_TYPE, headers=_OPEN)


@resolution.get("/services/supportedAlgorithms", summary="What is looked for here")
def algorithms(room: In) -> dict[str, list[dict[str, str]]]:
    """Watermarks and fingerprints, by their names."""
    marks = [{"alg": name} for name in room.desk.public.repository.algorithms]
    return {"watermarks": marks, "fingerprints": [{"alg": FINGERPRINT}, {"alg": SOUND}]}


def _bound(request: Request, room: Room, algorithm: str, value: str, most: int) -> Matches:
    room.pace.step(address_of(request))
    repository = room.desk.public.repository
    found = [one for text in hexes(value) for one in repository.by_binding(algorithm, text, most=most)]
    return _matches(list(dict.fromkeys(found))[:most])


def _fetched(room: Room, asked: ReferenceAsked, most: int) -> list[Found]:
    with room.desk.tools.scratch() as folder:
        file = folder / "asset"
        Fetcher(max_bytes=min(asked.length, room.upload_bytes)).fetch(asked.url, file)
        return room.desk.public.repository.by_content(file, most=most)


def _matches(found: list[Found]) -> Matches:
    return Matches(matches=[Matched(manifest_id=one.manifest_id, similarity=one.score) for one in found])
