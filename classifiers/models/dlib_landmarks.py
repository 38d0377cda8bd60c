"""Cuts faces out as dlib's ResNet was taught them, with dlib's 5-point predictor (CC0).

Never the 68-point predictor in the same package: it was trained on pictures for non-commercial use only.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class FaceChipExtractor:
    """Turns a box in a picture into upright faces; safe to share between threads."""

    def __init__(self, landmarks: Path) -> None:
        import dlib

        self._dlib = dlib
        self._landmarks = dlib.shape_predictor(str(landmarks))
        self._lock = threading.Lock()

    def chips(
        self, rgb: NDArray[np.uint8], box: NDArray[np.float32], *, size: int, margins: Sequence[float]
    ) -> list[NDArray[np.uint8]]:
        """RGB faces of size x size for a box x0 y0 x1 y1, one for each margin (a share of the face's width)."""
        picture = np.ascontiguousarray(rgb)
        rectangle = self._dlib.rectangle(*(round(float(side)) for side in box))
        with self._lock:
            shape = self._landmarks(picture, rectangle)
            return [np.asarray(self._dlib.get_face_chip(picture, shape, size, margin)) for margin in margins]


def load(paths: Sequence[Path]) -> FaceChipExtractor:
    """From the predictor's .dat file."""
    return FaceChipExtractor(paths[0])
