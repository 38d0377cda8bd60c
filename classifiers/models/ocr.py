"""Reads what is written in pictures: PP-OCRv6 small (PaddlePaddle, Apache-2.0) by rapidocr, on one thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import RgbImage

_SIDE = 640  # pixels of the longer side in which lines are looked for


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoundLine:
    """Where a line of text stands: left, top, right, bottom in parts of the picture; and the line, cut out upright."""

    box: tuple[float, float, float, float]
    picture: RgbImage


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLine:
    """What a line says, and how sure it is read, in [0, 1]."""

    text: str
    certainty: float


class PictureTextReader:
    """Finds lines of text and reads them; safe to share between threads."""

    def __init__(self, detector: Path, recogniser: Path) -> None:
        from rapidocr import RapidOCR

        one_thread = "EngineConfig.onnxruntime.intra_op_num_threads"
        self._net: Any = RapidOCR(
            params={
                "Global.use_cls": False,
                "Global.log_level": "error",
                "Det.limit_type": "max",
                "Det.limit_side_len": _SIDE,
                "Det.model_path": str(detector),
                "Rec.model_path": str(recogniser),
                one_thread: 1,
            }
        )
        self._lock = threading.Lock()

    def find(self, rgb: RgbImage) -> list[FoundLine]:
        """The lines of an upright picture in any script, from the top."""
        height, width = rgb.shape[:2]
        with self._lock:
            boxes = self._net(rgb[:, :, ::-1], use_det=True, use_cls=False, use_rec=False).boxes
        lines = []
        for corners in boxes if boxes is not None else []:
            (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
            box = (float(left / width), float(top / height), float(right / width), float(bottom / height))
            lines.append(FoundLine(box=box, picture=_cut_out(rgb, np.asarray(corners, dtype=np.float32))))
        return sorted(lines, key=lambda line: (line.box[1], line.box[0]))

    def read_line(self, line: RgbImage) -> WrittenLine:
        """The text of a line that was cut out, if it is in Latin, Chinese or Japanese letters. It is never logged."""
        with self._lock:
            read = self._net(line[:, :, ::-1], use_det=False, use_cls=False, use_rec=True)
        if not read.txts:
            return WrittenLine(text="", certainty=0.0)
        return WrittenLine(text=str(read.txts[0]), certainty=float(read.scores[0]))


def load(paths: Sequence[Path]) -> PictureTextReader:
    """From the detector's and the recogniser's files."""
    return PictureTextReader(*paths)


def _cut_out(rgb: RgbImage, corners: NDArray[np.float32]) -> RgbImage:
    """What lies between four corners (from the upper left, clockwise), made straight; a column is laid on its side."""
    width = max(2, round(max(_length(corners[0], corners[1]), _length(corners[3], corners[2]))))
    height = max(2, round(max(_length(corners[0], corners[3]), _length(corners[1], corners[2]))))
    straight = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(corners, straight)
    cut = cv2.warpPerspective(rgb, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    upright = np.rot90(cut) if height >= 1.5 * width else cut
    return np.ascontiguousarray(upright, dtype=np.uint8)


def _length(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.hypot(*(one - other)))
