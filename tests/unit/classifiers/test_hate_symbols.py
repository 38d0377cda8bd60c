"""The symbols are drawn as geometry here too: with other proportions than those that are looked for."""

import cv2
import numpy as np
import pytest

from classifiers.image.hate_symbols import HateSymbols
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.image.symbol_matching import match_shapes
from classifiers.image.symbol_shapes import black_sun, hooked_cross
from core.signals import Subject


def on_a_ground(mask, *, turned=0.0, stretched=1.0, ground=(190, 180, 170), colour=(20, 25, 30), side=110):
    """The mask on a ground of one colour, turned and made narrower."""
    picture = np.empty((180, 320, 3), np.uint8)
    picture[:] = ground
    view = cv2.getRotationMatrix2D((64, 64), turned, side / 128)
    view[:, 2] += (96, 26)
    view[0] *= stretched
    shown = cv2.warpAffine(mask, view, (320, 180))
    picture[shown > 127] = colour
    return picture


def scores(*pictures):
    found = HateSymbols().measure(sample_of_images(*pictures), Subject.VIDEO)
    return {signal.label: signal.score for signal in found}


@pytest.mark.parametrize("turned", [0.0, 20.0, 45.0])
@pytest.mark.parametrize("stretched", [1.0, 0.6])
def test_a_hooked_cross_is_found_turned_and_seen_from_the_side(turned, stretched):
    found = scores(on_a_ground(hooked_cross(thickness=0.16, hook=0.9), turned=turned, stretched=stretched))
    assert found["hate_symbol"] >= 0.6 and found["hate_symbol_mirrored"] <= 0.2


def test_its_mirror_image_is_another_label():
    found = scores(on_a_ground(hooked_cross(thickness=0.16, mirrored=True)))
    assert found["hate_symbol"] <= 0.2 and found["hate_symbol_mirrored"] >= 0.6


def test_it_is_found_black_on_red_which_is_as_dark_to_a_grey_eye():
    found = scores(on_a_ground(hooked_cross(), ground=(200, 0, 0), colour=(0, 0, 0)))
    assert found["hate_symbol"] >= 0.6


def test_the_wheel_of_bent_spokes_is_found():
    assert scores(on_a_ground(black_sun(thickness=0.09), side=140))["hate_symbol"] >= 0.5


@pytest.mark.parametrize("text", ["H", "SS", "NZ", "X8", "#"])
def test_letters_are_no_symbol(text):
    picture = flat_image(200)
    cv2.putText(picture, text, (80, 130), cv2.FONT_HERSHEY_DUPLEX, 3.0, (10, 10, 10), 9)
    assert max(scores(picture).values()) <= 0.3


def test_a_symbol_in_one_frame_among_many_counts_only_if_it_is_sure():
    weak = on_a_ground(hooked_cross(thickness=0.16, hook=0.9), turned=20.0, stretched=0.6)
    likeness = match_shapes(weak)["hooked_cross"].likeness
    blank = flat_image(190)
    found = scores(blank, weak, blank)["hate_symbol"]
    assert (found >= 0.5) is (0.5 + 0.5 * (likeness - 0.70) / 0.15 >= 0.9)


def test_a_match_says_where_in_the_picture_it_is():
    x, y, w, h = match_shapes(on_a_ground(hooked_cross()))["hooked_cross"].box
    assert 0.3 <= x + w / 2 <= 0.6 and 0.3 <= y + h / 2 <= 0.7 and w < 0.5
