"""A request for a video as a message: read strictly, so that nothing in it is dropped without a word."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.request_fields.reference_sources import BLOB_KEY, MAX_DATA_URL_LENGTH
from pipeline.topic_contract.outcome_document import DeadLetterReason
from pipeline.video_request import MAX_PROMPT_LENGTH, VideoRequest
from registry.consent.end_users import MAX_END_USER_LENGTH

REQUEST_TYPE = "assay.request"

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
_MAX_ID, _MAX_ACCOUNT = 255, 200
_VIDEO_ID = r"^[0-9a-f]{16}$"
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}", re.ASCII)

_Word = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeader:
    """What can be read of a message that is otherwise no request: enough to answer its sender."""

    id: str
    account: str | None


class NotARequest(Exception):
    """A message that no case can be opened for. `reason` is a DeadLetterReason, `field` a name of the schema.

    Neither repeats anything of the message, but for the name of a field from version 2 on. With a `header` it is
    answered by an outcome, without one it is a dead letter.
    """

    def __init__(self, reason: DeadLetterReason, field: str = "", *, header: RequestHeader | None = None) -> None:
        super().__init__(f"this message is no request ({reason}{f': {field}' if field else ''})")
        self.reason = reason
        self.field = field
        self.header = header


class _SharedFields(BaseModel):
    """What every version has. `id` names the request for ever: the same id by the same account is the same case."""

    model_config = _STRICT

    type: Literal["assay.request"]
    id: Annotated[str, Field(min_length=1, max_length=_MAX_ID)]
    account: Annotated[str, Field(min_length=1, max_length=_MAX_ACCOUNT)] | None = None
    prompt: Annotated[str, Field(min_length=1, max_length=MAX_PROMPT_LENGTH)]
    model: _Word = ""
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    size: _Word = ""
    cameos: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=50)] = []
    voices: bool = False
    purpose: _Word = ""
    territory: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]], Field(max_length=250)] = []
    audience: Annotated[str, Field(max_length=40)] = "general"
    account_minor: bool | None = None
    region: Annotated[str, Field(max_length=6)] = ""
    tier: Annotated[str, Field(max_length=40)] = ""
    safety_identifier: Annotated[str, Field(max_length=MAX_END_USER_LENGTH)] = ""
    remixed_from_video_id: Annotated[str, Field(max_length=16)] = ""

    def to_request(self) -> VideoRequest:
        """What the service is asked for, without a reference and without parameters of an engine."""
        return VideoRequest(
            key=self.id,
            prompt=self.prompt,
            model=self.model,
            seconds=self.seconds,
            size=self.size,
            cameos=tuple(self.cameos),
            voices=self.voices,
            purpose=self.purpose,
            territory=tuple(self.territory),
            audience=self.audience or "general",
            account_minor=self.account_minor,
            region=self.region,
            tier=self.tier,
            end_user=self.safety_identifier,
            parent=self.remixed_from_video_id,
        )


class RequestDocumentV1(_SharedFields):
    """Version 1: no reference, and nothing of an engine's own."""

    version: Literal[1]


class ReferenceByUrl(BaseModel):
    """A reference in a data: URL, or at an https address."""

    model_config = _STRICT

    image_url: Annotated[str, Field(min_length=1, max_length=MAX_DATA_URL_LENGTH)]


class ReferenceByBlob(BaseModel):
    """A reference that lies in the account's folder of the inbox under this key."""

    model_config = _STRICT

    blob: Annotated[str, Field(pattern=f"^{BLOB_KEY}$")]


class RequestDocumentV2(_SharedFields):
    """Version 2: also what the engine's profile names (`parameters`), a reference, and a video to begin with.

    `remix_of` makes a video anew, `extension_of` goes on where one ends, `extend_reference` where the reference ends;
    `remixed_from_video_id` only states the parent.
    """

    version: Literal[2]
    input_reference: ReferenceByUrl | ReferenceByBlob | None = None
    parameters: Annotated[dict[str, Any], Field(max_length=64)] = {}
    remix_of: Annotated[str, Field(pattern=_VIDEO_ID)] | None = None
    extension_of: Annotated[str, Field(pattern=_VIDEO_ID)] | None = None
    extend_reference: bool = False


RequestDocument = RequestDocumentV1 | RequestDocumentV2

REQUEST_VERSIONS: Mapping[int, type[RequestDocument]] = MappingProxyType({1: RequestDocumentV1, 2: RequestDocumentV2})
"""Every version that was ever published is read."""


def plain_name(name: object) -> str:
    """The name of a field if it is a plain word, else nothing: it is the sender's, and may be anything."""
    return name if isinstance(name, str) and _PLAIN_NAME.fullmatch(name) else ""


def parse_request(message: bytes | None) -> RequestDocument:
    """The request in a message. Raises NotARequest."""
    try:
        given = json.loads(message or b"")
    except (ValueError, RecursionError):
        raise NotARequest("not_json") from None
    if not isinstance(given, dict) or given.get("type") != REQUEST_TYPE:
        raise NotARequest("not_a_request")
    version = given.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version not in REQUEST_VERSIONS:
        raise NotARequest("unknown_version")
    try:
        return REQUEST_VERSIONS[version].model_validate(given)
    except ValidationError as error:
        raise _not_a_request(error.errors(include_input=False, include_url=False)[0], given, version) from None


def _not_a_request(first: Mapping[str, Any], given: Mapping[str, Any], version: int) -> NotARequest:
    header = _header(given) if version > 1 else None
    place = first["loc"][0] if first["loc"] else ""
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:  # the name is the sender's word
        return NotARequest("unknown_field", plain_name(place) if header else "", header=header)
    known = REQUEST_VERSIONS[version].model_fields
    return NotARequest("invalid_field", place if place in known else "", header=header)


def _header(given: Mapping[str, Any]) -> RequestHeader | None:
    name, account = given.get("id"), given.get("account")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_ID:
        return None
    if account is not None and not (isinstance(account, str) and 0 < len(account) <= _MAX_ACCOUNT):
        return None
    return RequestHeader(id=name, account=account)
