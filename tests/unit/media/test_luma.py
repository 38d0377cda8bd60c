"""The pictures a detector looks at: as many as it wants, over the whole video, whatever the encoder made of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media.luma import sample_luma
from media.sandbox.limits import InputLimits


def ramp(path: Path, pictures: int, options: dict[str, str]) -> Path:
    """Every picture is as bright as its place: number / pictures, from 16 to 235."""
    with av.open(str(path), "w") as out:
        track = out.add_stream("libx264", rate=25, options=options)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for number in range(pictures):
            planes = np.full((72, 64), 128, np.uint8)
            planes[:48] = 16 + round(219 * number / (pictures - 1))
            frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


@pytest.mark.parametrize("options", [{"bf": "3"}, {"bf": "0"}, {"bf": "3", "x264-params": "b-pyramid=none"}])
@pytest.mark.parametrize("pictures", [30, 200])
def test_as_many_pictures_as_wanted_come_from_all_over_the_video(tmp_path, options, pictures) -> None:
    clip = ramp(tmp_path / "ramp.mp4", pictures, {"crf": "10", **options})
    found = [float(luma.mean()) for luma in sample_luma(clip, 20, InputLimits())]
    assert len(found) == 20
    places = (np.array(found) - 16) / 219
    assert np.abs(places - np.linspace(0, 1, 20)).max() < 5 / pictures + 0.02
    assert (np.diff(places) > 0).all()
