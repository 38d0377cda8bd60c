"""A download from a server that may lie, stall or die: whole and plausible under its name, or not there at all."""

from __future__ import annotations

import logging
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from core.errors import EngineFault, RenderFailed, Unavailable
from pipeline.engines.retry import RetryableError

log = logging.getLogger("assay.engine")

_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}")


def save_video(response: httpx.Response, to: Path, *, max_bytes: int, seconds: float) -> None:
    """Write the body to `to`, by way of a temporary name beside it.

    Raises RenderFailed for what is no video or too large, EngineFault for an empty body, Unavailable when it takes
    longer than `seconds`, and RetryableError for a body that broke off: asking again may give it whole.
    """
    _check_type(response.headers.get("content-type", ""))
    _save(response, to, max_bytes=max_bytes, seconds=seconds)


def save_preview(response: httpx.Response, to: Path, *, max_bytes: int, seconds: float) -> None:
    """Likewise a picture or a clip, of which no type is expected: it is read as what it is, in the sandbox."""
    _save(response, to, max_bytes=max_bytes, seconds=seconds)


def _save(response: httpx.Response, to: Path, *, max_bytes: int, seconds: float) -> None:
    _check_size(_content_length(response), max_bytes)
    with _temporary_name(to) as file:
        written = 0
        for chunk in _chunks(response, time.monotonic() + seconds):
            if not written and chunk.lstrip()[:1] in (b"<", b"{", b"["):
                raise RenderFailed("not_a_video", "the engine sent a text and called it a video")
            written += file.write(chunk)
            _check_size(written, max_bytes)
        if not written:
            raise EngineFault("the engine sent an empty file: the video is lost or not ready")


def _check_type(content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind and not kind.startswith("video/") and kind not in ("application/octet-stream", "binary/octet-stream",
                                                               "application/mp4"):  # fmt: skip
        sent = kind if _MEDIA_TYPE.fullmatch(kind) else "something else"
        raise RenderFailed("not_a_video", f"the engine sent {sent} instead of a video")


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        log.warning("an engine's video is larger than %d bytes: raise ASSAY_ENGINE_MAX_MB to accept it", max_bytes)
        raise RenderFailed("engine_error", f"the engine's video is larger than the {max_bytes >> 20} MB accepted here")


def _content_length(response: httpx.Response) -> int:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _chunks(response: httpx.Response, deadline: float) -> Iterator[bytes]:
    try:
        for chunk in response.iter_bytes():  # no chunk size: filling chunks would outwait the deadline
            if time.monotonic() > deadline:
                raise Unavailable("the engine sends its video too slowly: it will be asked again")
            yield chunk
    except httpx.RemoteProtocolError:
        raise RetryableError(EngineFault("the engine's video broke off before its end")) from None


@contextmanager
def _temporary_name(to: Path) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as file:
        part = Path(file.name)
        try:
            yield file
            file.close()
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
