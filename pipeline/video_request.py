"""A request for a video."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import BadInput
from core.events import ParameterValue
from registry.consent.end_users import MAX_END_USER_LENGTH
from registry.consent.lease_terms import PURPOSES

MAX_PROMPT_LENGTH = 32_768
REFERENCE_PARAM = "input_reference"
"""What errors about a reference name as their parameter."""
_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166-1 or -2
_TAG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """A request for a video; from `audience` to `tier` as the platform states it. The same `key` is the same request.

    `cameos` are handles or ids; `voices` says that they speak; `purpose` and `territory` (ISO 3166 codes) say what
    the video is for and where it will be shown, and empty ones that it may be for anything, anywhere. `end_user` is
    what the platform calls the person for whom it asks; only its pseudonym is kept. `parameters` are the engine's own,
    `parameter_texts` those of them that are texts, and `ignored` names fields that were sent and are not used.
    """

    prompt: str
    model: str = ""
    seconds: float | None = None
    size: str = ""
    references: tuple[Path, ...] = ()
    cameos: tuple[str, ...] = ()
    parent: str = ""
    audience: str = "general"
    account_minor: bool | None = None
    region: str = ""
    tier: str = ""
    end_user: str = ""
    key: str = ""
    purpose: str = ""
    territory: tuple[str, ...] = ()
    voices: bool = False
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    parameter_texts: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def validate_request(request: VideoRequest) -> None:
    """Raises BadInput for what nobody can ask for."""
    if not request.prompt.strip():
        raise BadInput("the prompt is empty", param="prompt")
    if len(request.prompt) > MAX_PROMPT_LENGTH:
        raise BadInput(
            f"the prompt has {len(request.prompt)} characters; at most {MAX_PROMPT_LENGTH} are taken", param="prompt"
        )
    if request.seconds is not None and not 0 < request.seconds <= 3600:
        raise BadInput("seconds must be between 0 and 3600", param="seconds")
    if len(request.references) > 1:
        raise BadInput("one reference is accepted at the most", param=REFERENCE_PARAM)
    if request.purpose and request.purpose not in PURPOSES:
        raise BadInput(f"{request.purpose!r} is no purpose: one of {', '.join(PURPOSES)}", param="purpose")
    if wrong := [country for country in request.territory if not _COUNTRY.fullmatch(country)]:
        raise BadInput(f"{wrong[0]!r} is no country: two capital letters, as DE", param="territory")
    if request.region and not _REGION.fullmatch(request.region):
        raise BadInput("region must be a code of ISO 3166, as DE or US-CA", param="region")
    if len(request.end_user) > MAX_END_USER_LENGTH:
        raise BadInput(
            f"safety_identifier has more than {MAX_END_USER_LENGTH} characters: send a hash of it",
            param="safety_identifier",
        )
    for name in ("audience", "tier"):
        word = getattr(request, name)
        if word and not _TAG.fullmatch(word):
            raise BadInput(f"{name} must be a word of a-z, 0-9, _ and -, of 40 characters at the most", param=name)
