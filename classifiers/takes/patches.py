"""Parts of a face, upright and of one size, so that they can be compared over time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.takes.take import Face

SIDE = 96
_EYES = np.array([[0.32 * SIDE, 0.35 * SIDE], [0.68 * SIDE, 0.35 * SIDE]], np.float32)
EYES = (slice(int(0.26 * SIDE), int(0.44 * SIDE)), slice(int(0.18 * SIDE), int(0.82 * SIDE)))
MOUTH = (slice(int(0.66 * SIDE), int(0.96 * SIDE)), slice(int(0.28 * SIDE), int(0.72 * SIDE)))
CHEEKS = (slice(int(0.46 * SIDE), int(0.62 * SIDE)), slice(int(0.12 * SIDE), int(0.88 * SIDE)))

Grey = NDArray[np.float32]


def aligned(rgb: NDArray[np.uint8], face: Face) -> Grey:
    """(96, 96) grey, the eyes always at the same place, mean 0 and deviation 1."""
    matrix, _ = cv2.estimateAffinePartial2D(face.points[:2].astype(np.float32), _EYES, method=cv2.LMEDS)
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    warped = np.asarray(cv2.warpAffine(grey, matrix, (SIDE, SIDE)), np.float32)
    return np.asarray((warped - warped.mean()) / max(float(warped.std()), 1.0), np.float32)
