"""A signal is a measurement by a classifier. It has a number, a source and a place; it never decides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """What was measured. A preview is what an engine shows of a video that it still makes."""

    PROMPT = "prompt"
    NEGATIVE_PROMPT = "negative_prompt"
    REFERENCE = "reference"
    VIDEO = "video"
    PREVIEW = "preview"
    TAKE = "take"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where something was found: seconds in a video or its sound, characters in a text. Half-open."""

    start: float
    end: float
    unit: str = "s"

    def __post_init__(self) -> None:
        if self.unit not in ("s", "chars"):
            raise ValueError(f"a span is in seconds or characters, not {self.unit!r}")
        if not (math.isfinite(self.start) and math.isfinite(self.end) and 0 <= self.start <= self.end):
            raise ValueError(f"not a span: {self.start} to {self.end}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleMatch:
    """Which example, a picture or a sound, of which registered work was recognised, by opaque ids.

    `similarity` and the work's `threshold` are cosines in [-1, 1], of a sound the score and what it has to reach; `box`
    is left, top, right, bottom as shares of the picture's width and height.
    """

    work: str
    image: str = ""
    sound: str = ""
    similarity: float
    threshold: float
    box: tuple[float, ...] = (0.0, 0.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if not self.work or bool(self.image) == bool(self.sound):
            raise ValueError("a match names a work, and a picture or a sound of it")
        if not all(-1.001 <= value <= 1.001 for value in (self.similarity, self.threshold)):  # also refuses NaN
            raise ValueError("a similarity is a cosine")
        if len(self.box) != 4 or not (0 <= self.box[0] < self.box[2] <= 1 and 0 <= self.box[1] < self.box[3] <= 1):
            raise ValueError(f"not a part of a picture: {self.box}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One measurement. `field` names the text of an order that was measured, where that is not the prompt itself.

    `score` lies in [0, 1], or is None where nothing could be measured; NaN and anything outside
    is refused here. `source` names the classifier and its version (`frame_faces/3`). `note` is from
    a closed vocabulary of the classifier: never words of a prompt or a person's name. `example` names what was
    recognised, where that is a registered work; `evidence` is the opaque key of what it was found to be like, where
    that is an entry of a bank. `cameo` is the random id of the enrolled person who is recognised, where the score
    reaches the threshold: once they have erased themselves it says nothing of anybody. `work` is the opaque id of the
    registered work that a prompt names or describes; the work whose picture or sound was recognised is in `example`.
    """

    subject: Subject
    label: str
    score: float | None
    source: str
    at: Span | None = None
    note: str = ""
    field: str = ""
    example: ExampleMatch | None = None
    evidence: str = ""
    cameo: str = ""
    work: str = ""

    def __post_init__(self) -> None:
        if self.score is not None and not 0.0 <= self.score <= 1.0:  # also refuses NaN
            raise ValueError(f"{self.source}: a score lies in [0, 1], and {self.score!r} does not")
        if not self.label or not self.source:
            raise ValueError("a signal has a label and a source")
