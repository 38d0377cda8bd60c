"""Draws a visible label into a video: text on a dark plate, legible on any background, drifting so that it is no fixed
spot to cut out.

GB 45438-2025 asks for letters of at least 5 % of the shorter side and at least two seconds at the start; the EU's code
of practice and India's rules ask for a label without a size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from core.codec import dump, load
from core.errors import BadInput
from media.arrays import LumaPlane
from media.atomic_output import sandboxed_output
from media.container import check_file
from media.sandbox import client
from media.sandbox.limits import TRANSCODE_LIMITS, InputLimits
from media.sandbox.scan import input_limits
from media.transcode import Encoding, transcode

MIN_LABEL_SECONDS = 2.0
"""Seconds that a label must be seen."""
_LETTER_HEIGHT = 0.05  # of the shorter side of the picture
_MARGIN = 0.03  # of the shorter side of the picture
_SMALLEST_LABELLED = 64  # pixels of the shorter side of a still picture
_WHITE = 235.0  # luma, 8 bits, limited range
_DARK = 16.0  # luma, 8 bits, limited range
_PLATE_OPACITY = 0.85
_HORIZONTAL_PERIOD = 41.0  # seconds of a way across and back: with 29 s the path repeats after 20 minutes
_VERTICAL_PERIOD = 29.0  # seconds of a way down and back
_ALMOST_LOSSLESS = Encoding(crf=8, preset="ultrafast")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleLabel:
    """What is written, where `|` may break the line. `seconds` from the start, None for all of the video; `font` is a
    TrueType file, for writing that the built-in font lacks."""

    text: str
    seconds: float | None = None
    font: str = ""

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > 120:
            raise BadInput("a visible label has between 1 and 120 characters")
        if self.seconds is not None and self.seconds < MIN_LABEL_SECONDS:
            raise BadInput(f"a visible label is seen for {MIN_LABEL_SECONDS:g} seconds at the least")


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
        x, y = label_position(seconds, (luma.shape[1], luma.shape[0]), (keep.shape[1], keep.shape[0]))
        labelled, spot = luma.copy(), np.s_[y : y + keep.shape[0], x : x + keep.shape[1]]
        labelled[spot] = np.rint(luma[spot] * keep + add).astype(np.uint8)
        return labelled


def label_picture(picture: NDArray[np.uint8], label: VisibleLabel) -> NDArray[np.uint8]:
    """A copy of a picture (rows, columns, RGB) with the label in it; the same one where it is too small for letters."""
    height, width = picture.shape[:2]
    if min(height, width) < _SMALLEST_LABELLED:
        return picture
    keep, add = render_label(label, width, height)
    x, y = label_position(0.0, (width, height), (keep.shape[1], keep.shape[0]))
    labelled, spot = picture.copy(), np.s_[y : y + keep.shape[0], x : x + keep.shape[1]]
    labelled[spot] = np.rint(picture[spot] * keep[..., None] + add[..., None]).astype(np.uint8)
    return labelled


def overlay_label(src: Path, dst: Path, label: VisibleLabel, *, limits: InputLimits | None = None) -> None:
    """Write `dst`, an almost lossless MP4 of `src` with the label in it; in the sandbox. Raises BadMedia."""
    limits = limits or input_limits()
    check_file(src, limits)
    arguments = {"src": str(src.resolve()), "label": dump(label), "limits": dump(limits)}
    with sandboxed_output(dst) as made:
        client.run_sandboxed(
            "media.label_overlay:overlay_label_in_process",
            {**arguments, "dst": str(made)},
            reads=[src],
            writes=[made.parent],
            limits=TRANSCODE_LIMITS,
        )


def overlay_label_in_process(src: str, dst: str, label: dict[str, object], limits: dict[str, object]) -> int:
    """As overlay_label(), in this process: for limited ones. Gives the number of pictures."""
    labeller, bounds = LabelOverlay(load(VisibleLabel, label)), load(InputLimits, limits)
    return transcode(Path(src), Path(dst), edit=labeller, encoding=_ALMOST_LOSSLESS, limits=bounds)


def label_position(seconds: float, picture: tuple[int, int], plate_size: tuple[int, int]) -> tuple[int, int]:
    """Left and top edge of the label at this time: from the lower left it drifts through all of the picture."""
    (width, height), (wide, high) = picture, plate_size
    margin = round(_MARGIN * min(width, height))
    across = 0.5 - 0.5 * math.cos(2 * math.pi * seconds / _HORIZONTAL_PERIOD)
    down = 0.5 + 0.5 * math.cos(2 * math.pi * seconds / _VERTICAL_PERIOD)
    x = margin + across * max(width - wide - 2 * margin, 0)
    y = margin + down * max(height - high - 2 * margin, 0)
    return min(round(x), width - wide), min(round(y), height - high)


def render_label(label: VisibleLabel, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What of the picture is kept (0 to 1) and what is added, each (rows, columns), for a picture of this size."""
    lines, font = _fitted(label, width, height)
    pad, gap = max(4, round(0.02 * min(width, height))), max(2, round(0.012 * min(width, height)))
    boxes = [font.getbbox(line) for line in lines]
    high = sum(box[3] - box[1] for box in boxes) + gap * (len(lines) - 1)
    size = (min(width, math.ceil(max(box[2] - box[0] for box in boxes)) + 2 * pad), math.ceil(high) + 2 * pad)
    background, letters = Image.new("L", size, 0), Image.new("L", size, 0)
    ImageDraw.Draw(background).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius=pad, fill=255)
    top = float(pad)
    for line, box in zip(lines, boxes, strict=True):
        ImageDraw.Draw(letters).text((pad - box[0], top - box[1]), line, font=font, fill=255)
        top += box[3] - box[1] + gap
    dark, white = (np.asarray(plate, np.float32) / np.float32(255) for plate in (background, letters))
    added = (_PLATE_OPACITY * dark * _DARK) * (1 - white) + _WHITE * white
    return ((1 - _PLATE_OPACITY * dark) * (1 - white)).astype(np.float32), added.astype(np.float32)


def _fitted(label: VisibleLabel, width: int, height: int) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """The lines and a font whose capitals have 5 % of the shorter side; less only if a line would not fit across."""
    size = _size_for(label, _LETTER_HEIGHT * min(width, height))
    max_width = width * (1 - 2 * _MARGIN) - 2 * max(4, round(0.02 * min(width, height)))
    whole = label.text.replace("|", " ")
    font = _font(label, size)
    lines = [whole] if font.getlength(whole) <= max_width else [part.strip() for part in label.text.split("|")]
    widest = max(font.getlength(line) for line in lines)
    return lines, font if widest <= max_width else _font(label, size * max_width / widest)


def _size_for(label: VisibleLabel, capital: float) -> float:
    top, bottom = _font(label, 100).getbbox("H")[1::2]
    return 100 * capital / (bottom - top)


def _font(label: VisibleLabel, size: float) -> ImageFont.FreeTypeFont:
    try:
        font = ImageFont.truetype(label.font, size) if label.font else ImageFont.load_default(size)
    except OSError as error:
        raise BadInput("label_font is no TrueType font that can be read") from error
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise BadInput("this Pillow has no font of its own: name one as label_font")
    return font
