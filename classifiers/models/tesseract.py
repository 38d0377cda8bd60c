"""Reads single lines in Cyrillic, Hangul, Arabic and Devanagari: Tesseract 5 (Apache-2.0) by tesserocr.

Its nets read black letters on white, as on a page, so a line is shown to them in several such forms, and the form that
is read best counts. Which script it is comes out in the same way.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from core.errors import Unavailable
from media.arrays import LumaPlane, RgbImage

_LETTERS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "rus": re.compile(r"[\u0400-\u04ff]"),
        "kor": re.compile(r"[\uac00-\ud7a3]"),
        "ara": re.compile(r"[\u0620-\u06ff]"),
        "hin": re.compile(r"[\u0900-\u097f]"),
    }
)
_OWN = 0.7  # share of a reading's letters that must be of the script it was read in
_SURE = 0.9  # certainty from which no other form of the line is looked at
_CANDIDATES = 2  # scripts that are looked at in all forms
_MIN_LETTERS, _MIN_SYLLABLES = 4, 3  # of a reading; fewer are found in any pattern
_MARGIN = 12  # white pixels round a line
_SINGLE_LINE = 7  # Tesseract's page segmentation mode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """A line's text, the Tesseract name of the language it was read in, and how sure it is, in [0, 1]."""

    text: str
    language: str
    certainty: float


_NOTHING = ReadLine(text="", language="", certainty=0.0)


class ScriptReader:
    """Reads lines that were cut out already; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """`folder` has a file LANGUAGE.traineddata for each language. Raises Unavailable without Tesseract."""
        try:
            import tesserocr
        except ImportError as error:
            raise Unavailable("the package tesserocr is not installed") from error
        self._nets: dict[str, Any] = {
            language: tesserocr.PyTessBaseAPI(path=str(folder), lang=language, psm=_SINGLE_LINE)
            for language in _LETTERS
        }
        self._lock = threading.Lock()

    def read(self, line: RgbImage) -> ReadLine:
        """The text of an upright line, in the script that reads best; empty where none does. It is never logged."""
        with self._lock:
            first = _FORMS[0](line)
            ranked = sorted((self._reading(first, name) for name in self._nets), key=lambda one: -one.certainty)
            best = ranked[0]
            for form in _FORMS[1:]:
                if best.certainty >= _SURE:
                    break
                page = form(line)
                names = [one.language for one in ranked[:_CANDIDATES] if one.language] or list(self._nets)
                again = [self._reading(page, name) for name in names]
                ranked = sorted([*again, *ranked], key=lambda one: -one.certainty)
                best = ranked[0]
        return best

    def _reading(self, page: LumaPlane, language: str) -> ReadLine:
        net = self._nets[language]
        height, width = page.shape
        net.SetImageBytes(np.ascontiguousarray(page).tobytes(), width, height, 1, width)
        text = " ".join(net.GetUTF8Text().split())
        letters = [one for one in text if one.isalpha()]
        fewest = _MIN_SYLLABLES if language == "kor" else _MIN_LETTERS
        if len(letters) < fewest or len(_LETTERS[language].findall(text)) < _OWN * len(letters):
            return _NOTHING
        return ReadLine(text=text, language=language, certainty=net.MeanTextConf() / 100)


def load(paths: Sequence[Path]) -> ScriptReader:
    """From the folder of the languages' files."""
    return ScriptReader(paths[0].parent)


def _as_page(height: int, trim: float, dark: bool, cleared: bool) -> Callable[[RgbImage], LumaPlane]:
    """Light letters (or `dark` ones) made black on white; `cleared` of what reaches beyond the line."""

    def page(line: RgbImage) -> LumaPlane:
        plane = _scaled(line, height, trim).max(axis=2).astype(np.float32)
        plane = 255 - plane if dark else plane
        brightest, middle = np.percentile(plane, 99), float(np.median(plane))
        lowest = max(middle, brightest - 110)
        ink = (np.clip((plane - lowest) / (brightest - lowest + 1e-6), 0, 1) * 255).astype(np.uint8)
        return _framed(255 - (_cleared(ink) if cleared else ink))

    return page


def _grey_page(height: int, trim: float) -> Callable[[RgbImage], LumaPlane]:
    """The line in grey, turned so that its ground is the lighter part."""

    def page(line: RgbImage) -> LumaPlane:
        grey = cv2.cvtColor(_scaled(line, height, trim), cv2.COLOR_RGB2GRAY)
        grey = grey if np.median(grey) > 127 else 255 - grey
        return np.asarray(cv2.copyMakeBorder(grey, 8, 8, 8, 8, cv2.BORDER_REPLICATE), dtype=np.uint8)

    return page


_FORMS: Sequence[Callable[[RgbImage], LumaPlane]] = (
    _as_page(40, 0.12, dark=False, cleared=False),
    _grey_page(56, 0.12),
    _as_page(56, 0.0, dark=False, cleared=True),
    _as_page(40, 0.12, dark=True, cleared=False),
    _as_page(56, 0.12, dark=True, cleared=True),
    _as_page(72, 0.12, dark=False, cleared=False),
)


def _scaled(line: RgbImage, height: int, trim: float) -> RgbImage:
    """The line at this height, without the part `trim` of its height above and below: detectors cut generously."""
    cut = int(line.shape[0] * trim)
    inner = line[cut : line.shape[0] - cut]
    factor = height / inner.shape[0]
    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(inner, None, fx=factor, fy=factor, interpolation=how), dtype=np.uint8)


def _cleared(ink: LumaPlane) -> LumaPlane:
    """The ink without blots that reach the upper or lower edge, or fill an end of the line: they are the picture's."""
    height, width = ink.shape
    count, parts, stats, _ = cv2.connectedComponentsWithStats((ink > 110).astype(np.uint8), connectivity=8)
    lost = np.zeros(count, dtype=bool)
    for part in range(1, count):
        left, top, wide, tall, _ = stats[part]
        at_edge = top <= 0 or top + tall >= height
        at_end = (left <= 0 or left + wide >= width) and tall > 0.9 * height
        lost[part] = at_edge or at_end
    blot = cv2.dilate(lost[parts].astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return np.where(blot & ~((ink > 110) & ~lost[parts]), 0, ink).astype(np.uint8)


def _framed(page: LumaPlane) -> LumaPlane:
    framed = cv2.copyMakeBorder(page, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_CONSTANT, value=255)
    return np.asarray(framed, dtype=np.uint8)
