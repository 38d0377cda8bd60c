"""What of a file was not looked at because it would have taken too much, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from core.errors import OverBudget
from core.finding import UnexaminedPart

_SENTENCES = {
    "credentials": "The credentials were not read",
    "picture": "The picture was not searched for a watermark",
    "sound": "The sound was not searched for a watermark",
    "other_installations": "The marks of other installations were not all looked for",
    "labels": "Unsigned labels were not looked for",
    "recovered": "The records that its watermark leads to were not compared with it",
    "similar": "It was not compared with the videos that this service sealed",
}

_T = TypeVar("_T")


def unexamined_part(part: str, error: OverBudget) -> UnexaminedPart:
    """The part (see UnexaminedPart) and why it was left out."""
    return UnexaminedPart(part=part, says=f"{_SENTENCES[part]}: {error}.")


def with_unexamined(summary: str, unexamined: Sequence[UnexaminedPart]) -> str:
    """The summary of a finding, which says where not everything was looked at."""
    return (
        f"{summary} Not everything in this file was looked at: that would have taken too much."
        if unexamined
        else summary
    )


def within_budget(
    part: str, look: Callable[[], _T], otherwise: Callable[[str], _T]
) -> tuple[_T, tuple[UnexaminedPart, ...]]:
    """What `look` finds; or, where that takes too much, what `otherwise` makes of the reason, and the part left out."""
    try:
        return look(), ()
    except OverBudget as error:
        return otherwise(str(error)), (unexamined_part(part, error),)
