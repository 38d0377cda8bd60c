"""What kind of text is screened: the same words ask for other things in each, so scores are calibrated by it."""

from __future__ import annotations

from enum import StrEnum

from core.errors import BadInput


class TextStyle(StrEnum):
    """Said by whoever asks; where it is not said, it has to be told from the words."""

    VIDEO = "video"  # describes what is to be seen
    CHAT = "chat"  # is said to an assistant
    POST = "post"  # is said to other people


def text_style(name: str) -> TextStyle | None:
    """The style of this name, None for an empty one. Raises BadInput for any other."""
    if name and name not in set(TextStyle):
        raise BadInput(f"style must be one of {', '.join(TextStyle)}, or be left out")
    return TextStyle(name) if name else None
