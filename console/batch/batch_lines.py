"""Lines of a batch: read with bounds, parsed one by one, so that a bad one is answered and the rest goes on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import BadInput
from pipeline.request_fields.engine_parameters import is_own_field
from pipeline.request_fields.reference_fields import is_data_url
from pipeline.topic_contract.request_document import REQUEST_TYPE, REQUEST_VERSIONS

MAX_LINE_BYTES = 16 * 1024**2  # as much as the gateway reads of a JSON body
_CHUNK_BYTES = 64 * 1024
_VIDEO_ID = re.compile(r"[0-9a-f]{16}")
_MAX_KEY_LENGTH = 255  # what the gateway keeps of an Idempotency-Key


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """One line that can be sent. `fields` are the body of a POST to `path`, `reference` a file to send with it.

    Instead of a file of this machine there is a URL, or the key of a blob, from which it is to be copied first. The
    file goes into the form as `file_field`.
    """

    number: int
    id: str | int
    fields: dict[str, Any]
    reference: Path | None = None
    reference_url: str = ""
    reference_blob: str = ""
    path: str = "/v1/videos"
    file_field: str = "input_reference"

    @property
    def key(self) -> str:
        """The Idempotency-Key: the id, or its SHA-256 where the id does not fit into a header as it is."""
        key = str(self.id)
        fits = key.isascii() and key.isprintable() and key == key.strip() and len(key) <= _MAX_KEY_LENGTH
        return key if fits else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be sent, and why. `id` is None where none can be read."""

    number: int
    error: str
    id: Any = None
    code: str = "bad_line"


def split_lines(source: BinaryIO) -> Iterator[bytes | None]:
    """The lines of an unbuffered source as they come, without their ends; None for one beyond MAX_LINE_BYTES."""
    rest, too_long = b"", False
    while chunk := source.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield None if too_long or len(line) > MAX_LINE_BYTES else line
            too_long = False
        if len(rest) > MAX_LINE_BYTES:
            rest, too_long = b"", True
    if rest or too_long:
        yield None if too_long else rest


def parse_lines(lines: Iterable[bytes | None]) -> Iterator[BatchRequest | BadLine]:
    """One request or one error for each line that is not blank. An id counts once in a batch."""
    first_use: dict[bytes, int] = {}
    for number, line in enumerate(lines, start=1):
        if line is None:
            yield BadLine(number=number, error=f"this line has more than {MAX_LINE_BYTES} bytes", code="too_long")
        elif line.strip():
            yield _once(_parse(number, line), first_use)


def _once(parsed: BatchRequest | BadLine, first_use: dict[bytes, int]) -> BatchRequest | BadLine:
    if isinstance(parsed, BadLine):
        return parsed
    digest = hashlib.blake2b(parsed.key.encode(), digest_size=16).digest()
    if (first := first_use.setdefault(digest, parsed.number)) != parsed.number:
        return BadLine(
            number=parsed.number, id=parsed.id, error=f"the id of line {first} stands here again", code="id_repeated"
        )
    return parsed


def _parse(number: int, line: bytes) -> BatchRequest | BadLine:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        return BadLine(number=number, error="this line is not JSON")
    if not isinstance(given, dict):
        return BadLine(number=number, error="a line must be a JSON object")
    name = given.pop("id", None)
    if isinstance(name, bool) or not isinstance(name, str | int) or name == "":
        return BadLine(number=number, error='a line needs an "id", a text or a whole number: it makes nothing twice')
    if not isinstance(given.get("prompt"), str):
        return BadLine(number=number, id=name, error='a line needs a "prompt", which is a text')
    try:
        return _read_request(number, name, given)
    except _LineError as error:
        return BadLine(number=number, id=name, error=str(error), code=error.code)


class _LineError(BadInput):
    """A line that says what cannot be sent."""

    def __init__(self, message: str, code: str = "bad_line") -> None:
        super().__init__(message)
        self.code = code


