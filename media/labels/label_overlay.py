"""Draws a visible label into a video: text on a dark plate, legible on any background, in a corner, or
moving so that it is no fixed spot to cut out.

GB 45438-2025 asks for letters of at least 5 % of the shorter side and at least two seconds at the start; the EU's code
of practice and India's rules ask for a label without a size.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.codec import dump, load
from media.arrays import LumaPlane
from media.atomic_output import sandboxed_output
from media.container import check_file
from media.labels.label_letters import Mask, check_letters, line_mask, size_for_capitals
from media.labels.label_terms import LabelPlace, VisibleLabel
from media.sandbox import client
from media.sandbox.limits import TRANSCODE_LIMITS, InputLimits
from media.sandbox.scan import input_limits
from media.transcode import Encoding, transcode

_CORNERS: tuple[LabelPlace, ...] = get_args(LabelPlace)[2:]  # each next one is far from the one before
_CORNER_SECONDS = 3.0
"""For so long a label that changes corners stays in each: long enough to be read."""
_CORNER_WIDTH = 0.5
"""Share of the picture's width from which on a label in a corner is written in several lines."""
_LETTER_HEIGHT = 0.05  # of the shorter side of the picture
_LATER_LINES = 0.72
"""Height of the letters in lines after the first, of those in the first."""
_MARGIN = 0.03  # of the shorter side of the picture
_SMALLEST_LABELLED = 64  # pixels of the shorter side of a still picture
_WHITE = 235.0  # luma, 8 bits, limited range
_DARK = 16.0  # luma, 8 bits, limited range
_PLATE_OPACITY = 0.85
_HORIZONTAL_PERIOD = 41.0  # seconds of a way across and back: with 29 s the path repeats after 20 minutes
_VERTICAL_PERIOD = 29.0  # seconds of a way down and back
_ALMOST_LOSSLESS = Encoding(crf=8, preset="ultrafast")


class LabelOverlay:
    """Labels the pictures of one video. Call it with each Y plane (height, width) and its time in seconds."""

    def __init__(self, label: VisibleLabel) -> None:
        self._label = label
        self._drawn: tuple[tuple[int, ...], NDArray[np.float32], NDArray[np.float32]] | None = None

    def __call__(self, luma: LumaPlane, seconds: float) -> LumaPlane:
        """The labelled plane; the same one once the label's time is over."""
        if self._label.seconds is not None and seconds >= self._label.seconds:
            return luma
        if self._drawn is None or self._drawn[0] != luma.shape:
            self._drawn = (luma.shape, *render_label(self._label, luma.shape[1], luma.shape[0]))
        _, keep, add = self._drawn
        x, y = label_position(seconds, luma.shape[::-1], keep.shape[::-1], self._label.place)
        labelled, spot = luma.copy(), np.s_[y : y + keep.shape[0], x : x + keep.shape[1]]
        labelled[spot] = np.rint(luma[spot] * keep + add).astype(np.uint8)
        return labelled


def label_picture(picture: NDArray[np.uint8], label: VisibleLabel) -> NDArray[np.uint8]:
    """A copy of a picture (rows, columns, RGB) with the label in it; the same one where it is too small for letters."""
    height, width = picture.shape[:2]
    if min(height, width) < _SMALLEST_LABELLED:
        return picture
    keep, add = render_label(label, width, height)
    x, y = label_position(0.0, (width, height), keep.shape[::-1], label.place)
    labelled, spot = picture.copy(), np.s_[y : y + keep.shape[0], x : x + keep.shape[1]]
    labelled[spot] = np.rint(picture[spot] * keep[..., None] + add[..., None]).astype(np.uint8)
    return labelled


