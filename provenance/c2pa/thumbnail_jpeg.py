"""A small picture as a plain JPEG: pixels and nothing else."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

THUMBNAIL_SIDE = 240
"""Pixels of the longer side."""


def encode_jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """(height, width, 3) as JPEG without metadata."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=80)
    return out.getvalue()
