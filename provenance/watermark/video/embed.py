"""Writes the mark into brightness, picture by picture, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BadMedia
from media.arrays import ComplexArray, LumaPlane
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.video.carrier_layout import modulate, shift_tile
from provenance.watermark.video.motion_mask import MotionMask
from provenance.watermark.video.perceptual_mask import FLAT_RMS, perceptual_mask
from provenance.watermark.video.spatial_pattern import render_pattern

MIN_SHORT_SIDE = 128
"""The shorter side a video must have: less holds too little of a tile."""
_MASK_INTERVAL = 2  # pictures from one perceptual mask to the next
_INERTIA = 0.5  # share that the mask before keeps: against flicker

_MIN_LATER_STRENGTH = 1.25
"""The least strength of later pictures of a shot."""

_FADE_PER_FRAME = 0.9
"""The factor by which the strength falls from the first picture of a shot to that of later ones, for each picture."""

_LATER_SHARE = 0.7
"""Share of the strength of a shot's first picture that later ones have.

An encoder codes the first picture alone; where nothing moves later ones repeat it, with its mark, at no cost.
Marked as strongly they would be coded again, for twice the bytes; with any less a single one could not be read.
"""
_KEYFRAME_INTERVAL = 250
"""Pictures after which x264 codes one by itself also without a cut."""


class VideoWatermarker:
    """Marks the pictures of one video, in order. Call it with each Y plane (height, width).

    `amplitudes` are those of carrier_layout.modulate: one payload's, from which the secret cannot be told.
    `strength` scales what the visibility model allows in the first picture of a shot; `shift` moves the tile right and
    down, in canonical pixels: a reader finds it by itself. On flat ground the mark has at most `max_flat_rms` grey
    levels, however strong it is elsewhere.
    """

    def __init__(
        self,
        amplitudes: ComplexArray,
        *,
        strength: float = 1.0,
        shift: tuple[float, float] = (0.0, 0.0),
        max_flat_rms: float = float("inf"),
    ) -> None:
        self.amplitudes = shift_tile(amplitudes, *shift)
        self.strength = strength
        self._flat_rms = min(FLAT_RMS, max_flat_rms / strength)
        self._pattern: NDArray[np.float32] | None = None
        self._mask: NDArray[np.float32] | None = None
        self._change: NDArray[np.int16] | None = None
        self._motion_mask = MotionMask()
        self._level = 1.0
        self._frames_since_cut = 0
        self._error = 0.0
        self.pictures = 0
        self.pixels = 0

    def __call__(self, luma: LumaPlane, _at: float = 0.0) -> LumaPlane:
        """The marked plane. Raises BadMedia for a picture too small to carry the mark."""
        if self._pattern is None or self._pattern.shape != luma.shape:
            self._pattern, self._mask, self._motion_mask = self._render(luma), None, MotionMask()
            self._change = None
        calm = self._motion_mask(luma)
        self._fade(anew=self._change is None or self._motion_mask.scene_cut)
        if self._change is None or self.pictures % _MASK_INTERVAL == 0 or self._motion_mask.scene_cut:
            self._change = self._masked_pattern(luma, self._pattern, calm)
        marked: LumaPlane = cv2.add(luma, self._change, dtype=cv2.CV_8U)
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
        self._frames_since_cut = (
            0 if anew or self._frames_since_cut + 1 == _KEYFRAME_INTERVAL else self._frames_since_cut + 1
        )
        later = min(1.0, max(_LATER_SHARE, _MIN_LATER_STRENGTH / self.strength))
        self._level = later + (1 - later) * _FADE_PER_FRAME**self._frames_since_cut

    def _masked_pattern(
        self, luma: LumaPlane, pattern: NDArray[np.float32], calm: NDArray[np.float32]
    ) -> NDArray[np.int16]:
        """What to add, by a mask that follows the pictures without flicker, and restarts after a cut."""
        mask = perceptual_mask(luma, calm, flat_rms=self._flat_rms)
        steady = self._mask is not None and not self._motion_mask.scene_cut
        self._mask = cv2.addWeighted(self._mask, _INERTIA, mask, 1 - _INERTIA, 0) if steady else mask
        full = cv2.resize(self._mask, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(pattern, full, scale=self._level, dtype=cv2.CV_16S))

    def _render(self, luma: LumaPlane) -> NDArray[np.float32]:
        height, width = luma.shape
        if min(width, height) < MIN_SHORT_SIDE:
            raise BadMedia(
                f"the picture is {width} x {height}; a watermark needs at least {MIN_SHORT_SIDE} pixels a side"
            )
        return render_pattern(self.amplitudes, width, height) * np.float32(self.strength)


def embed_video(
    frames: Iterable[LumaPlane],
    payload: Payload,
    key: WatermarkKey,
    *,
    strength: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Iterator[LumaPlane]:
    """The Y planes (height, width) of one video, marked, in constant memory."""
    embedder = VideoWatermarker(modulate(payload, key), strength=strength, shift=shift)
    for luma in frames:
        yield embedder(luma)
