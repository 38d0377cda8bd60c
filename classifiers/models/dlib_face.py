"""Describes faces: dlib's ResNet v1, 128 numbers, with dlib's 5-point predictor. Both CC0.

Never the 68-point predictor that lies beside them: it was trained on pictures for non-commercial use only.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class FaceDescriber:
    """Turns a box in a picture into a descriptor; safe to share between threads."""

    def __init__(self, net: Path, landmarks: Path) -> None:
        import dlib

        self._dlib = dlib
        self._net = dlib.face_recognition_model_v1(str(net))
        self._landmarks = dlib.shape_predictor(str(landmarks))
        self._lock = threading.Lock()

    def describe(self, rgb: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.float32]:
        """(128,) float32 of the face in a box x0 y0 x1 y1. Descriptors of one person lie within about 0.6."""
        picture = np.ascontiguousarray(rgb)
        rectangle = self._dlib.rectangle(*(round(float(side)) for side in box))
        with self._lock:
            shape = self._landmarks(picture, rectangle)
            descriptor = self._net.compute_face_descriptor(picture, shape)
        return np.asarray(descriptor, dtype=np.float32)


def load(paths: Sequence[Path]) -> FaceDescriber:
    """From the ResNet's and the predictor's .dat files."""
    return FaceDescriber(paths[0], paths[1])
