"""Reads what is written in pictures: PP-OCRv6 small (PaddlePaddle, Apache-2.0) by rapidocr, on one thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.arrays import RgbImage

_SIDE = 640  # pixels of the longer side in which lines are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLine:
    """A line of text, how sure it is read, in [0, 1], and left, top, right, bottom in parts of the picture."""

    text: str
    certainty: float
    box: tuple[float, float, float, float]


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

    def read(self, rgb: RgbImage) -> list[WrittenLine]:
        """The lines of an upright picture, from the top. They are never logged."""
        height, width = rgb.shape[:2]
        with self._lock:
            found = self._net(rgb[:, :, ::-1])
        if found.txts is None:
            return []
        lines = []
        for text, certainty, corners in zip(found.txts, found.scores, found.boxes, strict=True):
            (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
            box = (float(left / width), float(top / height), float(right / width), float(bottom / height))
            lines.append(WrittenLine(text=str(text), certainty=float(certainty), box=box))
        return sorted(lines, key=lambda line: (line.box[1], line.box[0]))


def load(paths: Sequence[Path]) -> PictureTextReader:
    """From the detector's and the recogniser's files."""
    return PictureTextReader(*paths)
