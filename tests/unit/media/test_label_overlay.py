"""The visible label: large enough, long enough, drifting, and legible whatever lies below it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from media.labels.label_overlay import (
    LabelOverlay,
    label_agreement,
    label_picture,
    label_position,
    overlay_label,
    render_label,
)
from media.labels.label_terms import MAX_LABEL_LENGTH, MIN_LABEL_SECONDS, VisibleLabel

LABEL = VisibleLabel(text="AI-generated | Example Studio")
SIZES = [(1280, 720), (720, 1280), (320, 180), (200, 640), (3840, 2160)]


def coloured(rgb: tuple[int, int, int], at: float = 1.0, label: VisibleLabel = LABEL) -> tuple[np.ndarray, np.ndarray]:
    """A labelled picture of one colour, as a viewer sees it, and which of its pixels belong to the letters."""
    frame = av.VideoFrame.from_ndarray(np.full((360, 640, 3), rgb, np.uint8), format="rgb24").reformat(format="yuv420p")
    luma = np.frombuffer(frame.planes[0], np.uint8).reshape(360, -1)[:, :640]
    labelled = LabelOverlay(label)(np.ascontiguousarray(luma), at)
    frame.planes[0].update(np.pad(labelled, ((0, 0), (0, frame.planes[0].line_size - 640))).tobytes())
    return frame.to_ndarray(format="rgb24"), labelled


def brightness(rgb: np.ndarray) -> np.ndarray:
    """Relative luminance (WCAG 2.2)."""
    linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("rgb", list(itertools.product((0, 128, 255), repeat=3)), ids=str)
def test_letters_stand_out_from_their_plate_on_any_colour(rgb):
    seen, labelled = coloured(rgb)
    letters = labelled >= 230
    keep, _ = render_label(LABEL, 640, 360)
    x, y = label_position(1.0, (640, 360), keep.shape[::-1])
    inside = np.zeros(labelled.shape, bool)
    inside[y + 3 : y + keep.shape[0] - 3, x + 3 : x + keep.shape[1] - 3] = True
    full = np.zeros(labelled.shape, bool)
    full[y : y + keep.shape[0], x : x + keep.shape[1]] = np.isclose(keep, 0.15, atol=0.01)
    light, dark = np.median(brightness(seen[letters & inside])), np.median(brightness(seen[full]))
    assert (light + 0.05) / (dark + 0.05) >= 3  # what WCAG asks of large letters


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_capitals_have_five_hundredths_of_the_shorter_side_where_the_words_fit(width, height):
    short = VisibleLabel(text="HAI")
    keep, _ = render_label(short, width, height)
    rows = np.flatnonzero((keep < 0.02).any(axis=1))
    assert rows[-1] - rows[0] + 1 >= 0.05 * min(width, height) - 1


@settings(deadline=None, max_examples=60)
@given(
    width=st.integers(64, 1000).map(lambda n: n * 2),
    height=st.integers(64, 1000).map(lambda n: n * 2),
    at=st.floats(0, 4000),
    text=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
)
def test_a_label_lies_within_the_picture_whatever_its_words_size_and_time(width, height, at, text):
    luma = np.full((height, width), 120, np.uint8)
    labelled = LabelOverlay(VisibleLabel(text=text))(luma, at)
    changed = np.argwhere(labelled != luma)
    assert labelled.shape == luma.shape and len(changed)
    assert (changed.max(axis=0) < luma.shape).all()


def test_a_label_drifts_and_comes_to_all_parts_of_the_picture():
    places = np.array([label_position(at, (1280, 720), (500, 60)) for at in range(0, 600, 2)])
    assert np.abs(np.diff(places, axis=0)).sum(axis=1).min() > 0
    assert np.ptp(places[:, 0]) > 0.9 * (1280 - 500) * 0.9 and np.ptp(places[:, 1]) > 0.8 * (720 - 60)


def test_a_label_for_the_start_is_there_for_its_time_and_no_longer():
    luma, labeller = np.full((180, 320), 120, np.uint8), LabelOverlay(VisibleLabel(text="AI", seconds=3.0))
    assert (labeller(luma, 0.0) != luma).any() and (labeller(luma, 2.96) != luma).any()
    assert (labeller(luma, 3.0) == luma).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": " "}, "characters"),
        ({"text": "A" * (MAX_LABEL_LENGTH + 1)}, "characters"),
        ({"text": "AI", "seconds": MIN_LABEL_SECONDS - 0.1}, "2 seconds"),
    ],
)
def test_a_label_that_nobody_could_read_is_refused(given, words):
    with pytest.raises(BadInput, match=words):
        VisibleLabel(**given)


def test_a_font_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "font.ttf").write_text("no font")
    with pytest.raises(BadInput, match="TrueType"):
        render_label(VisibleLabel(text="AI", font=str(tmp_path / "font.ttf")), 640, 360)


def test_a_file_keeps_its_pictures_and_their_times(tmp_path: Path):
    src = tmp_path / "src.mp4"
    with av.open(str(src), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for _ in range(25):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.full((180, 320, 3), 90, np.uint8), format="rgb24"))
            )
        container.mux(stream.encode(None))
    overlay_label(src, tmp_path / "out.mp4", VisibleLabel(text="AI", seconds=2.0))
    with av.open(str(tmp_path / "out.mp4")) as container:
        bright = [(float(f.time), int(f.to_ndarray(format="gray").max())) for f in container.decode(video=0)]
    assert [at for at, _ in bright] == [n / 10 for n in range(25)]
    assert all((level > 200) == (at < 2.0) for at, level in bright)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 2000), (2000, 64), (360, 640), (640, 360)])
def test_a_still_picture_of_any_form_is_labelled_and_what_was_given_is_not_changed(height, width):
    picture = np.full((height, width, 3), 128, np.uint8)
    labelled = label_picture(picture, LABEL)
    assert labelled.shape == picture.shape and (picture == 128).all()
    assert labelled.min() < 60 and labelled.max() > 140  # a dark plate, letters as bright as they are wide
    assert (label_picture(picture[:40], LABEL) == 128).all()


def test_a_label_that_changes_corners_leaves_no_half_of_the_picture_without_it_for_long():
    picture, plate = (854, 480), (300, 80)
    middles = [label_position(at, picture, plate, "corners") for at in (0, 2.9, 3, 6, 9, 12)]
    assert middles[0] == middles[1] == middles[5] and len(set(middles)) == 4
    halves = [(x > 427 - 150, y > 240 - 40) for x, y in middles[::1]]
    assert halves[0] == (True, False) and halves[2] == (False, True)  # each next one is across the picture


@pytest.mark.parametrize("level", [0, 255])
def test_a_label_is_seen_where_it_was_drawn_and_nowhere_else(level):
    picture = np.full((480, 854, 3), level, np.uint8)
    label = VisibleLabel(text="AI GENERATED | künstlich erzeugt | Studio", place="top_right")
    labelled = label_picture(picture, label)
    small = cv2.resize(labelled, (512, 288), interpolation=cv2.INTER_AREA)
    assert label_agreement(small, 0.0, label, (854, 480)) > 0.9
    assert label_agreement(picture, 0.0, label, (854, 480)) < 0.1
    assert label_agreement(labelled, 0.0, replace(label, place="top_left"), (854, 480)) < 0.1
