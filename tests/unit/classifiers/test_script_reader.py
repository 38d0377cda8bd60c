"""Lines in other letters than Latin, as videos show them: of one colour over what moves behind them."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from classifiers.models import PACKAGED_MODELS, tesseract
from classifiers.models.tesseract import ReadLine
from core.edit_distance import edit_distance
from evals.footage.overlays import letters

READINGS = (("савтпа ь парке", 0.7), ("завтра в парке", 0.68), ("Завтра. В парке", 0.6), ("", 0.0))
TEXT = "Завтра в полдень в парке"


def line(fill, *, stroke=None, size=34):
    """The text over a coarse pattern of bright, dark and coloured patches, as a detector would cut it out."""
    patches = np.random.default_rng(5).integers(0, 256, (4, 14, 3), dtype=np.uint8)
    ground = Image.fromarray(patches).resize((560, 60), Image.Resampling.BICUBIC)
    font = ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
    drawn = ImageDraw.Draw(ground)
    drawn.text((16, 10), TEXT, font=font, fill=fill, stroke_width=2 if stroke else 0, stroke_fill=stroke)
    return np.asarray(ground)


@pytest.mark.models
@pytest.mark.parametrize(
    ("fill", "stroke"),
    [
        ((255, 235, 60), (0, 0, 0)),
        ((120, 255, 140), (0, 0, 0)),
        ((255, 255, 255), None),
        ((110, 0, 0), None),
    ],
    ids=["yellow with an outline", "green with an outline", "white", "dark red"],
)
def test_letters_of_one_colour_are_read_over_a_busy_ground(fill, stroke):
    read = PACKAGED_MODELS.get("script_reader").read(line(fill, stroke=stroke))
    assert read.language == "rus" and read.certainty >= 0.75
    assert edit_distance(letters(read.text), letters(TEXT)) <= 1, read.text


def test_the_reading_that_most_others_are_like_counts_and_is_surer_for_each_that_is_the_same():
    readings = [ReadLine(text=text, language="rus", certainty=sure) for text, sure in READINGS]
    said = tesseract.most_agreed(readings)
    assert said.text == "завтра в парке" and said.certainty == pytest.approx(0.78)
    assert tesseract.most_agreed(readings[:1]) == readings[0]
    assert tesseract.most_agreed([]).certainty == tesseract.most_agreed(readings[-1:]).certainty == 0.0


@pytest.mark.models
@pytest.mark.parametrize("shape", [(40, 300), (1, 1), (3, 2), (60, 4)])
def test_where_no_letters_are_nothing_is_read(shape):
    rows, columns = shape
    ground = np.random.default_rng(6).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    for picture in (ground, np.full_like(ground, 90)):
        assert PACKAGED_MODELS.get("script_reader").read(picture).certainty < 0.75
