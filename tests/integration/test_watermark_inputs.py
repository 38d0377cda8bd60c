"""What people bring to be marked: every odd kind of video is marked and read, or refused in words."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from core.errors import BadMedia
from media.transcode import Encoding
from provenance.watermark import Payload, WatermarkKey, detect_file, mark_file

KEY = WatermarkKey(id="test", secret=bytes(range(32)))
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")


def scene(width: int, height: int) -> np.ndarray[Any, Any]:
    """Rough ground beside smooth ground."""
    rng = np.random.default_rng(5)
    rough = sum(cv2.GaussianBlur(rng.normal(0, 12 * s, (height, width)), (0, 0), s) for s in (1.0, 3.0, 9.0))
    return np.linspace(70, 170, width)[None] + rough * (np.arange(height)[:, None] > height // 3)


def video(path: Path, size: tuple[int, int], *, count: int = 10, pix_fmt: str = "yuv420p", **how: Any) -> Path:
    """A picture with texture and sensor noise, without sound; `pts` in thousandths, `colour` for HDR."""
    rng = np.random.default_rng(4)
    ground = scene(*size)
    with av.open(str(path), "w") as out:
        track = out.add_stream(how.get("codec", "libx264"), rate=25, options=how.get("options", {"crf": "12"}))
        track.width, track.height, track.pix_fmt = *size, pix_fmt
        track.time_base = track.codec_context.time_base = Fraction(1, 1000)
        if "colour" in how:
            track.color_trc, track.color_primaries = how["colour"]
        for pts in how.get("pts", range(0, 40 * count, 40)):
            grey = np.clip(ground + rng.normal(0, 1.5, ground.shape), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.repeat(grey[:, :, None], 3, 2), "rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = pts, Fraction(1, 1000)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


UNEVEN = list(accumulate([40, 20, 90, 33, 50, 40, 7, 60, 120, 41]))
WORKS: dict[str, dict[str, Any]] = {
    "odd sides": {"size": (427, 341), "pix_fmt": "yuv444p"},
    "full colour resolution": {"size": (426, 320), "pix_fmt": "yuv444p"},
    "ten bits": {"size": (426, 320), "pix_fmt": "yuv420p10le"},
    "pictures at uneven times": {"size": (426, 320), "pts": UNEVEN},
    "a single picture": {"size": (426, 320), "count": 1},
    "an upright one": {"size": (320, 568)},
}


@pytest.mark.parametrize("name", sorted(WORKS))
def test_an_unusual_video_without_sound_is_marked_and_read(name: str, tmp_path: Path) -> None:
    source = video(tmp_path / "source.mkv", **WORKS[name])
    marked = tmp_path / "marked.mp4"
    report = mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=Encoding(preset="veryfast"))
    assert detect_file(marked, keys=[KEY]).payload == PAYLOAD.hex
    with av.open(str(marked)) as out, av.open(str(source)) as was:
        assert not out.streams.audio and report.pictures == len(WORKS[name].get("pts", range(report.pictures)))
        assert out.streams.video[0].format.name == "yuv420p"
        times = [[float(frame.time) for frame in one.decode(video=0)] for one in (out, was)]
    assert np.allclose(np.diff(times[0]), np.diff(times[1]), atol=1e-3)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "transparency": (
        {"size": (426, 320), "codec": "prores_ks", "pix_fmt": "yuva444p10le", "options": {}},
        "transparency",
    ),
    "high dynamic range": ({"size": (426, 320), "pix_fmt": "yuv420p10le", "colour": (16, 9)}, "HDR"),
    "too small": ({"size": (160, 96)}, "at least 128 pixels"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_marked_is_refused_in_words_and_leaves_no_file(name: str, tmp_path: Path) -> None:
    how, word = REFUSED[name]
    source = video(tmp_path / "source.mov", count=2, **how)
    with pytest.raises(BadMedia, match=word):
        mark_file(source, tmp_path / "marked.mp4", payload=PAYLOAD, key=KEY)
    assert [one.name for one in tmp_path.iterdir()] == ["source.mov"]
