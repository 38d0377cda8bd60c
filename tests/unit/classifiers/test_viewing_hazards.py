"""Flashes are counted as WCAG 2.3.1 says; black and unchanging pictures are told apart from quiet ones."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers.audio.sound_levels import SoundLevels
from classifiers.image.flashes import general_flashes, red_flashes
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.image.viewing_hazards import ViewingHazards
from core.signals import Subject
from media.sound.loudness import LOUDNESS_RATE, LoudnessMeter
from media.video import MonoAudio, Thumbnails

FPS = 24


def thumbnails(pictures, fps=FPS, complete=True):
    """(n, 36, 64, 3) of pictures that are a level, a colour or a picture."""
    rgb = np.stack([np.broadcast_to(np.uint8(one), (36, 64, 3)) for one in pictures])
    return Thumbnails(at=np.arange(len(rgb)) / fps, rgb=rgb, complete=complete)


def part(share, level, ground=128):
    """A picture in which this share is of another level."""
    picture = np.full((36, 64, 3), ground, np.uint8)
    picture[:, : round(64 * share)] = level
    return picture


def strobe(hertz, light, dark, seconds=2.0):
    """Two pictures in turn, so many times a second."""
    return [light if int(n / FPS * hertz * 2) % 2 else dark for n in range(int(seconds * FPS))]


def measured(small):
    sample = sample_of_images(flat_image(128))
    info = replace(sample.info, duration=len(small.at) / FPS)
    found = ViewingHazards().measure(replace(sample, info=info, thumbnails=small), Subject.VIDEO)
    return {signal.label: signal for signal in found}


@pytest.mark.parametrize("hertz", [2, 3, 4, 6, 12])
def test_what_is_counted_is_how_often_it_flashes(hertz):
    assert general_flashes(thumbnails(strobe(hertz, 255, 0))).flashes == pytest.approx(hertz, abs=0.5)


def test_three_flashes_in_a_second_are_allowed_and_four_are_not():
    assert measured(thumbnails(strobe(3, 255, 0)))["flash"].score <= 0.5
    assert measured(thumbnails(strobe(4, 255, 0)))["flash"].score > 0.5


def test_the_span_is_where_it_flashes():
    quiet = [128] * (3 * FPS)
    at = measured(thumbnails([*quiet, *strobe(8, 255, 0, 1.0), *quiet]))["flash"].at
    assert at.start == pytest.approx(3.0, abs=0.1)
    assert 3.5 <= at.end <= 4.1


@pytest.mark.parametrize(
    ("light", "dark"),
    [
        (part(0.2, 255), part(0.2, 0)),  # less than a quarter of the picture
        (140, 128),  # too little of a change
        (255, 245),  # both states bright
    ],
)
def test_what_is_small_faint_or_bright_is_no_flash(light, dark):
    assert general_flashes(thumbnails(strobe(10, light, dark))).flashes == 0


def test_a_slow_change_of_light_is_no_flash():
    wave = 128 + 100 * np.sin(np.arange(4 * FPS) / FPS * 2 * np.pi)  # once a second
    assert general_flashes(thumbnails(list(wave))).flashes <= 1.5


def test_a_chequerboard_that_is_inverted_flashes_as_often_as_each_of_its_parts():
    board = np.indices((36, 64)).sum(axis=0)[..., None] // 8 % 2 * np.full(3, 255)
    assert general_flashes(thumbnails(strobe(6, board, 255 - board))).flashes == pytest.approx(6, abs=0.5)


def corners(left, right, ground=128):
    """A picture with 15 % on the left and 15 % on the right of these levels."""
    picture = np.full((36, 64, 3), ground, np.uint8)
    picture[:, :10], picture[:, -10:] = left, right
    return picture


@pytest.mark.parametrize(("other", "together"), [((255, 0), "in step"), ((0, 255), "out of step")])
def test_parts_of_the_picture_that_flash_at_once_count_together(other, together):
    light, dark = corners(255, other[0]), corners(0, other[1])
    assert general_flashes(thumbnails(strobe(6, light, dark))).flashes == pytest.approx(6, abs=0.5), together
    assert general_flashes(thumbnails(strobe(6, corners(255, 128), corners(0, 128)))).flashes == 0


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_stripes_that_are_reversed_flash(width):
    stripes = (np.indices((36, 64))[1] // width % 2)[..., None] * np.full(3, 255)
    assert general_flashes(thumbnails(strobe(8, stripes, 255 - stripes))).flashes == pytest.approx(8, abs=0.5)


def test_stripes_that_move_on_by_less_than_a_quarter_of_the_picture_do_not():
    board = np.indices((36, 64))[1] // 16 % 2 * 255
    moved = [np.roll(board, n // 12, axis=1)[..., None] * np.ones(3) for n in range(2 * FPS)]
    assert general_flashes(thumbnails(moved)).flashes == 0


def test_a_change_that_goes_on_the_same_way_is_no_flash():
    stairs = [0, 0, 60, 60, 110, 110, 150, 150, 190, 190, 230, 230] * 4  # up in steps, and down at once
    assert general_flashes(thumbnails(stairs)).flashes == pytest.approx(FPS / 12, abs=0.5)


def level_of(luminance):
    """The grey whose relative luminance is at least so much."""
    levels = np.arange(256) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return int(np.searchsorted(linear, luminance))


@pytest.mark.parametrize(
    ("light", "dark", "flashes"),
    [
        (level_of(0.31), level_of(0.2), True),  # a tenth of white or more
        (level_of(0.29), level_of(0.2), False),
        (level_of(0.92), level_of(0.79) - 1, True),  # the darker state is below 0.80
        (level_of(0.93), level_of(0.81), False),
    ],
)
def test_the_thresholds_are_those_of_the_definition(light, dark, flashes):
    assert bool(general_flashes(thumbnails(strobe(6, light, dark))).flashes) is flashes


@pytest.mark.parametrize("offset", [0.0, 0.3, 0.77])
def test_any_second_counts_wherever_it_begins(offset):
    quiet = [0] * round(offset * FPS)
    four = strobe(4, 255, 0, 1.0)
    spread = [*strobe(2, 255, 0, 1.0), *quiet, *strobe(2, 255, 0, 1.0)]
    assert measured(thumbnails([*quiet, *four, *[0] * FPS]))["flash"].score > 0.5
    assert measured(thumbnails(spread))["flash"].score <= 0.5


def test_a_red_at_the_border_of_saturation_that_hardly_changes_is_no_red_flash():
    red, nearly = np.array([200, 70, 70]), np.array([200, 77, 77])
    assert red_flashes(thumbnails(strobe(8, red, nearly))).flashes == 0
    assert red_flashes(thumbnails(strobe(8, red, np.array([200, 140, 140])))).flashes == pytest.approx(8, abs=0.5)


def test_red_flashes_where_the_luminance_hardly_changes():
    red, grey = np.array([255, 0, 0]), np.array([127, 127, 127])  # 0.21 of white both
    small = thumbnails(strobe(8, red, grey))
    assert red_flashes(small).flashes == pytest.approx(8, abs=0.5)
    assert general_flashes(small).flashes == 0
    assert red_flashes(thumbnails(strobe(8, np.array([200, 120, 90]), grey))).flashes == 0


def test_noise_of_a_camera_and_cuts_do_not_flash():
    rng = np.random.default_rng(3)
    noise = [rng.integers(115, 141, (36, 64, 3)) for _ in range(48)]
    assert general_flashes(thumbnails(noise)).flashes == 0
    cuts = [level for level in (20, 200, 60, 230) for _ in range(FPS)]
    assert general_flashes(thumbnails(cuts)).flashes <= 1


def test_shares_of_black_and_frozen_pictures():
    rng = np.random.default_rng(4)
    moving = [part(x / 48, 200) for x in range(48)]
    found = measured(thumbnails([*[0] * 48, *moving]))
    assert found["black_picture"].score == pytest.approx(0.5, abs=0.02)
    still = [np.clip(part(0.5, 200) + rng.integers(-2, 2, (36, 64, 3)), 0, 255) for _ in range(48)]
    assert measured(thumbnails(still))["frozen_picture"].score == pytest.approx(1.0)
    assert measured(thumbnails(moving))["frozen_picture"].score < 0.1


def test_what_was_not_looked_at_is_unmeasured_unless_it_was_found_before():
    assert measured(thumbnails([128] * 48, complete=False))["flash"].score is None
    assert measured(thumbnails(strobe(10, 255, 0), complete=False))["flash"].score == 1.0
    unseen = ViewingHazards().measure(sample_of_images(flat_image(128)), Subject.VIDEO)
    assert {signal.score for signal in unseen} == {None}


@pytest.mark.parametrize(
    ("samples", "share"), [(np.zeros(32_000), 1.0), (np.concatenate((np.zeros(16_000), np.full(16_000, 0.1))), 0.5)]
)
def test_silence_is_measured_in_time(samples, share):
    sample = sample_of_images(flat_image(128))
    heard = replace(sample, info=replace(sample.info, has_audio=True), audio=MonoAudio(samples.astype(np.float32)))
    assert SoundLevels().measure(heard, Subject.VIDEO)[0].score == share
    assert SoundLevels().measure(sample, Subject.VIDEO)[0].score == 1.0


def heard(*parts):
    """The scores of mono sound of 1 kHz: (dBFS, seconds) one after another."""
    meter = LoudnessMeter()
    for decibels, seconds in parts:
        at = np.arange(round(seconds * LOUDNESS_RATE)) / LOUDNESS_RATE
        meter.push((10 ** (decibels / 20) * np.sin(2 * np.pi * 1000 * at)).astype(np.float32)[:, None])
    sample = sample_of_images(flat_image(128))
    audio = MonoAudio(np.full(32_000, 0.1, np.float32), loudness=meter.curve())
    found = SoundLevels().measure(
        replace(sample, info=replace(sample.info, has_audio=True), audio=audio), Subject.VIDEO
    )
    return {signal.label: signal for signal in found}


def test_loudness_is_scored_by_its_published_units():
    found = heard((-20, 5))  # -23 LUFS in mono
    assert found["loudness"].score == pytest.approx(0.5, abs=0.01)
    assert found["loud_peak"].score == 0.0
    assert found["loudness_jump"].score == pytest.approx(0.0, abs=0.01)
    assert heard((0, 4))["loud_peak"].score > 0.5


def test_a_shout_after_quiet_is_a_jump_and_says_when():
    jump = heard((-50, 5), (-10, 1))["loudness_jump"]
    assert jump.score >= 0.9
    assert jump.at.start == pytest.approx(5.0, abs=0.2)
    assert heard((-20, 5), (-14, 1))["loudness_jump"].score < 0.2
