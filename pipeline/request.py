"""What somebody asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput
from registry.terms import PURPOSES

LONGEST_PROMPT = 32_768
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for. `key` makes asking twice the same as asking once.

    `cameos` are handles or ids; `voices` says that they speak; `purpose` and `territory` (ISO 3166 codes) say what
    the video is for and where it will be shown, and empty ones that it may be for anything, anywhere.
    """

    prompt: str
    model: str = ""
    seconds: float | None = None
    size: str = ""
    references: tuple[Path, ...] = ()
    cameos: tuple[str, ...] = ()
    parent: str = ""
    audience: str = "general"
    key: str = ""
    purpose: str = ""
    territory: tuple[str, ...] = ()
    voices: bool = False


def check(request: Request) -> None:
    """Raises BadInput for what nobody can ask for."""
    if not request.prompt.strip():
        raise BadInput("the prompt is empty")
    if len(request.prompt) > LONGEST_PROMPT:
        raise BadInput(f"the prompt has {len(request.prompt)} characters; at most {LONGEST_PROMPT} are taken")
    if request.seconds is not None and not 0 < request.seconds <= 3600:
        raise BadInput("seconds must lie between 0 and 3600")
    if len(request.references) > 1:
        raise BadInput("one reference is taken at the most")
    if request.purpose and request.purpose not in PURPOSES:
        raise BadInput(f"{request.purpose!r} is no purpose: one of {', '.join(PURPOSES)}")
    if wrong := [one for one in request.territory if not _COUNTRY.fullmatch(one)]:
        raise BadInput(f"{wrong[0]!r} is no country: two capital letters, as DE")
