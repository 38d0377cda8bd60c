from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from media_clips import MakeClip, picture
from PIL import Image

from core.errors import BadInput, BadMedia
from media.sampling import sample_moments, sample_video
from media.still_image import sample_image


def test_the_first_and_the_last_picture_are_included(clip: MakeClip) -> None:
    taken = sample_video(clip(frames=30), count=4)
    assert [f.at for f in taken.frames] == pytest.approx([0.0, 0.4, 0.76, 1.16], abs=0.041)
    assert taken.frames[0].rgb.shape == (48, 64, 3)
    assert taken.frames[-1].at == pytest.approx(1.16)


def test_the_pictures_are_those_of_their_time(clip: MakeClip) -> None:
    for frame in sample_video(clip(frames=20, options={"crf": "10"}), every=0.2).frames:
        wanted = picture(round(frame.at * 25), 64, 48)
        assert np.abs(frame.rgb.astype(int) - wanted).mean() < 4


def test_pictures_of_named_moments_are_the_nearest_in_order_and_once(clip: MakeClip) -> None:
    path = clip(frames=30, options={"crf": "10"})
    taken = sample_moments(path, [0.81, 0.0, 0.79, 99.0], max_side=32)
    assert [frame.at for frame in taken.frames] == pytest.approx([0.0, 0.8, 1.16])
    assert taken.frames[1].rgb.shape == (24, 32, 3)
    with pytest.raises(BadInput):
        sample_moments(path, [])


def test_fewer_pictures_than_asked_for_come_once(clip: MakeClip) -> None:
    assert len(sample_video(clip(frames=3), count=40).frames) == 3
    assert len(sample_video(clip("one.mp4", frames=1), count=2).frames) == 1


def test_jumping_ahead_finds_the_same_pictures(clip: MakeClip) -> None:
    """One key picture a second and 20 s: most of the video is never decoded."""
    path = clip(frames=500, options={"g": "25", "crf": "10"})
    for frame in sample_video(path, count=5).frames:
        wanted = picture(round(frame.at * 25), 64, 48)
        assert np.abs(frame.rgb.astype(int) - wanted).mean() < 4


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_clip_is_laid_upright(clip: MakeClip, rotation: int) -> None:
    turned = sample_video(clip(rotation=rotation, options={"crf": "10"}), count=1).frames[0].rgb
    # FFmpeg's angle is counterclockwise, numpy's too.
    wanted = np.rot90(picture(0, 64, 48), rotation // 90)
    assert turned.shape == wanted.shape
    assert np.abs(turned.astype(int) - wanted).mean() < 4


def test_large_pictures_are_shrunk_on_request(clip: MakeClip) -> None:
    taken = sample_video(clip(size=(256, 128)), count=2, max_side=64)
    assert taken.frames[0].rgb.shape == (32, 64, 3)
    assert (taken.info.width, taken.info.height) == (256, 128)


def test_of_a_long_video_no_more_are_taken_than_asked_for_and_all_over_it(clip: MakeClip) -> None:
    path = clip(frames=50)
    few, all_of_it = sample_video(path, every=0.04, max_count=5).frames, sample_video(path, every=0.04).frames
    assert len(few) == 5 and len(all_of_it) == 50
    assert (few[0].at, few[-1].at) == (all_of_it[0].at, all_of_it[-1].at)
    assert np.ptp(np.diff([frame.at for frame in few])) < 0.05


def test_uneven_timestamps_are_kept(clip: MakeClip) -> None:
    path = clip("vfr.mkv", pts=[0, 40, 80, 2000], time_base=Fraction(1, 1000))
    assert [f.at for f in sample_video(path, every=0.04).frames] == [0.0, 0.04, 0.08, 2.0]


def test_too_much_at_once_is_refused(clip: MakeClip) -> None:
    with pytest.raises(BadInput, match="give a max_side"):
        sample_video(clip(size=(3840, 2160), frames=50, options={"preset": "ultrafast"}, blank=True), count=50)


@pytest.mark.parametrize("how", [{}, {"count": 1, "every": 1.0}, {"count": 0}, {"every": -1.0}])
def test_unclear_requests_are_refused(how: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        sample_video(Path("any.mp4"), **how)  # type: ignore[arg-type]


def test_an_image_is_a_sample_of_one(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    Image.fromarray(picture(0, 64, 48)).save(path)
    taken = sample_image(path, max_side=32)
    assert taken.frames[0].rgb.shape == (24, 32, 3)
    assert (taken.info.container, taken.info.codec, taken.info.frames) == ("image", "png", 1)


def test_a_broken_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    Image.fromarray(picture(0, 64, 48)).save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadMedia, match="not an image"):
        sample_image(path)
