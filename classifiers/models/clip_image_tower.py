"""Turns pictures into CLIP's vectors: the image tower of ViT-B/16 in 8 bits. It has no text tower beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.onnx_net import OnnxNet

WIDTH = 512
_SIDE = 224
_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)
_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)


class ClipImageTower:
    """Vectors of pictures; safe to share between threads. Up to two fifths of a second of CPU for each picture."""

    def __init__(self, path: Path) -> None:
        self._net = OnnxNet(path)

    def encode(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(n, 512), rows of length one, for RGB uint8 pictures of any size, or one array of shape (n, h, w, 3).

        One at a time: the 8-bit net takes its scale from all of a batch, so that neighbours would change the values.
        """
        rows = np.zeros((len(pictures), WIDTH), dtype=np.float32)
        for n, picture in enumerate(pictures):
            rows[n] = self._net.run(_input(picture))[0]
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
        return np.asarray(rows / lengths, dtype=np.float32)


def load(paths: Sequence[Path]) -> ClipImageTower:
    """From the one .onnx file."""
    return ClipImageTower(paths[0])


def _input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(1, 3, 224, 224): the shorter side to 224 by Pillow's bicubic, the middle, CLIP's mean and deviation.

    As the publisher of these 8 bits does, and OpenAI. OpenCV's bicubic filters nothing when it shrinks.
    """
    from PIL import Image

    height, width = rgb.shape[:2]
    scale = _SIDE / min(height, width)
    size = (max(_SIDE, round(width * scale)), max(_SIDE, round(height * scale)))
    resized = Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - _SIDE) // 2, (size[1] - _SIDE) // 2
    middle = np.asarray(resized.crop((left, top, left + _SIDE, top + _SIDE)), dtype=np.float32) / np.float32(255)
    return np.ascontiguousarray(((middle - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None], dtype=np.float32)
