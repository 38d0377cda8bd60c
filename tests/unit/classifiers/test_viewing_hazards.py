"""Flashes are counted as WCAG 2.3.1 says; black and unchanging pictures are told apart from quiet ones."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers.audio.sound_levels import SoundLevels
from classifiers.image.flashes import general_flashes, red_flashes
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.image.viewing_hazards import ViewingHazards
from core.signals import Subject
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
