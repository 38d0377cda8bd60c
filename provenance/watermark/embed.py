"""Writes the mark into brightness, picture by picture, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BadMedia
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import shifted, write
from provenance.watermark.mask import visibility
from provenance.watermark.motion import Calm
from provenance.watermark.pattern import draw
from provenance.watermark.payload import Payload

SMALLEST = 128
"""The shorter side a video must have: less holds too little of a tile."""
_MASK_EVERY = 2
_INERTIA = 0.5
_LATER, _AT_LEAST, _FADES = 0.7, 1.25, 0.9
"""Later pictures of a shot: their share of the strength of the first, the least that comes to, how slowly they fade.

An encoder codes the first picture by itself, and in what stands still later ones repeat it, mark and all, for nothing.
Marked as strongly themselves, they would be coded anew, for twice the bytes; any less, and one alone could not be read.
"""
_AGAIN = 250
"""Pictures after which x264 codes one by itself also without a cut."""

Luma = NDArray[np.uint8]


class Embedder:
    """Marks the pictures of one video, in order. Call it with each Y plane (height, width).

    `strength` scales what the visibility model allows in the first picture of a shot; `shift` moves the tile right and
    down, in canonical pixels: a reader finds it by itself.
    """

    def __init__(
        self,
        payload: Payload,
        key: WatermarkKey,
        *,
        strength: float = 1.0,
        shift: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.amplitudes = shifted(write(payload, key), *shift)
        self.strength = strength
        self._pattern: NDArray[np.float32] | None = None
        self._mask: NDArray[np.float32] | None = None
        self._change: NDArray[np.int16] | None = None
        self._calm = Calm()
        self._level = 1.0
        self._since = 0
        self._error = 0.0
        self.pictures = 0
        self.pixels = 0

    def __call__(self, luma: Luma, _at: float = 0.0) -> Luma:
        """The marked plane. Raises BadMedia for a picture too small to carry the mark."""
        if self._pattern is None or self._pattern.shape != luma.shape:
            self._pattern, self._mask, self._calm = self._drawn(luma), None, Calm()
            self._change = None
        calm = self._calm(luma)
        self._fade(anew=self._change is None or self._calm.cut)
        if self._change is None or self.pictures % _MASK_EVERY == 0 or self._calm.cut:
            self._change = self._follow(luma, self._pattern, calm)
        marked: Luma = cv2.add(luma, self._change, dtype=cv2.CV_8U)
        self._error += cv2.norm(luma, marked, cv2.NORM_L2SQR)
        self.pictures += 1
        self.pixels += luma.size
        return marked

    @property
    def psnr(self) -> float:
        """Of the mark alone, in dB, over all pictures so far."""
        return float(10 * np.log10(255**2 * self.pixels / self._error)) if self._error else float("inf")

    def _fade(self, *, anew: bool) -> None:
        """The share of the strength that this picture has."""
        self._since = 0 if anew or self._since + 1 == _AGAIN else self._since + 1
        later = min(1.0, max(_LATER, _AT_LEAST / self.strength))
        self._level = later + (1 - later) * _FADES**self._since

    def _follow(self, luma: Luma, pattern: NDArray[np.float32], calm: NDArray[np.float32]) -> NDArray[np.int16]:
        """What to add, by a mask that follows the pictures without flicker, and starts anew after a cut."""
        mask = visibility(luma, calm)
        steady = self._mask is not None and not self._calm.cut
        self._mask = cv2.addWeighted(self._mask, _INERTIA, mask, 1 - _INERTIA, 0) if steady else mask
        full = cv2.resize(self._mask, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(pattern, full, scale=self._level, dtype=cv2.CV_16S))

    def _drawn(self, luma: Luma) -> NDArray[np.float32]:
        height, width = luma.shape
        if min(width, height) < SMALLEST:
            raise BadMedia(f"the picture is {width} x {height}; a watermark needs at least {SMALLEST} pixels a side")
        return draw(self.amplitudes, width, height) * np.float32(self.strength)


def embed_video(
    frames: Iterable[Luma],
    payload: Payload,
    key: WatermarkKey,
    *,
    strength: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Iterator[Luma]:
    """The Y planes (height, width) of one video, marked, in constant memory."""
    embedder = Embedder(payload, key, strength=strength, shift=shift)
    for luma in frames:
        yield embedder(luma)
