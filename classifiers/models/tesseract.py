"""Reads single lines in Cyrillic, Hangul, Arabic and Devanagari: Tesseract 5 (Apache-2.0) by tesserocr.

Its nets read black letters on white, as on a page, so a line is shown to them in several such forms, and the form that
is read best counts. Which script it is comes out in the same way. The first forms are what the line has of one colour:
letters over footage are mostly of one, and what moves behind them is not.
"""

from __future__ import annotations

import difflib
import re
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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
_ALIKE = 0.7  # ratio of letters in common from which one reading speaks for another
_EACH_MORE = 0.1  # how much surer a reading is for each other form with the same letters
_MIN_LETTERS, _MIN_SYLLABLES = 4, 3  # of a reading; fewer are found in any pattern
_MARGIN, _RAW_MARGIN = 12, 4  # white pixels round a line
_SINGLE_LINE, _RAW_LINE = 7, 13  # Tesseract's page segmentation modes: with a line's height reckoned, and without
_COLOURS = 5  # that a line's pixels are sorted into
_SAME_COLOUR, _OTHER_COLOUR = 26.0, 60.0  # distances in Lab up to which a pixel is ink, and from which it is ground
_INK = (0.03, 0.5)  # share of a line that is ink, where a colour is that of letters
_SPECK = 12  # pixels up to which a blot is no part of a letter
_SORTED_PIXELS = 6000  # by which the colours are found


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
        forms = _Forms(line)
        ranked: list[ReadLine] = []
        with self._lock:
            for form in _FORMS:
                page, mode = form(forms)
                if page is None:
                    continue
                names = list(dict.fromkeys(one.language for one in ranked if one.language))[:_CANDIDATES]
                again = [self._reading(page, mode, name) for name in names or self._nets]
                ranked = sorted([*again, *ranked], key=lambda one: -one.certainty)
                if ranked[0].certainty >= _SURE:
                    return ranked[0]
        return most_agreed(ranked)

    def _reading(self, page: LumaPlane, mode: int, language: str) -> ReadLine:
        net = self._nets[language]
        net.SetPageSegMode(mode)
        height, width = page.shape
        net.SetImageBytes(np.ascontiguousarray(page).tobytes(), width, height, 1, width)
        text = " ".join(net.GetUTF8Text().split())
        letters = [one for one in text if one.isalpha()]
        fewest = _MIN_SYLLABLES if language == "kor" else _MIN_LETTERS
        if len(letters) < fewest or len(_LETTERS[language].findall(text)) < _OWN * len(letters):
            return _NOTHING
        return ReadLine(text=text, language=language, certainty=net.MeanTextConf() / 100)


def most_agreed(readings: Sequence[ReadLine]) -> ReadLine:
    """The reading that the others are most alike; surer where another form was read with the very same letters."""
    texts = [_folded(one.text) for one in readings]

    def support(place: int) -> float:
        alike = (difflib.SequenceMatcher(None, texts[place], text).ratio() for text in texts)
        return sum(one.certainty * ratio for one, ratio in zip(readings, alike, strict=True) if ratio >= _ALIKE)

    said = [place for place, text in enumerate(texts) if text]
    if not said:
        return _NOTHING
    best = max(said, key=support)
    same = sum(text == texts[best] for text in texts) - 1
    surest = max((one for one, text in zip(readings, texts, strict=True) if text == texts[best]), key=_certainty)
    return replace(surest, certainty=max(surest.certainty, min(_SURE, surest.certainty + _EACH_MORE * same)))


def _certainty(reading: ReadLine) -> float:
    return reading.certainty


def _folded(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum() or unicodedata.category(one).startswith("M"))


def load(paths: Sequence[Path]) -> ScriptReader:
    """From the folder of the languages' files."""
    return ScriptReader(paths[0].parent)


