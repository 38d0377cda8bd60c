"""A picture of a held video that tells what it is about and shows nothing: 32 pixels wide and blurred, made once.

No page can take the blur away. With it goes a hash of how the video looks, for finding others that
look alike.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.sampling import sample_video

_SIDE = 32  # pixels of the longer side
_BLUR = 1.2  # pixels, of the small picture
_QUALITY = 60
_ROWS, _COLUMNS = 8, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """`jpeg` is base64, to be kept as a text of the case; `looks` a difference hash of 64 bits with a sign."""

    jpeg: str
    looks: int


def read_poster(path: Path) -> Poster:
    """The poster of a video: of three pictures the middle one. Decoded in the sandbox. Raises BadMedia."""
    frames = sample_video(path, count=3, max_side=160).frames
    rgb = frames[len(frames) // 2].rgb
    return Poster(jpeg=base64.b64encode(_small_jpeg(rgb)).decode("ascii"), looks=difference_hash(rgb))


def difference_hash(rgb: NDArray[np.uint8]) -> int:
    """Whether each of 8 by 8 places is brighter than its neighbour on the right, as a number with a sign."""
    from PIL import Image

    grey = Image.fromarray(rgb).convert("L").resize((_COLUMNS, _ROWS), Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.int16)
    bits = (values[:, :-1] > values[:, 1:]).flatten()
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def _small_jpeg(rgb: NDArray[np.uint8]) -> bytes:
    from PIL import Image, ImageFilter

    image, out = Image.fromarray(rgb), io.BytesIO()
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    image.filter(ImageFilter.GaussianBlur(_BLUR)).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
