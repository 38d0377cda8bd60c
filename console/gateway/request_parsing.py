"""Reads what a client of OpenAI's Videos API sends, as JSON or as a form, into a request for the service."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Request as HttpRequest
from starlette.concurrency import run_in_threadpool

from console.gateway.reference_parsing import (
    GivenReference,
    naming_reference,
    reference_in_form,
    reference_in_json,
    refuse_unsupported,
)
from console.gateway.video_object import UnstatedValues
from console.web.context import RequestContext
from console.web.uploads import Upload, new_upload_folder, read_body, receive_form
from core.errors import BadInput
from pipeline.request_fields.engine_parameters import form_fields, parse_seconds, with_engine_fields
from pipeline.request_fields.reference_fields import is_reference_field
from pipeline.service import VideoRequest

_MAX_JSON_BYTES = 16 * 1024**2  # a reference image may lie in the JSON as a data URL
_CAMEO_FIELDS = ("cameos", "characters", "character_ids")
_END_USER_FIELDS = (
    "safety_identifier",
    "user",
)  # OpenAI's names for the person for whom a platform asks, the newer first
_ACCOUNT_FIELDS = ("audience", "account_minor", "region", "tier")


@asynccontextmanager
async def parse_video_request(http: HttpRequest, context: RequestContext) -> AsyncIterator[VideoRequest]:
    """The request for a video. Its reference file is there only for as long as the context lasts. Raises BadInput."""
    key = http.headers.get("idempotency-key", "")[:255]
    if http.headers.get("content-type", "").startswith("multipart/form-data"):
        async with receive_form(
            http,
            context.upload_folder,
            on_disk=is_reference_field,
            limit=context.max_upload_bytes,
            seats=context.uploads,
        ) as upload:
            refuse_unsupported(name for name, _ in upload.fields)
            given = await run_in_threadpool(reference_in_form, upload.parts, upload.folder)
            request = _from_form(upload, given, key)
            with naming_reference(given):
                yield with_engine_fields(request, form_fields(upload.fields), context.installation.settings)
        return
    asked = _json(await read_body(http, _MAX_JSON_BYTES))
    refuse_unsupported(name for name, value in asked.items() if value is not None)
    if not any(is_reference_field(name) for name in asked):  # then nothing needs to lie on disk
        yield with_engine_fields(_from_json(asked, None, key), asked, context.installation.settings)
        return
    folder = new_upload_folder(context.upload_folder)
    try:
        given = await run_in_threadpool(reference_in_json, asked, folder)
        request = _from_json(asked, given, key)
        with naming_reference(given):
            yield with_engine_fields(request, asked, context.installation.settings)
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)


async def read_json_object(http: HttpRequest) -> dict[str, Any]:
    """The JSON object in this request's body. Raises BadInput or TooLarge."""
    return _json(await read_body(http, _MAX_JSON_BYTES))


def request_of_fields(fields: dict[str, Any], key: str) -> VideoRequest:
    """The request that these fields make, as they stand in JSON, without any reference. Raises BadInput."""
    return _from_json(fields, None, key)


def _from_form(upload: Upload, given: GivenReference | None, key: str) -> VideoRequest:
    names = [form for name in _CAMEO_FIELDS for form in (name, f"{name}[]", f"{name}[][id]", f"{name}[id]")]
    return _request(
        prompt=upload.field("prompt"),
        model=upload.field("model"),
        seconds=upload.field("seconds") or None,
        size=upload.field("size"),
        cameos=upload.field_values(*names),
        purpose=upload.field("purpose"),
        territory=upload.field_values("territory", "territory[]"),
        voices=upload.field("voices").lower() in ("true", "1"),
        parent=upload.field("remixed_from_video_id"),
        reference=given.path if given else None,
        account={name: upload.field(name) or None for name in (*_ACCOUNT_FIELDS, *_END_USER_FIELDS)},
        key=key,
    )


def _from_json(fields: dict[str, Any], given: GivenReference | None, key: str) -> VideoRequest:
    return _request(
        prompt=fields.get("prompt"),
        model=fields.get("model"),
        seconds=fields.get("seconds"),
        size=fields.get("size"),
        cameos=[_id(one) for name in _CAMEO_FIELDS for one in _list(fields.get(name))],
        purpose=fields.get("purpose"),
        territory=_list(fields.get("territory")),
        voices=fields.get("voices") is True,
        parent=fields.get("remixed_from_video_id"),
        reference=given.path if given else None,
        account={name: fields.get(name) for name in (*_ACCOUNT_FIELDS, *_END_USER_FIELDS)},
        key=key,
    )


def _request(
    *,
    prompt: Any,
    model: Any,
    seconds: Any,
    size: Any,
    reference: Path | None,
    key: str,
    account: dict[str, Any],
    **of_people: Any,
) -> VideoRequest:
    return VideoRequest(
        prompt=_text(prompt, "prompt"),
        model=""
        if model == UnstatedValues().model
        else _text(model, "model"),  # as models are listed: none in particular
        seconds=parse_seconds(seconds),
        size=_text(size, "size"),
        references=(reference,) if reference else (),
        audience=_text(account["audience"], "audience") or "general",
        account_minor=_flag(account["account_minor"], "account_minor"),
        region=_text(account["region"], "region"),
        tier=_text(account["tier"], "tier"),
        end_user=next((found for name in _END_USER_FIELDS if (found := _text(account[name], name))), ""),
        key=key,
        cameos=tuple(of_people["cameos"]),
        purpose=_text(of_people["purpose"], "purpose"),
        territory=tuple(_text(one, "territory") for one in of_people["territory"]),
        voices=of_people["voices"],
        parent=_text(of_people["parent"], "remixed_from_video_id"),
    )


def _json(raw: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadInput("the body is not JSON") from None
    if not isinstance(asked, dict):
        raise BadInput("the body must be a JSON object with a prompt")
    return asked


def _text(value: Any, name: str) -> str:
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{name} must be a text")
    return value or ""


def _flag(value: Any, name: str) -> bool | None:
    known: dict[Any, bool] = {"true": True, "false": False}
    if value is None or isinstance(value, bool):
        return value
    if value not in known:
        raise BadInput(f"{name} must be true or false")
    return known[value]


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _id(cameo: Any) -> str:
    name = cameo.get("id") if isinstance(cameo, dict) else cameo
    if not isinstance(name, str) or not name:
        raise BadInput("cameos are named by their handles")
    return name
