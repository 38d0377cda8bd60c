"""A client of the Videos API for batches: asks again while a server is away, and says which line was refused."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from console.batch.batch_lines import BatchRequest
from core.errors import BadInput, Forbidden, Unavailable
from pipeline.request_fields.reference_sources import NO_SOURCES, ReferenceMissing, ReferenceSources

DEFAULT_PATIENCE = 300.0
"""Seconds for which a server that is away is asked again: a restart of it is no error."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0  # seconds between two attempts
_FORM_LIST_FIELDS = ("cameos", "characters", "character_ids", "territory")


class LineRefused(Exception):
    """The server does not take this line. `code` is the API's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoClient:
    """`url_of` says where a published video can be had, `download` copies it to a path.

    `references` says where references may be copied from, and `account` whose folder of them is read.
    """

    http: httpx.AsyncClient
    references: ReferenceSources = NO_SOURCES
    account: str = ""
    url_of: Callable[[str], Awaitable[str]]
    download: Callable[[str, Path], Awaitable[None]]
    patience: float = DEFAULT_PATIENCE

    async def create(self, request: BatchRequest) -> dict[str, Any]:
        """The video of this line: a new one, or the one that its id led to before. Raises as `ask`."""
        if not (request.reference_url or request.reference_blob):
            return await self._create(request, request.reference)
        with tempfile.TemporaryDirectory(prefix="assay-reference-") as folder:
            copied = await asyncio.to_thread(self._copy_reference, request, Path(folder) / "reference.bin")
            return await self._create(request, copied)

    def _copy_reference(self, request: BatchRequest, to: Path) -> Path:
        try:
            if request.reference_url:
                return self.references.from_url(request.reference_url, to)
            return self.references.from_blob(self.account, request.reference_blob, to)
        except ReferenceMissing as error:
            raise LineRefused("reference_unavailable", str(error)) from None
        except BadInput as error:
            raise LineRefused("bad_input", str(error)) from None

    async def _create(self, request: BatchRequest, reference: Path | None) -> dict[str, Any]:
        headers = {"Idempotency-Key": request.key}

        async def send() -> httpx.Response:
            with ExitStack() as opened:
                if reference is None:
                    return await self.http.post(request.path, json=request.fields, headers=headers)
                file = opened.enter_context(reference.open("rb"))
                return await self.http.post(
                    request.path,
                    data=_form_fields(request.fields),
                    files={request.file_field: (reference.name, file)},
                    headers=headers,
                )

        return await self.ask(send)

    async def retrieve(self, case_id: str) -> dict[str, Any]:
        """The video as it is now. Raises as `ask`."""
        return await self.ask(lambda: self.http.get(f"/v1/videos/{case_id}"))

    async def screen(self, prompt: str) -> dict[str, Any]:
        """What would be said of a prompt. Raises as `ask`."""
        answer = await self.ask(lambda: self.http.post("/v1/moderations", json={"input": prompt}))
        assay = answer.get("results", [{}])[0].get("assay")
        if not isinstance(assay, dict):
            raise Unavailable("the server answers with something that is no screening of Assay's")
        return assay

    async def ask(self, send: Callable[[], Awaitable[httpx.Response]]) -> dict[str, Any]:
        """The JSON object of an answer, asked for again while the server is away or wants a pause.

        Raises LineRefused; Unavailable once patience is at an end; Forbidden where the token lets nobody in.
        """
        end, pause = monotonic() + self.patience, _FIRST_PAUSE
        while True:
            try:
                answer = await send()
            except httpx.TransportError as error:
                wait, why = pause, f"the server does not answer ({type(error).__name__})"
            else:
                if not _wants_another_try(answer):
                    return _object_of(answer)
                wait, why = _retry_after(answer, pause), f"the server answers with {answer.status_code}"
            if monotonic() + wait > end:
                raise Unavailable(why)
            await asyncio.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def save_published_video(client: VideoClient, case_id: str, folder: Path) -> Path:
    """The published video as a file in the folder, whole or not at all; one that is there already stays."""
    target = folder / f"{case_id}.mp4"
    if target.exists():
        return target
    number, name = tempfile.mkstemp(prefix=f".{case_id}-", suffix=".part", dir=folder)
    os.close(number)
    part = Path(name)
    try:
        await client.download(case_id, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


async def download_over_http(http: httpx.AsyncClient, case_id: str, to: Path) -> None:
    """Write the content of a video to a path. Raises LineRefused, Unavailable."""
    try:
        async with http.stream("GET", f"/v1/videos/{case_id}/content") as answer:
            if answer.status_code != httpx.codes.OK:
                raise LineRefused("no_content", f"the video cannot be had ({answer.status_code})")
            with to.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
    except httpx.TransportError as error:
        raise Unavailable(f"the video broke off ({type(error).__name__})") from error


def _wants_another_try(answer: httpx.Response) -> bool:
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return _error_of(answer)[0] != "insufficient_quota"  # a quota does not come back in minutes
    return answer.status_code >= 500


def _retry_after(answer: httpx.Response, pause: float) -> float:
    try:
        return max(0.0, float(answer.headers.get("retry-after", pause)))
    except ValueError:  # a date, which HTTP allows as well
        return pause


def _object_of(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise Forbidden("the server does not accept this token")
    if not answer.is_success:
        raise LineRefused(*_error_of(answer))
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable("the server answers with something that is not Assay's: is the address right?")
    return found


def _error_of(answer: httpx.Response) -> tuple[str, str]:
    try:
        error = answer.json()["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return "http_error", f"the server answers with {answer.status_code}"


def _form_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a JSON body as a form has them: a list as a repeated field, an object as JSON."""
    form: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, list) and name in _FORM_LIST_FIELDS:
            form[f"{name}[]"] = [_form_value(one.get("id") if isinstance(one, dict) else one) for one in value]
        elif value is not None:
            form[name] = _form_value(value)
    return form


def _form_value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
