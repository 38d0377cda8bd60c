"""What a request has to be before a case is opened for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.errors import BadInput

if TYPE_CHECKING:
    from pipeline.desk import Request

LONGEST_PROMPT = 32_768
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166-1 or -2
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def check(request: Request) -> None:
    """Raises BadInput with one line for what is wrong."""
    if not request.prompt.strip():
        raise BadInput("the prompt is empty")
    if len(request.prompt) > LONGEST_PROMPT:
        raise BadInput(f"the prompt has {len(request.prompt)} characters; at most {LONGEST_PROMPT} are taken")
    if request.seconds is not None and not 0 < request.seconds <= 3600:
        raise BadInput("seconds must lie between 0 and 3600")
    if len(request.references) > 1:
        raise BadInput("one reference is taken at the most")
    if request.region and not _REGION.fullmatch(request.region):
        raise BadInput("region must be a code of ISO 3166, as DE or US-CA")
    for name in ("audience", "tier"):
        word = getattr(request, name)
        if word and not _WORD.fullmatch(word):
            raise BadInput(f"{name} must be a word of a-z, 0-9, _ and -, of 40 characters at the most")