class _Forms:
    """A line as pages: black on white. What it has of one colour is found once for each height."""

    def __init__(self, line: RgbImage) -> None:
        self._line = line
        self._inks: dict[int, list[LumaPlane]] = {}

    def of_colour(self, height: int, place: int = 0) -> LumaPlane | None:
        """What is of the colour that looks most like that of letters, or of the next one; None where there is none."""
        if height not in self._inks:
            self._inks[height] = _inks_by_colour(_scaled(self._line, height, 0.0))
        inks = self._inks[height]
        return 255 - inks[place] if place < len(inks) else None

    def light(self, height: int, trim: float = 0.12, *, cleared: bool = False) -> LumaPlane:
        """What is light, or `cleared` of what reaches beyond the line."""
        plane = _scaled(self._line, height, trim).max(axis=2).astype(np.float32)
        brightest, middle = np.percentile(plane, 99), float(np.median(plane))
        lowest = max(middle, brightest - 110)
        ink = (np.clip((plane - lowest) / (brightest - lowest + 1e-6), 0, 1) * 255).astype(np.uint8)
        return 255 - (_cleared(ink) if cleared else ink)

    def grey(self, height: int, trim: float = 0.12) -> LumaPlane:
        """The line in grey, turned so that its ground is the lighter part."""
        grey = cv2.cvtColor(_scaled(self._line, height, trim), cv2.COLOR_RGB2GRAY)
        return np.asarray(grey if np.median(grey) > 127 else 255 - grey, dtype=np.uint8)


# In the order in which they read most of the lines that were drawn for choosing them.
_FORMS: Sequence[Callable[[_Forms], tuple[LumaPlane | None, int]]] = (
    lambda one: (_framed(one.of_colour(56), _MARGIN), _SINGLE_LINE),
    lambda one: (_framed(one.of_colour(56), _RAW_MARGIN), _RAW_LINE),
    lambda one: (_framed(one.of_colour(40), _MARGIN), _SINGLE_LINE),
    lambda one: (_framed(one.of_colour(72), _RAW_MARGIN), _RAW_LINE),
    lambda one: (_framed(one.of_colour(56, place=1), _MARGIN), _SINGLE_LINE),
    lambda one: (_framed(one.light(40), _MARGIN), _SINGLE_LINE),
    lambda one: (cv2.copyMakeBorder(one.grey(56), 8, 8, 8, 8, cv2.BORDER_REPLICATE).astype(np.uint8), _SINGLE_LINE),
    lambda one: (_framed(one.light(56, 0.0, cleared=True), _MARGIN), _SINGLE_LINE),
    lambda one: (_framed(one.light(72), _MARGIN), _SINGLE_LINE),
)


def _inks_by_colour(line: RgbImage) -> list[LumaPlane]:
    """For each colour of the line that may be that of its letters: where it is, the likeliest first."""
    lab = cv2.cvtColor(line, cv2.COLOR_RGB2LAB).astype(np.float32)
    pixels = lab.reshape(-1, 3)
    cv2.setRNGSeed(1)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    some = pixels[:: max(1, len(pixels) // _SORTED_PIXELS)]
    if len(some) < _COLOURS:
        return []
    _, _, colours = cv2.kmeans(some, _COLOURS, np.empty(0, np.int32), ends, 2, cv2.KMEANS_PP_CENTERS)
    found = []
    for colour in colours:
        apart = np.linalg.norm(lab - colour, axis=2)
        ink = np.clip((_OTHER_COLOUR - apart) / (_OTHER_COLOUR - _SAME_COLOUR), 0, 1)
        likeness = _likeness_to_letters(ink > 0.5)
        if likeness is not None:
            found.append((likeness, (ink * 255).astype(np.uint8)))
    return [ink for _, ink in sorted(found, key=lambda one: -one[0])]


def _likeness_to_letters(mask: NDArray[np.bool_]) -> float | None:
    """Letters go all along the line, stay within it, hardly touch its edges and have strokes of one width."""
    height, share = mask.shape[0], float(mask.mean())
    if not _INK[0] < share < _INK[1]:
        return None
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    parts = stats[1:]
    letters = parts[parts[:, cv2.CC_STAT_AREA] > _SPECK]
    if len(letters) < 2:
        return None
    tops, bottoms = letters[:, cv2.CC_STAT_TOP], letters[:, cv2.CC_STAT_TOP] + letters[:, cv2.CC_STAT_HEIGHT]
    within = letters[(tops > 0) & (bottoms < height), cv2.CC_STAT_AREA].sum() / parts[:, cv2.CC_STAT_AREA].sum()
    edge = np.ones_like(mask)
    edge[2:-2, 2:-2] = False
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    strokes = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3))) - 1e-6)]
    uneven = float(strokes.std() / strokes.mean())
    return float(within * mask.any(axis=0).mean() - 0.25 * mask[edge].mean() / share - 0.15 * uneven)


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


def _framed(page: LumaPlane | None, margin: int) -> LumaPlane | None:
    if page is None:
        return None
    framed = cv2.copyMakeBorder(page, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=255)
    return np.asarray(framed, dtype=np.uint8)
