"""Describes aligned faces by SFace, whose weights are fetched and unfolded as they are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.onnx_net import OnnxNet
from classifiers.models.sface.unfolded_onnx import unfold_weights


class SFaceEmbedder:
    """As FaceEmbedder, for the one net whose pictures come one at a time and colour by colour."""

    size = 112

    def __init__(self, path: Path) -> None:
        self._net = OnnxNet(unfold_weights(path.read_bytes()))

    def embed(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(n, 128) float32 for n RGB pictures of 112 x 112, each averaged with its mirror image."""
        return np.stack([(self._embed_view(chip) + self._embed_view(chip[:, ::-1])) / 2 for chip in chips])

    def _embed_view(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._net.run(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32))[0], np.float32)


def load(paths: Sequence[Path]) -> SFaceEmbedder:
    """128 numbers."""
    return SFaceEmbedder(paths[0])
