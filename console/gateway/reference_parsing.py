"""What an engine may start from, under each name and in each shape in which clients send it.

What cannot be honoured is refused by its name, so that no video is made without a reference that somebody sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.web.multipart import FormPart
from core.errors import BadInput
from media.file_kind import HEAD_BYTES, REFERENCE_KINDS, FileKind, kind_of_head
from pipeline.request_fields.reference_fields import (
    REFERENCE_FIELDS,
    decode_data_url,
    empty_reference,
    is_data_url,
    is_reference_field,
)
from pipeline.video_request import REFERENCE_PARAM

_UNSUPPORTED = frozenset(
    {"control_type", "source_video", "source_audio", "video_noise_mask", "audio_noise_mask", "mask"}  # vLLM-Omni
    | {"images", "image_urls", "image_path", "video_url", "audio", "audio_url"}
    | {"first_frame", "last_frame", "first_image", "last_image", "end_image"}
)
_URL_KEYS = ("image_url", "video_url", "url")
_NAME = re.compile(r"(?P<base>[^\[\]]*)(?P<list>\[\d*\])?(?:\[(?P<key>\w+)\])?")
_MAX_TEXT_BYTES = 24 * 1024**2  # a data: URL in a form; files have no such limit
_HOW_TO_SEND = "send the file itself in a form, or a data: URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReference:
    """A reference as a file of ours, and the name of the field in which it came."""

    field: str
    path: Path


def refuse_unsupported(names: Iterable[str]) -> None:
    """Raises BadInput for the first name of a kind of reference that no engine is given."""
    for name in names:
        base = name.partition("[")[0]
        if base not in REFERENCE_FIELDS and (base in _UNSUPPORTED or "reference" in base):
            raise BadInput(f"{name} is not supported: one picture or clip is accepted, as input_reference", param=name)


def reference_in_form(parts: Sequence[FormPart], folder: Path) -> GivenReference | None:
    """The reference among the parts of a form that were kept as files. Raises BadInput."""
    _check_single([part.name for part in parts])
    return next((_of_part(part, folder) for part in parts), None)


def reference_in_json(fields: Mapping[str, Any], folder: Path) -> GivenReference | None:
    """The reference in a JSON body, written into the folder. Raises BadInput."""
    if odd := [name for name in fields if is_reference_field(name) and name not in REFERENCE_FIELDS]:
        raise BadInput(f"{odd[0]} is a name for forms: {_HOW_TO_SEND} as input_reference", param=odd[0])
    given = [(name, fields[name]) for name in REFERENCE_FIELDS if fields.get(name) is not None]
    _check_single([name for name, _ in given])
    return next((_of_value(value, name, folder / "reference.bin") for name, value in given), None)


@contextmanager
def naming_reference(given: GivenReference | None) -> Iterator[None]:
    """Errors about the reference that are raised inside name the field in which it came."""
    try:
        yield
    except BadInput as error:
        if given is None or error.param != REFERENCE_PARAM:
            raise
        said = str(error).replace(given.path.name, "the file")
        raise type(error)(f"{given.field}: {said}", param=given.field) from None


def _check_single(names: Sequence[str]) -> None:
    if len(names) > 1:
        raise BadInput(f"{names[1]} is a second reference: one is accepted at the most", param=names[1])


def _of_part(part: FormPart, folder: Path) -> GivenReference:
    name, size = part.name, part.path.stat().st_size
    if size == 0:
        raise empty_reference(name)
    matched = _NAME.fullmatch(name)
    if matched is None or (matched["key"] and matched["key"] not in _URL_KEYS):
        raise BadInput(f"{name} cannot be used: {_HOW_TO_SEND} as input_reference", param=name)
    with part.path.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    if part.file_name or kind_of_head(head) is not FileKind.OTHER:  # also a file that was sent without a name
        return GivenReference(field=name, path=part.path)
    if size > _MAX_TEXT_BYTES:
        raise BadInput(f"{name} is too long for a text: {_HOW_TO_SEND}", param=name)
    try:
        text = part.path.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise BadInput(
            f"{name} is neither a text nor of a kind that is accepted: {REFERENCE_KINDS}", param=name
        ) from None
    return _of_value(_json_or_text(text, name), name, folder / f"{part.path.stem}-text.bin")


def _json_or_text(text: str, name: str) -> Any:
    """What vLLM-Omni's clients write into a form is JSON: `{"image_url": …}`."""
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput(f"{name} is not JSON; with curl, send a data: URL in it by --form-string", param=name) from None


def _of_value(value: Any, name: str, to: Path) -> GivenReference:
    match value:
        case [single]:
            return _of_value(single, name, to)
        case [_, *_]:
            raise BadInput(f"{name} has {len(value)} references: one is accepted at the most", param=name)
        case dict() if "file_id" in value:
            raise BadInput(f"{name}: there is no file store here, so file_id names nothing; {_HOW_TO_SEND}", param=name)
        case dict() if (keys := [key for key in value if key != "type"]) and keys[0] in _URL_KEYS and len(keys) == 1:
            return _of_value(value[keys[0]], name, to)
        case str() if value.strip():
            to.write_bytes(_decoded(value.strip(), name))
            return GivenReference(field=name, path=to)
        case str() | []:
            raise empty_reference(name)
    raise BadInput(f'{name} cannot be read: {_HOW_TO_SEND}, in JSON as {{"image_url": "data:…"}}', param=name)


def _decoded(url: str, name: str) -> bytes:
    if not is_data_url(url):
        # Fetching an address that a stranger names would let them look around behind the firewall.
        raise BadInput(f"{name} must be sent with the request, and no address is fetched: {_HOW_TO_SEND}", param=name)
    return decode_data_url(url, name)
