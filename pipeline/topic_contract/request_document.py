"""A request for a video as a message: read strictly, so that nothing in it is dropped without a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.topic_contract.outcome_document import DeadLetterReason
from pipeline.video_request import MAX_END_USER_LENGTH, MAX_PROMPT_LENGTH, VideoRequest

REQUEST_TYPE = "assay.request"

_Word = Annotated[str, Field(max_length=200)]


class NotARequest(Exception):
    """A message that no case can be opened for. `reason` is a DeadLetterReason, `field` a name of the schema.

    Neither repeats anything of the message.
    """

    def __init__(self, reason: DeadLetterReason, field: str = "") -> None:
        super().__init__(f"this message is no request ({reason}{f': {field}' if field else ''})")
        self.reason = reason
        self.field = field


class RequestDocumentV1(BaseModel):
    """Version 1. `id` names the request for ever: the same id by the same account is the same case."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    type: Literal["assay.request"]
    version: Literal[1]
    id: Annotated[str, Field(min_length=1, max_length=255)]
    account: Annotated[str, Field(min_length=1, max_length=200)] | None = None
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
        """What the service is asked for."""
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


REQUEST_VERSIONS: Mapping[int, type[RequestDocumentV1]] = MappingProxyType({1: RequestDocumentV1})
"""Every version that was ever published is read."""


def parse_request(message: bytes | None) -> RequestDocumentV1:
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
        raise _not_a_request(error.errors(include_input=False, include_url=False)[0]) from None


def _not_a_request(first: Mapping[str, Any]) -> NotARequest:
    if first["type"] == "extra_forbidden":
        return NotARequest("unknown_field")  # the name is the sender's word, and not repeated
    place = first["loc"][0] if first["loc"] else ""
    return NotARequest("invalid_field", place if place in RequestDocumentV1.model_fields else "")
