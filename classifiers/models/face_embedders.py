"""Describes aligned faces: dlib's ResNet v1 (8-bit) and HSE-FaceRes (MobileNet), two nets of different make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.onnx_net import OnnxNet


class FaceEmbedder:
    """Turns aligned faces into numbers; `size` is the side of the picture it wants."""

    def __init__(self, path: Path, size: int) -> None:
        self._net, self.size = OnnxNet(path), size

    def embed(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(n, d) float32 for n RGB pictures of size x size, each averaged with its mirror image."""
        views = np.stack([view for chip in chips for view in (chip, chip[:, ::-1])]).astype(np.float32)
        embeddings = self._net.run(views)
        return np.asarray(embeddings.reshape(len(chips), 2, -1).mean(axis=1), dtype=np.float32)


def load_dlib(paths: Sequence[Path]) -> FaceEmbedder:
    """128 numbers."""
    return FaceEmbedder(paths[0], 150)


def load_faceres(paths: Sequence[Path]) -> FaceEmbedder:
    """1024 numbers."""
    return FaceEmbedder(paths[0], 224)
