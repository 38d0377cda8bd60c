"""Reads what is written in a video or picture, and its QR codes.

A line that is seen on many frames is one passage: where it stands first, from when to when it is seen, and the reading
in which most of its readings agree.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from classifiers.base import SignalNote
from classifiers.image.line_reading import read_in_any_script
from classifiers.image.sampled_frames import downscale, frame_span
from classifiers.models import Models
from classifiers.models.ocr import FoundLine, WrittenLine
from classifiers.passages import Passage, PassageKind
from classifiers.time_limit import is_time_up
from core.errors import Unavailable
from core.signals import Span
from media.arrays import LumaPlane, RgbImage
from media.video import VideoSample

_MIN_CERTAINTY = 0.6  # of a line: below it, letters are guessed in what is no text
_CHANGED = 12.0  # mean difference of one of the places of two small grey pictures, of 255, that may be a new line
_BETWEEN_LOOKS = 0.24  # seconds: what stands for less nobody reads
_MAX_LOOKS = 120  # pictures of a video in which lines are looked for: about a tenth of a second each
_MAX_READINGS = 240  # readings of lines of a video: up to a fifth of a second each
_READINGS = 3  # of one line, as long as it is not read for sure
_SURE = 0.95  # certainty from which a line is not read again
_SAME_PLACE = 0.4  # intersection over union of boxes
_SAME_LOOK = 14.0  # mean difference of two lines' small grey pictures, of 255
_SAME_TEXT = 0.7  # ratio of letters in common
_CODE_SIDE = 1000  # pixels of the longer side on which codes are looked for

Box = tuple[float, float, float, float]


@dataclass(slots=True, eq=False)
class _Track:
    """A line over time. `look` is the small picture that it was last seen as."""

    box: Box
    at: Span
    look: LumaPlane
    readings: list[WrittenLine] = field(default_factory=list)

    @property
    def best(self) -> WrittenLine:
        """The text in which most readings agree, as it was read for surest; less sure where others disagree."""
        weights: dict[str, float] = defaultdict(float)
        for one in self.readings:
            weights[_folded(one.text)] += one.certainty
        most = max(weights, key=lambda text: weights[text])
        agreed = weights[most] / (sum(weights.values()) or 1.0)
        surest = max((one for one in self.readings if _folded(one.text) == most), key=lambda one: one.certainty)
        return replace(surest, certainty=surest.certainty * (0.8 + 0.2 * agreed))


class _Reading:
    """The lines of a sample, followed from picture to picture."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._reader = models.get("ocr")
        self.tracks: list[_Track] = []
        self.codes: dict[str, Span] = {}
        self.looks = self.readings = 0
        self.note = SignalNote.NONE
        self._seen: list[_Track] = []
        self._codes_seen: list[str] = []

    def look(self, rgb: RgbImage, at: Span) -> None:
        """Find the picture's lines and codes, and read those that are new."""
        self.looks += 1
        self._seen = [self._followed(line, at) for line in self._reader.find(rgb)]
        self._codes_seen = [text for text in _read_codes(rgb) if text]
        for text in self._codes_seen:
            self.codes[text] = Span(start=self.codes.get(text, at).start, end=at.end)

    def still(self, at: Span) -> None:
        """What was seen last is seen still."""
        for track in self._seen:
            track.at = Span(start=track.at.start, end=at.end)
        for text in self._codes_seen:
            self.codes[text] = Span(start=self.codes[text].start, end=at.end)

    def _followed(self, line: FoundLine, at: Span) -> _Track:
        look = _small(line.picture, (64, 16))
        here = max(self.tracks[-40:], key=lambda track: _overlap(track.box, line.box), default=None)
        if here is not None and _overlap(here.box, line.box) < _SAME_PLACE:
            here = None
        same = here is not None and _difference(here.look, look) < _SAME_LOOK
        if here is not None and same and (len(here.readings) >= _READINGS or here.best.certainty >= _SURE):
            track = here
        else:
            track = self._read(line, here, same=same, at=at, look=look)
        track.box, track.look, track.at = line.box, look, Span(start=track.at.start, end=at.end)
        return track

    def _read(self, line: FoundLine, here: _Track | None, *, same: bool, at: Span, look: LumaPlane) -> _Track:
        """The track that this line goes on, by its text where it moved or its ground did, or a new one."""
        read = self._text(line.picture)
        nearby = [here] if here is not None else []
        known = next((t for t in [*nearby, *self._seen] if _alike(t.best.text, read.text)), here if same else None)
        if known is None:
            known = _Track(line.box, at, look)
            self.tracks.append(known)
        known.readings.append(read)
        return known

    def _text(self, picture: RgbImage) -> WrittenLine:
        if self.readings >= _MAX_READINGS:
            self.note = SignalNote.TOO_LONG
            return WrittenLine(text="", certainty=0.0)
        self.readings += 1
        try:
            return read_in_any_script(picture, self._reader, self._models)
        except Unavailable:
            self.note = SignalNote.MISSING_MODEL
            return WrittenLine(text="", certainty=0.0)


def read_words(sample: VideoSample, models: Models) -> tuple[list[Passage], SignalNote]:
    """What is written, and why not all of it is known, if so. Raises Unavailable without the model."""
    reading = _Reading(models)
    last: LumaPlane | None = None
    looked_at = 0.0
    for place, frame in enumerate(sample.frames):
        if is_time_up():
            reading.note = SignalNote.OUT_OF_TIME
            break
        at, small = frame_span(sample, place), _small(frame.rgb, (160, 90))
        too_soon = place + 1 < len(sample.frames) and frame.at - looked_at < _BETWEEN_LOOKS
        if last is not None and (too_soon or not _changed(small, last)):
            reading.still(at)
        elif reading.looks == _MAX_LOOKS:
            reading.note = SignalNote.TOO_LONG
            break
        else:
            last, looked_at = small, frame.at
            reading.look(frame.rgb, at)
    return [*_lines(reading.tracks), *_codes(reading.codes)], reading.note


def _lines(tracks: Iterable[_Track]) -> list[Passage]:
    return [
        Passage(kind=PassageKind.SEEN, text=best.text, at=track.at, certainty=min(1.0, best.certainty), box=track.box)
        for track in tracks
        if (best := track.best).certainty >= _MIN_CERTAINTY
    ]


def _codes(codes: dict[str, Span]) -> list[Passage]:
    return [Passage(kind=PassageKind.SEEN, text=text, at=at, certainty=1.0, is_code=True) for text, at in codes.items()]


def _read_codes(rgb: RgbImage) -> list[str]:
    _, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(downscale(rgb, _CODE_SIDE))
    return list(texts)


def _small(rgb: RgbImage, size: tuple[int, int]) -> LumaPlane:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _changed(small: LumaPlane, last: LumaPlane) -> bool:
    """Whether some place, a sixteenth of the picture's width and a ninth of its height, looks other than before."""
    apart = np.abs(small.astype(np.int16) - last).reshape(9, 10, 16, 10).mean(axis=(1, 3))
    return bool(apart.max() > _CHANGED)


def _difference(one: LumaPlane, other: LumaPlane) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, wide) * max(0.0, tall)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared / both if both > 0 else 0.0


def _alike(one: str, other: str) -> bool:
    first, second = _folded(one), _folded(other)
    return bool(first and second) and difflib.SequenceMatcher(None, first, second).ratio() >= _SAME_TEXT


def _folded(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
