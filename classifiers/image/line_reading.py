"""Reads one line: by the recogniser of most scripts, and where that sees no letters of its own, in other scripts."""

from __future__ import annotations

from classifiers.models import Models
from classifiers.models.ocr import PictureTextReader, WrittenLine
from media.arrays import RgbImage

_SURE = 0.8  # from which a reading is believed without another one
_SURE_SCRIPT = 0.75  # from which a reading in another script is
_DENSITY = 0.8  # letters for each height of the line's width, below which letters were passed over


def read_in_any_script(line: RgbImage, reader: PictureTextReader, models: Models) -> WrittenLine:
    """The best reading; its certainty is 0 where there is none. Raises Unavailable if the other scripts are asked
    for and their model is missing.
    """
    first = reader.read_line(line)
    letters = sum(not one.isspace() for one in first.text)
    if not letters or letters < _DENSITY * line.shape[1] / line.shape[0]:
        first = WrittenLine(text="", certainty=0.0)
    if first.certainty >= _SURE:
        return first
    other = models.get("script_reader").read(line)
    if other.certainty >= _SURE_SCRIPT and other.certainty > first.certainty:
        return WrittenLine(text=other.text, certainty=other.certainty)
    return first
