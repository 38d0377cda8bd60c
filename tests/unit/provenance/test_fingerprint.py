"""A fingerprint finds what it shows again, and tells it from something else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from media.video import Frame, VideoInfo, VideoSample
from provenance.fingerprint.video_fingerprint import hamming_distance, parse_entry, video_fingerprint

INFO = VideoInfo(
    container="mp4", codec="h264", duration=3.0, width=320, height=180, fps=25.0, frames=75, has_audio=False
)


def picture(seed: int, size=(640, 360)):
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), dtype=np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def take(*frames: tuple[float, np.ndarray]) -> tuple[str, ...]:
    return video_fingerprint(VideoSample(INFO, tuple(Frame(at=at, rgb=rgb) for at, rgb in frames)))


def test_there_is_one_entry_a_second_from_its_first_picture():
    entries = take((0.0, picture(1)), (0.5, picture(2)), (1.0, picture(3)), (2.9, picture(4)))
    assert [parse_entry(entry).second for entry in entries] == [0, 1, 2]
    assert hamming_distance(entries[0], take((0.0, picture(1)))[0]) == 0


def test_the_same_picture_smaller_and_recompressed_stays_near():
    _, jpeg = cv2.imencode(".jpg", picture(1, (320, 180)), [cv2.IMWRITE_JPEG_QUALITY, 75])
    other = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert hamming_distance(take((0.0, picture(1)))[0], take((0.0, other))[0]) <= 31


def test_different_pictures_are_far_apart():
    entries = [take((0.0, picture(seed)))[0] for seed in range(8)]
    apart = [hamming_distance(one, other) for one in entries for other in entries if one is not other]
    assert min(apart) > 62


def test_a_plain_picture_has_no_quality():
    assert parse_entry(take((0.0, np.full((180, 320, 3), 128, np.uint8)))[0]).quality < 50


@pytest.mark.parametrize("written", ["", "0:abc:1", "x:" + "0" * 64 + ":1", "0:" + "g" * 64 + ":1", "0:" + "0" * 64])
def test_what_is_no_entry_is_refused(written):
    with pytest.raises(ValueError, match="not an entry"):
        parse_entry(written)
