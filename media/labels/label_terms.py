"""What a visible label is: its words, where it is drawn, how long it is seen. `label_overlay` draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import BadInput

LabelPlace = Literal["drift", "corners", "top_right", "bottom_left", "top_left", "bottom_right"]
"""On its way through the picture; in one corner after another; or in one."""
MIN_LABEL_SECONDS = 2.0
"""Seconds that a label must be seen."""
MAX_LABEL_LENGTH = 160
"""Characters of a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleLabel:
    """What is written, where `|` may break the line: lines after the first are smaller. `seconds` from the start, None
    for all of the video; `font` is a TrueType file, for writing that the built-in font lacks."""

    text: str
    seconds: float | None = None
    font: str = ""
    place: LabelPlace = "drift"

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > MAX_LABEL_LENGTH:
            raise BadInput(f"a visible label has between 1 and {MAX_LABEL_LENGTH} characters")
        if self.place not in get_args(LabelPlace):
            raise BadInput(f"{self.place!r} is no place of a visible label: {', '.join(get_args(LabelPlace))}")
        if self.seconds is not None and self.seconds < MIN_LABEL_SECONDS:
            raise BadInput(f"a visible label is seen for {MIN_LABEL_SECONDS:g} seconds at the least")
