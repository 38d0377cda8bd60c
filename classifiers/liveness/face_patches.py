"""Parts of a face, upright and of one size, so that they can be compared over time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.liveness.capture import CapturedFace

PATCH_SIDE = 96  # pixels of the side of an aligned face
_EYES = np.array([[0.32 * PATCH_SIDE, 0.35 * PATCH_SIDE], [0.68 * PATCH_SIDE, 0.35 * PATCH_SIDE]], np.float32)
EYES = (slice(int(0.26 * PATCH_SIDE), int(0.44 * PATCH_SIDE)), slice(int(0.18 * PATCH_SIDE), int(0.82 * PATCH_SIDE)))
MOUTH = (slice(int(0.66 * PATCH_SIDE), int(0.96 * PATCH_SIDE)), slice(int(0.28 * PATCH_SIDE), int(0.72 * PATCH_SIDE)))
CHEEKS = (slice(int(0.46 * PATCH_SIDE), int(0.62 * PATCH_SIDE)), slice(int(0.12 * PATCH_SIDE), int(0.88 * PATCH_SIDE)))

Grey = NDArray[np.float32]


def aligned_patch(rgb: NDArray[np.uint8], face: CapturedFace) -> Grey:
    """(96, 96) grey, the eyes always at the same place, mean 0 and deviation 1."""
    matrix, _ = cv2.estimateAffinePartial2D(face.points[:2].astype(np.float32), _EYES, method=cv2.LMEDS)
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    warped = np.asarray(cv2.warpAffine(grey, matrix, (PATCH_SIDE, PATCH_SIDE)), np.float32)
    return np.asarray((warped - warped.mean()) / max(float(warped.std()), 1.0), np.float32)