def _read_request(number: int, name: str | int, given: dict[str, Any]) -> BatchRequest:
    """The request, in which what a message on a topic may say stands where the API has it. Raises _LineError."""
    if given.get("type") == REQUEST_TYPE:
        del given["type"]
        if given.pop("version", None) not in REQUEST_VERSIONS:
            raise _LineError("this version of a request is not known", "unknown_version")
    _spread_parameters(given)
    reference = _pop_reference(given)
    remix_of, extension_of = (_pop_video_id(given, field) for field in ("remix_of", "extension_of"))
    extends = given.pop("extend_reference", None)
    if extends is not None and not isinstance(extends, bool):
        raise _LineError('"extend_reference" must be true or false')
    if bool(remix_of) + bool(extension_of) + bool(reference or given.get("input_reference")) > 1:
        raise _LineError("a video begins with one thing: a reference, remix_of or extension_of")
    if remix_of or extension_of:
        if given.get("remixed_from_video_id"):
            raise _LineError('the parent is the video that it begins with: leave "remixed_from_video_id" out')
        if extends:
            raise _LineError('"extend_reference" needs a reference')
        if remix_of:
            return BatchRequest(number=number, id=name, fields=given, path=f"/v1/videos/{remix_of}/remix")
        return BatchRequest(
            number=number, id=name, fields=given | {"video": {"id": extension_of}}, path="/v1/videos/extensions"
        )
    if not extends:
        return BatchRequest(number=number, id=name, fields=given, **_unless_sent_as_it_is(given, reference))
    url = _url_of(given.pop("input_reference", None))
    if not (reference := reference or ({"reference_url": url} if url else {})):
        raise _LineError('"extend_reference" needs a reference')
    return BatchRequest(
        number=number, id=name, fields=given, path="/v1/videos/extensions", file_field="video", **reference
    )


def _spread_parameters(given: dict[str, Any]) -> None:
    parameters = given.pop("parameters", None)
    if parameters is None:
        return
    if not isinstance(parameters, dict):
        raise _LineError('"parameters" must be an object')
    for field, value in parameters.items():
        if is_own_field(field) or field in given:
            raise _LineError(f"{field[:80]!r} is a field of the request, or given twice")
        given[field] = value


def _pop_reference(given: dict[str, Any]) -> dict[str, Any]:
    """The reference that is to be copied or read, as fields of BatchRequest; nothing where the API reads it itself."""
    path, sent = given.pop("reference", None), given.get("input_reference")
    if path is not None and (not isinstance(path, str) or "\0" in path or not Path(path).is_file()):
        raise _LineError('"reference" must be the path of a file', "no_reference")
    if path is not None and sent is not None:
        raise _LineError('"reference" and "input_reference" cannot both be given')
    if path is not None:
        return {"reference": Path(path)}
    if isinstance(sent, dict) and "blob" in sent:
        if set(sent) != {"blob"} or not isinstance(sent["blob"], str) or not sent["blob"]:
            raise _LineError('"input_reference" names a blob by its key alone')
        del given["input_reference"]
        return {"reference_blob": sent["blob"]}
    return {}


def _unless_sent_as_it_is(given: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    """A data: URL goes to the API as it is, as does what nobody can read; an address is fetched here."""
    url = _url_of(given.get("input_reference"))
    if reference or not url or is_data_url(url):
        return reference
    del given["input_reference"]
    return {"reference_url": url}


def _url_of(sent: Any) -> str:
    url = sent["image_url"] if isinstance(sent, dict) and set(sent) == {"image_url"} else sent
    return url if isinstance(url, str) and (is_data_url(url) or url.lower().startswith("https://")) else ""


def _pop_video_id(given: dict[str, Any], field: str) -> str:
    found = given.pop(field, None)
    if found is None:
        return ""
    if not isinstance(found, str) or not _VIDEO_ID.fullmatch(found):
        raise _LineError(f'"{field}" must be the id of a video')
    return found
