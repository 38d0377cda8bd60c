"""Reads what is written in a video or picture, and its QR codes. What stays on the screen is read once."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from classifiers.base import SignalNote
from classifiers.image.sampled_frames import downscale, frame_span
from classifiers.models import Models
from classifiers.models.ocr import PictureTextReader
from classifiers.passages import Passage, PassageKind
from classifiers.time_limit import is_time_up
from core.signals import Span
from media.arrays import LumaPlane, RgbImage
from media.video import VideoSample

_MIN_CERTAINTY = 0.6  # of a line: below it, letters are guessed in what is no text
_SAME_LEVELS = 6.0  # mean difference of two small grey pictures, of 255, below which the same is written on both
_MAX_READ = 40  # pictures of a video that are read at the most: about a second each
_CODE_SIDE = 1000  # pixels of the longer side on which codes are looked for


def read_words(sample: VideoSample, models: Models) -> tuple[list[Passage], SignalNote]:
    """What is written, and why not all of it is known, if so. Raises Unavailable without the model."""
    reader = models.get("ocr")
    found: list[Passage] = []
    last: LumaPlane | None = None
    on_screen: list[Passage] = []
    read = 0
    for place, frame in enumerate(sample.frames):
        if is_time_up():
            return found + on_screen, SignalNote.OUT_OF_TIME
        at, small = frame_span(sample, place), _small(frame.rgb)
        if last is None or np.abs(small.astype(np.int16) - last).mean() > _SAME_LEVELS:
            if read == _MAX_READ:
                return found + on_screen, SignalNote.TOO_LONG
            last, read = small, read + 1
            seen = _passages(frame.rgb, at, reader)
            found += [one for one in on_screen if one.text not in {now.text for now in seen}]
            on_screen = [_since(one, on_screen) for one in seen]
        else:
            on_screen = [replace(one, at=Span(start=one.at.start, end=at.end)) for one in on_screen]
    return found + on_screen, SignalNote.NONE


def _passages(rgb: RgbImage, at: Span, reader: PictureTextReader) -> list[Passage]:
    lines = [
        Passage(kind=PassageKind.SEEN, text=line.text, at=at, certainty=line.certainty, box=line.box)
        for line in reader.read(rgb)
        if line.certainty >= _MIN_CERTAINTY
    ]
    codes = [
        Passage(kind=PassageKind.SEEN, text=text, at=at, certainty=1.0, is_code=True)
        for text in _read_codes(rgb)
        if text
    ]
    return lines + codes


def _since(passage: Passage, before: list[Passage]) -> Passage:
    """The passage from when it was first seen, if it was on the screen before."""
    known = next((one for one in before if one.text == passage.text), passage)
    return replace(passage, at=Span(start=known.at.start, end=passage.at.end))


def _read_codes(rgb: RgbImage) -> list[str]:
    _, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(downscale(rgb, _CODE_SIDE))
    return list(texts)


def _small(rgb: RgbImage) -> LumaPlane:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (64, 36), interpolation=cv2.INTER_AREA), dtype=np.uint8)