def label_agreement(
    picture: NDArray[np.uint8], seconds: float, label: VisibleLabel, full_size: tuple[int, int]
) -> float:
    """How well a picture (rows, columns, RGB) of a labelled video shows the label of this time: a correlation to 1.

    `full_size` (width, height) is that of the video, of which the picture may be a smaller copy.
    """
    _, letters = render_label(label, *full_size)
    x, y = label_position(seconds, full_size, letters.shape[::-1], label.place)
    scale = picture.shape[1] / full_size[0]
    left, top, right, bottom = (round(scale * at) for at in (x, y, x + letters.shape[1], y + letters.shape[0]))
    expected = cv2.resize(letters, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    seen = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[top:bottom, left:right]
    if seen.shape != expected.shape or not seen.std():
        return 0.0
    return float(np.corrcoef(seen.ravel(), expected.ravel())[0, 1])


def overlay_label(src: Path, dst: Path, label: VisibleLabel, *, limits: InputLimits | None = None) -> None:
    """Write `dst`, an almost lossless MP4 of `src` with the label in it; in the sandbox. Raises BadMedia."""
    limits = limits or input_limits()
    check_file(src, limits)
    arguments = {"src": str(src.resolve()), "label": dump(label), "limits": dump(limits)}
    with sandboxed_output(dst) as made:
        client.run_sandboxed(
            "media.labels.label_overlay:overlay_label_in_process",
            {**arguments, "dst": str(made)},
            reads=[src],
            writes=[made.parent],
            limits=TRANSCODE_LIMITS,
        )


def overlay_label_in_process(src: str, dst: str, label: dict[str, object], limits: dict[str, object]) -> int:
    """As overlay_label(), in this process: for limited ones. Gives the number of pictures."""
    labeller, bounds = LabelOverlay(load(VisibleLabel, label)), load(InputLimits, limits)
    return transcode(Path(src), Path(dst), edit=labeller, encoding=_ALMOST_LOSSLESS, limits=bounds)


def label_position(
    seconds: float, picture: tuple[int, ...], plate_size: tuple[int, ...], place: LabelPlace = "drift"
) -> tuple[int, int]:
    """Left and top edge of the label at this time. One that drifts comes from the lower left through all of it."""
    (width, height), (wide, high) = picture, plate_size
    margin = round(_MARGIN * min(width, height))
    across, down = _drift(seconds) if place == "drift" else _corner(seconds, place)
    x = margin + across * max(width - wide - 2 * margin, 0)
    y = margin + down * max(height - high - 2 * margin, 0)
    return min(round(x), width - wide), min(round(y), height - high)


def _drift(seconds: float) -> tuple[float, float]:
    """How far across and down, each 0 to 1."""
    across = 0.5 - 0.5 * math.cos(2 * math.pi * seconds / _HORIZONTAL_PERIOD)
    return across, 0.5 + 0.5 * math.cos(2 * math.pi * seconds / _VERTICAL_PERIOD)


def _corner(seconds: float, place: LabelPlace) -> tuple[float, float]:
    """As _drift(), of a corner."""
    corner = _CORNERS[int(max(seconds, 0.0) // _CORNER_SECONDS) % len(_CORNERS)] if place == "corners" else place
    return float(corner.endswith("right")), float(corner.startswith("bottom"))


def render_label(label: VisibleLabel, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What of the picture is kept (0 to 1) and what is added, each (rows, columns), for a picture of this size.

    Raises BadInput for letters that the font lacks.
    """
    lines = _fitted(label, width, height)
    pad, gap = max(4, round(0.02 * min(width, height))), max(2, round(0.012 * min(width, height)))
    high = sum(line.shape[0] for line in lines) + gap * (len(lines) - 1) + 2 * pad
    wide = min(width, max(line.shape[1] for line in lines) + 2 * pad)
    background = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(background).rounded_rectangle((0, 0, wide - 1, high - 1), radius=pad, fill=255)
    white, top = np.zeros((high, wide), np.float32), pad
    for line in lines:
        fits = line[:, : wide - pad]
        white[top : top + line.shape[0], pad : pad + fits.shape[1]] = fits / np.float32(255)
        top += line.shape[0] + gap
    dark = np.asarray(background, np.float32) / np.float32(255)
    added = (_PLATE_OPACITY * dark * _DARK) * (1 - white) + _WHITE * white
    return ((1 - _PLATE_OPACITY * dark) * (1 - white)).astype(np.float32), added.astype(np.float32)


def _fitted(label: VisibleLabel, width: int, height: int) -> list[Mask]:
    """The lines, the first with capitals of 5 % of the shorter side; less only if a line would not fit across."""
    size = size_for_capitals(_LETTER_HEIGHT * min(width, height), label.font)
    max_width = width * (1 - 2 * _MARGIN) - 2 * max(4, round(0.02 * min(width, height)))
    whole = " ".join(label.text.replace("|", " ").split())
    check_letters(whole, label.font)
    in_one = line_mask(whole, size, label.font)
    if in_one.shape[1] <= (max_width if label.place == "drift" else min(max_width, _CORNER_WIDTH * width)):
        return [in_one]
    first, *later = [part for part in map(str.strip, label.text.split("|")) if part]
    sizes = [(first, float(size)), *((line, _LATER_LINES * size) for line in later)]
    widest = max(line_mask(line, round(of), label.font).shape[1] for line, of in sizes)
    shrunk = min(1.0, max_width / widest)
    return [line_mask(line, max(1, int(of * shrunk)), label.font) for line, of in sizes]
