"""A stronger pair of nets, for those whose use is not commercial: SCRFD and ArcFace of InsightFace's packs.

Not part of the default list of classifiers: a gallery holds descriptors of one net, and the default is dlib's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.mtcnn import DetectedFace


class InsightPack:
    """Finds faces with SCRFD and describes them with ArcFace (512 numbers, length one)."""

    def __init__(self, detector: Path, recogniser: Path) -> None:
        from insightface.model_zoo import get_model

        self._detector = get_model(str(detector), providers=["CPUExecutionProvider"])
        self._recogniser = get_model(str(recogniser), providers=["CPUExecutionProvider"])
        if self._detector is None or self._recogniser is None:
            raise ValueError("InsightFace does not know these files as a detector and a recogniser")
        self._detector.prepare(ctx_id=-1, input_size=(640, 640), det_thresh=0.5)

    def find(self, rgb: NDArray[np.uint8]) -> list[DetectedFace]:
        """Faces in an RGB uint8 picture, the largest first."""
        boxes, points = self._detector.detect(np.ascontiguousarray(rgb[:, :, ::-1]))
        faces = [
            DetectedFace(np.asarray(box[:4], np.float32), np.asarray(five, np.float32), float(box[4]))
            for box, five in zip(boxes, points, strict=True)
        ]
        return sorted(faces, key=_area, reverse=True)

    def embed(self, rgb: NDArray[np.uint8], face: DetectedFace) -> NDArray[np.float32]:
        """(512,) float32 of length one."""
        from insightface.utils.face_align import norm_crop

        chip = norm_crop(np.ascontiguousarray(rgb[:, :, ::-1]), face.points)
        feature = np.asarray(self._recogniser.get_feat(chip), dtype=np.float32).ravel()
        return feature / np.float32(np.linalg.norm(feature))


def load(paths: Sequence[Path]) -> InsightPack:
    """From the pack's det_10g.onnx and w600k_r50.onnx."""
    return InsightPack(paths[0], paths[1])


def _area(face: DetectedFace) -> float:
    return float((face.box[2] - face.box[0]) * (face.box[3] - face.box[1]))
