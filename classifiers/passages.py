"""Words found in footage: what is said and what is written, with when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.signals import Span
from media.video import VideoSample


class PassageKind(StrEnum):
    """How words reach whoever watches."""

    HEARD = "heard"
    SEEN = "seen"


DOUBTS = ("noise", "singing", "unsure")
"""Why words that are heard may be others: they lie in noise, seem to be sung or lie in music, or are heard unsurely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Words, and the seconds in which they are heard or seen. `certainty` lies in [0, 1]; `language` may be unknown.

    `box` is left, top, right, bottom in parts of the picture; None for what is heard. `is_code`: read from a QR code.
    `bad_host`: the host that it leads to, if the operator's list has it. `speaker` numbers the voices of what is heard,
    0 where it is not known whose it is. `doubt` is why the words may be others: one of DOUBTS, or empty.
    """

    kind: PassageKind
    text: str
    at: Span
    certainty: float
    language: str = ""
    box: tuple[float, float, float, float] | None = None
    is_code: bool = False
    bad_host: str = ""
    speaker: int = 0
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageWords:
    """The words of a video or picture. A kind in `unknown` could not be looked for, or not to the end, for that reason.

    The reason is one of SignalNote. `hosts_known` is false where the list of bad hosts could not be read.
    """

    passages: tuple[Passage, ...]
    unknown: dict[PassageKind, str]
    hosts_known: bool = True


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SampleWithWords(VideoSample):
    """A sample of which the words were found already."""

    words: FootageWords
