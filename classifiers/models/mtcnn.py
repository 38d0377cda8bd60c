"""Finds faces: MTCNN (Zhang et al. 2016, arXiv:1604.02878) from facenet-pytorch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.torchvision_shim import importable

_SMALLEST = 48  # below, the net's image pyramid is empty
USUAL_FACE = 40
"""Pixels of the shorter side below which faces are not sought, unless that is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a picture: (4,) x0 y0 x1 y1, (5, 2) eyes, nose, mouth corners, and P(face)."""

    box: NDArray[np.float32]
    points: NDArray[np.float32]
    probability: float


class FaceDetector:
    """Finds faces; safe to share between threads."""

    def __init__(self) -> None:
        import torch

        importable()
        from facenet_pytorch import MTCNN

        torch.set_num_threads(1)
        self._net = MTCNN(keep_all=True, min_face_size=USUAL_FACE, post_process=False, device="cpu")
        self._lock = threading.Lock()

    def find(self, rgb: NDArray[np.uint8], *, smallest: int = USUAL_FACE) -> list[Face]:
        """Faces of `smallest` px and more in an RGB uint8 picture, the largest first.

        A picture under 48 px high or wide holds none.
        """
        if min(rgb.shape[:2]) < _SMALLEST:
            return []
        with self._lock:
            self._net.min_face_size = smallest
            boxes, probabilities, points = self._net.detect(np.ascontiguousarray(rgb), landmarks=True)
        if boxes is None:
            return []
        return [
            Face(np.asarray(box, np.float32), np.asarray(five, np.float32), float(probability))
            for box, probability, five in zip(boxes, probabilities, points, strict=True)
        ]


def load(_paths: Sequence[Path]) -> FaceDetector:
    """The detector; the package knows where its own files lie."""
    return FaceDetector()
