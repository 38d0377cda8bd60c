"""Letters of a visible label as plates of grey: by the font that OpenCV brings, or by a TrueType file.

OpenCV's has Latin, Greek, Cyrillic, Chinese, Japanese and Korean letters; what is written from right to left, and
scripts whose letters change with their neighbours, need a file, and a Pillow that can shape them (raqm).
"""

from __future__ import annotations

import unicodedata
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from core.errors import BadInput

Mask = NDArray[np.uint8]
_WEIGHT = 500  # of 900: a little bolder than text
_NO_LETTER = "\U0010fffe"
"""A character that no font has: what is drawn for it is drawn for all that are lacking. OpenCV's draws a `?`."""
_RIGHT_TO_LEFT = ("R", "AL")


@cache
def line_mask(text: str, size: int, font: str) -> Mask:
    """One line, cut to its letters: 0 to 255. `size` in pixels; `font` a TrueType file, empty for the built-in one."""
    drawn = _by_file(text, size, font) if font else _by_opencv(text, size)
    rows, columns = (np.flatnonzero(drawn.any(axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1), np.uint8)
    cut: Mask = np.ascontiguousarray(drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return cut


def size_for_capitals(height: float, font: str) -> int:
    """The size at which a capital has so many pixels at the least."""
    return int(np.ceil(100 * height / line_mask("H", 100, font).shape[0]))


def check_letters(text: str, font: str) -> None:
    """Raises BadInput for letters that the font lacks: something else would be drawn in their place."""
    lacking = [letter for letter in dict.fromkeys(text) if letter.strip("? \t\n") and _is_lacking(letter, font)]
    if lacking:
        raise BadInput(f"the label's font lacks {''.join(lacking[:12])!r}: name one that has them as label_font")


def _is_lacking(letter: str, font: str) -> bool:
    if not font and unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT:
        return True
    return np.array_equal(line_mask(letter, 40, font), line_mask(_NO_LETTER, 40, font))


def _by_opencv(text: str, size: int) -> Mask:
    canvas = np.zeros((3 * size, 2 * size * (len(text) + 2)), np.uint8)
    cv2.putText(canvas, text, (size, 2 * size), (255,), cv2.FontFace("sans"), size, _WEIGHT)
    return canvas


def _by_file(text: str, size: int, font: str) -> Mask:
    try:
        face = ImageFont.truetype(font, size)
    except OSError as error:
        raise BadInput("label_font is no TrueType font that can be read") from error
    left, top, right, bottom = face.getbbox(text)
    canvas = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), text, font=face, fill=255)
    return np.asarray(canvas, np.uint8)
