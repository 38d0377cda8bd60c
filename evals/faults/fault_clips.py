"""The two clips that engines hand out: a second of a real film, and the same in red."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

_SOURCE = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
_WIDTH, _HEIGHT, _PICTURES, _RATE = 320, 180, 12, 12


def make_clips(folder: Path) -> tuple[bytes, bytes]:
    """The bytes of both."""
    return _clip(folder / "good.mp4", red=False), _clip(folder / "red.mp4", red=True)


def _clip(path: Path, *, red: bool) -> bytes:
    with av.open(str(_SOURCE)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for number, frame in zip(range(_PICTURES), source.decode(video=0), strict=False):
            rgb = np.asarray(frame.reformat(_WIDTH, _HEIGHT, "rgb24").to_ndarray(), dtype=np.uint8)
            if red:
                rgb = np.stack([rgb[..., 0] // 2 + 127, rgb[..., 1] // 4, rgb[..., 2] // 4], axis=-1)
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, _RATE)
            target.mux(stream.encode(picture))
        target.mux(stream.encode())
    return path.read_bytes()
