"""Hard cuts are found in clips built with them, and every shot is among the pictures that are taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from media.frames.shots import ShotFinder
from media.sampling import sample_video

SIZE = (160, 96)
RATE = 25


def scene(number: int, length: int) -> Iterator[np.ndarray]:
    """Coarse patches of colour that move a little; none like those of another number."""
    patches = np.random.default_rng(number).integers(0, 255, (7, 11, 3), np.uint8)
    whole = patches.repeat(16, axis=0).repeat(16, axis=1)
    for n in range(length):
        away = abs(n % 28 - 14)  # there and back again
        yield whole[away : away + SIZE[1], away : away + SIZE[0]]


def film(path: Path, lengths: Sequence[int]) -> Path:
    """Scene after scene, each so many pictures long."""
    with av.open(str(path), "w") as out:
        track = out.add_stream("libx264", rate=RATE, options={"crf": "23", "g": "250", "sc_threshold": "0"})
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        for number, length in enumerate(lengths):
            for shown in scene(number, length):
                out.mux(track.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), "rgb24")))
        out.mux(track.encode(None))
    return path


def of_scene(rgb: np.ndarray, count: int) -> int:
    """Which scene a picture is of."""
    mean = rgb.astype(np.float32)
    apart = [min(float(np.abs(mean - one).mean()) for one in scene(number, 16)) for number in range(count)]
    return int(np.argmin(apart))


def sampled(path: Path, **more: int):
    return sample_video(path, **({"every": 0.5, "min_count": 4, "max_count": 60, "thumbnails": 20_000} | more))


def test_cuts_are_found_where_they_are_and_nowhere_else(tmp_path: Path) -> None:
    lengths = (40, 5, 25, 60, 3, 30)
    found = sampled(film(tmp_path / "film.mp4", lengths)).cuts
    assert found == pytest.approx([n / RATE for n in np.cumsum(lengths)[:-1]], abs=0.001)


def test_a_shot_that_lasts_less_than_the_time_between_two_pictures_is_taken_twice(tmp_path: Path) -> None:
    lengths = (40, 5, 30, 6, 44)
    path = film(tmp_path / "film.mp4", lengths)
    without = [of_scene(one.rgb, 5) for one in sample_video(path, every=0.5, min_count=4).frames]
    assert without.count(1) + without.count(3) < 4
    frames = sampled(path).frames
    shown = [of_scene(one.rgb, 5) for one in frames]
    assert all(shown.count(number) >= 2 for number in range(5))
    assert [one.at for one in frames] == sorted({one.at for one in frames})


def test_a_shot_of_one_picture_is_taken_once(tmp_path: Path) -> None:
    shown = [of_scene(one.rgb, 3) for one in sampled(film(tmp_path / "film.mp4", (30, 1, 30))).frames]
    assert shown.count(1) == 1


def test_where_there_is_one_shot_nothing_is_taken_beside_what_is_evenly_spread(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", (120,))
    taken = sampled(path)
    assert taken.cuts == ()
    assert [one.at for one in taken.frames] == [one.at for one in sample_video(path, every=0.5, min_count=4).frames]


def test_many_short_shots_take_no_more_than_a_quarter_beside_what_is_evenly_spread_and_the_longest_come_first(
    tmp_path: Path,
) -> None:
    lengths = [2, 2, 4, 9, 2, 2, 2, 2, 2, 2] * 10
    taken = sampled(film(tmp_path / "film.mp4", lengths), max_count=16)
    assert len(taken.cuts) > 40
    even = {one.at for one in sample_video(tmp_path / "film.mp4", every=0.5, min_count=4, max_count=16).frames}
    more = [one.at for one in taken.frames if one.at not in even]
    assert 0 < len(more) <= 4
    starts = np.array([0.0, *taken.cuts, taken.info.duration])
    lasted = np.diff(starts)
    for at in more:
        assert lasted[int(np.searchsorted(starts, at, side="right")) - 1] > np.median(lasted)


def test_fast_motion_a_slow_fade_and_noise_are_no_cuts() -> None:
    chance = np.random.default_rng(1)
    busy = chance.integers(0, 255, (36, 64, 3)).astype(np.uint8)
    fast = [np.roll(busy, 5 * n, axis=1) for n in range(30)]
    fade = [np.full((36, 64, 3), 8 * n, np.uint8) for n in range(30)]
    noise = [chance.integers(100, 130, (36, 64, 3)).astype(np.uint8) for _ in range(30)]
    for shown in (fast, fade, noise):
        finder = ShotFinder()
        assert [one for one in shown if finder.begins_with(one)] == []


def test_what_begins_to_move_fast_is_one_cut_at_the_most() -> None:
    busy = np.random.default_rng(1).integers(0, 255, (36, 64, 3)).astype(np.uint8)
    finder = ShotFinder()
    shown = [busy] * 10 + [np.roll(busy, 5 * n, axis=1) for n in range(1, 20)]
    assert sum(finder.begins_with(one) for one in shown) <= 1


def test_a_video_of_which_no_thumbnails_are_asked_for_has_no_cuts(tmp_path: Path) -> None:
    assert sample_video(film(tmp_path / "film.mp4", (20, 20)), count=4).cuts == ()
