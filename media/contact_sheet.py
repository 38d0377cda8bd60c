"""Lays pictures of a video side by side, in reading order."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BadMedia


def contact_sheet(pictures: Sequence[NDArray[np.uint8]], *, columns: int, tile_width: int) -> NDArray[np.uint8]:
    """(height, width, 3) from pictures of one size (h, w, 3), each scaled to `tile_width` pixels; gaps are black.

    Both sides come out even. Raises BadMedia where there is no picture.
    """
    if not pictures:
        raise BadMedia("this video has no picture")
    height, width = pictures[0].shape[:2]
    tile_height = max(2, round(height * tile_width / width) // 2 * 2)
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * tile_height, columns * tile_width, 3), np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // columns * tile_height, number % columns * tile_width
        tile = cv2.resize(picture, (tile_width, tile_height), interpolation=cv2.INTER_AREA)
        sheet[top : top + tile_height, left : left + tile_width] = tile
    return sheet
