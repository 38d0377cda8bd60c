"""The view of a video that was measured: each label on a timeline with its thresholds, words, rules, pictures, sound.

Made by `build_inspection` from signals, whatever their labels are: a new classifier needs no change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.signals import Span


class LabelState(StrEnum):
    """What a label came to, the gravest first."""

    FIRED = "fired"
    SHADOW = "shadow"
    LIFTED = "lifted"
    UNMEASURED = "unmeasured"
    QUIET = "quiet"


class RuleOutcome(StrEnum):
    """What a rule came to: it fired, or did for want of a measurement; a ruling lifted it; in shadow it would have, and
    likewise for want of a measurement.
    """

    FIRED = "fired"
    MISSING = "missing"
    LIFTED = "lifted"
    SHADOW = "shadow"
    SHADOW_MISSING = "shadow_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageFacts:
    """What is known of the file. Lengths in seconds and pixels; 0 and empty where unknown, None for sound likewise."""

    name: str
    seconds: float
    width: int = 0
    height: int = 0
    fps: float = 0.0
    frames: int = 0
    container: str = ""
    codec: str = ""
    has_audio: bool | None = None
    sample_rate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdMark:
    """A score from which on a rule counts. `decision` is hold or refuse, `mode` enforce or shadow.

    `strict`: the score has to be above it. `alone`: the rule needs nothing else. `audience`: for whom; empty for all.
    """

    rule: str
    mode: str
    decision: str
    score: float
    strict: bool
    alone: bool
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Where a score was found, in seconds from the start. `note` is the classifier's, `source` its name and version.

    `box` is left, top, right, bottom in parts of the picture; None for what is no region. `evidence` is the opaque key
    of what it was found to be like, where that is an entry of a register; else empty.
    """

    start: float
    end: float
    score: float | None
    source: str
    note: str = ""
    evidence: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTimeline:
    """All that was measured of one label. `score` is the highest, None where nothing could be measured.

    `unmeasured` are notes of signals without a score: what is not known, beside `score` or instead of it. `rules` are
    those of the verdict that rest on this label. `hits` are in order of time; what has no place in time is not one.
    """

    label: str
    state: LabelState
    score: float | None
    sources: tuple[str, ...]
    unmeasured: tuple[str, ...]
    notes: tuple[str, ...]
    rules: tuple[str, ...]
    thresholds: tuple[ThresholdMark, ...]
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FootagePassage:
    """Words that were heard or seen, and when. `labels` marks them: labels whose hits lie here and that came to a rule.

    `certainty` lies in [0, 1], `box` as that of a hit, `language` may be empty, `is_code`: read from a QR code.
    `details` is whatever else is known of them, by name: whose voice it is, why they are doubtful.
    """

    kind: str
    text: str
    at: Span
    certainty: float
    language: str
    box: tuple[float, float, float, float] | None
    is_code: bool
    labels: tuple[str, ...]
    details: Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule of the verdict, with the sentence for the person concerned; empty where its policy is not kept.

    Of a rule that counts for want of a measurement the sentence says that, and not what it would have found; of one in
    shadow nothing.
    """

    rule: str
    outcome: RuleOutcome
    decision: str
    sentence: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """The highest level of each part of the sound, in [0, 1] of full scale; the parts are equally long.

    `seconds` is how much of the sound they cover.
    """

    peaks: tuple[float, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmStrip:
    """Pictures of the video side by side in one JPEG, from left to right; `at` is the second of each.

    `tile_width` and `tile_height` are those of one picture, in pixels.
    """

    jpeg: bytes
    at: tuple[float, ...]
    tile_width: int
    tile_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The whole view. `decision` is allow, hold or refuse, `policy` the digest of the rules that gave it.

    `shows_nothing` says in a sentence why a generation like this would be the engine's failure; empty otherwise.
    `missing` says of parts of this view why they are not there, by the name of the part.
    """

    footage: FootageFacts
    decision: str
    reason: str
    policy: str
    rules: tuple[RuleLine, ...]
    labels: tuple[LabelTimeline, ...]
    words: tuple[FootagePassage, ...] = ()
    waveform: Waveform | None = None
    film: FilmStrip | None = None
    shows_nothing: str = ""
    missing: tuple[tuple[str, str], ...] = ()
