"""Videos made over others, as OpenAI's API has them: remix, edits and extensions. Each is a case like any other.

The engine is given the source as a reference: the whole video, or for an extension its last picture.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request

from console.gateway.request_parsing import read_json_object, request_of_fields
from console.gateway.videos_api import IDEMPOTENCY_HEADER, shown_video
from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext, accept_language
from console.web.scans import scan_reference
from console.web.uploads import new_upload_folder, receive_form
from core.case import Case
from core.errors import BadInput, BadMedia
from core.roles import Principal
from pipeline.derived_request import Derivation, derived_request, last_picture
from pipeline.request_fields.engine_parameters import form_fields, is_own_field, with_engine_fields
from pipeline.request_fields.reference_fields import is_reference_field
from pipeline.service import VideoRequest
from pipeline.video_request import REFERENCE_PARAM

derived_videos_router = APIRouter(prefix="/v1/videos", tags=["videos"])

_LISTS = ("cameos", "characters", "character_ids", "territory")
_PROMPT = {"prompt": {"type": "string"}}
_SOURCE = {"type": "object", "properties": {"id": {"type": "string"}}, "description": "The video to start from."}
_FILE = {"type": "string", "format": "binary", "description": "The video to start from; or its id as `video[id]`."}


def _body(required: list[str], fields: dict[str, Any], *, with_video: bool) -> dict[str, Any]:
    kinds = {"application/json": _SOURCE, "multipart/form-data": _FILE}
    content = {
        kind: {
            "schema": {
                "type": "object",
                "required": required,
                "properties": fields | ({"video": video} if with_video else {}),
            }
        }
        for kind, video in kinds.items()
    }
    return {"requestBody": {"required": True, "content": content}, "parameters": [IDEMPOTENCY_HEADER]}


_REMIX = _body(["prompt"], _PROMPT, with_video=False)
_EDIT = _body(["prompt", "video"], _PROMPT, with_video=True)
_SECONDS = {"seconds": {"type": "string", "description": "How long the continuation is to be."}}
_EXTENSION = _body(["prompt", "video", "seconds"], _PROMPT | _SECONDS, with_video=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """Fields as in JSON, a file if one was sent, and a folder that is there as long as the request is read."""

    fields: dict[str, Any]
    file: Path | None
    folder: Path
    key: str


@derived_videos_router.post("/{video_id}/remix", summary="Make a video anew with another prompt", openapi_extra=_REMIX)
async def remix_video(video_id: str, request: Request, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """In the model, size and length of the source, which is the reference that the engine starts from."""
    async with _given(request, context) as given:
        if given.file or given.fields.get("video") is not None:
            raise BadInput("video is named by the address here", param="video")
        return await _ordered(request, who, context, given, video_id, Derivation.EDIT)


@derived_videos_router.post("/edits", summary="Edit a video", openapi_extra=_EDIT)
async def edit_video(request: Request, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """A video of yours by its id, or one that is sent, and what to make of it."""
    async with _given(request, context) as given:
        return await _ordered(request, who, context, given, _source_id(given), Derivation.EDIT)


@derived_videos_router.post("/extensions", summary="Continue a video", openapi_extra=_EXTENSION)
async def extend_video(request: Request, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """What follows the last picture of a video: a video of its own, which is not joined to the source."""
    async with _given(request, context) as given:
        if given.fields.get("seconds") in (None, ""):
            raise BadInput("seconds is missing: how long the continuation is to be", param="seconds")
        return await _ordered(request, who, context, given, _source_id(given), Derivation.EXTENSION)


async def _ordered(
    request: Request, who: Principal, context: RequestContext, given: _Given, source: str, derivation: Derivation
) -> dict[str, Any]:
    """The answer about what was ordered. The source is decoded and encoded anew, as any reference is."""

    def submit() -> tuple[Case, VideoRequest]:
        order = _order(who, context, given, source, derivation)
        return context.service.submit(who, order), order

    for name, value in given.fields.items():
        if value is not None and (is_reference_field(name) or name == "remixed_from_video_id"):
            raise BadInput(f"{name[:80]} is not taken here: the video to start from is the reference", param=name[:80])
    with _naming_video(given.file):
        opened, order = await scan_reference(request, context, submit)
    video = await to_thread.run_sync(shown_video, who, context, opened.id, accept_language(request))
    video["assay"]["ignored"] = list(order.ignored)
    return video


def _order(who: Principal, context: RequestContext, given: _Given, source: str, derivation: Derivation) -> VideoRequest:
    rest = {name: value for name, value in given.fields.items() if name != "video" and value is not None}
    asked = with_engine_fields(request_of_fields(rest, given.key), rest, context.installation.settings)
    if source:
        return derived_request(context.service, who, asked, source, given.folder, derivation)
    if given.file is None:
        raise BadInput("video is missing: send a file, or the id of a video", param="video")
    reference = last_picture(given.file, given.folder) if derivation is Derivation.EXTENSION else given.file
    return replace(asked, references=(reference,))


@contextmanager
def _naming_video(sent: Path | None) -> Iterator[None]:
    """What is wrong with the file is said of `video`, and not of the name that it has here."""
    try:
        yield
    except BadInput as error:
        if error.param != REFERENCE_PARAM and not isinstance(error, BadMedia):
            raise
        said = str(error).replace(sent.name, "the file") if sent else str(error)
        raise type(error)(f"video: {said}", param="video") from None


def _source_id(given: _Given) -> str:
    named = given.fields.get("video")
    found = named.get("id") if isinstance(named, dict) else named
    if found is None:
        return ""
    if not isinstance(found, str) or not found:
        raise BadInput("video is named as an object with its id", param="video")
    return found


@asynccontextmanager
async def _given(request: Request, context: RequestContext) -> AsyncIterator[_Given]:
    key = request.headers.get("idempotency-key", "")[:255]
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        limit = context.max_upload_bytes
        async with receive_form(
            request, context.upload_folder, field="video", limit=limit, seats=context.uploads
        ) as upload:
            yield _Given(fields=_form_fields(upload.fields), file=upload.file, folder=upload.folder, key=key)
        return
    fields = await read_json_object(request)
    folder = await to_thread.run_sync(new_upload_folder, context.upload_folder)
    try:
        yield _Given(fields=fields, file=None, folder=folder, key=key)
    finally:
        await to_thread.run_sync(shutil.rmtree, folder, True)


def _form_fields(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields of a form as they would stand in JSON. Raises BadInput."""
    fields: dict[str, Any] = {}
    of_engine: list[tuple[str, str]] = []
    for name, value in pairs:
        base, _, rest = name.partition("[")
        if base in _LISTS:
            fields.setdefault(base, []).append(value)
        elif base == "video":
            fields[base] = {"id": value} if rest in ("", "id]") else {rest: value}
        elif base == "voices":
            fields[base] = value.lower() in ("true", "1")
        elif is_own_field(name) and value:
            fields[name] = value
        else:
            of_engine.append((name, value))
    return fields | form_fields(of_engine)
