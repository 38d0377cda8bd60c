"""How strongly, and where in its tile, one video is marked: worked out on that video before it is published.

Two things are known here that a reader will not know: the clean pictures, and what an encoder makes of them. The tile
is laid where the pictures happen to agree with it already. The strength is what eyes allow, or less where the file
would grow by more than it may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from media.arrays import ComplexArray, LumaPlane
from provenance.watermark.video.carrier_layout import TILE_SIZE, subcarriers
from provenance.watermark.video.demodulate import demodulate, rectify
from provenance.watermark.video.embed import VideoWatermarker
from provenance.watermark.video.frame_accumulation import accumulate_frames
from provenance.watermark.video.trial_encode import trial_encode

DEFAULT_STRENGTH = 1.5
"""The strength where nothing can be tried out."""
DEFAULT_GROWTH = 0.1
"""The share of its bytes that the mark may add to a file, where nobody says otherwise."""
_MIN_STRENGTH = 0.7  # times the perceptual mask
_MAX_STRENGTH = 2.2  # times the perceptual mask
FLOOR_STRENGTH = 1.5
"""The strength that DEFAULT_GROWTH pays for even where the excerpts say that it costs _COST_ERROR_FACTOR as much.

At 1.5 nothing was seen at 200 % beside the unmarked encode.
"""
_MAX_PLANNED_STRENGTH = 1.8
"""The most that is planned: above it a little grain is seen at 200 % in dark hair."""
MAX_FLAT_RMS = 0.41
"""Grey levels (root mean square) of a planned mark on flat ground: above them grain is seen on a wall."""
_UNLIMITED_RMS = 255.0  # grey levels
_COST_ERROR_FACTOR = 1.8
"""How far the excerpts may err about the cost."""
_MIN_FIRST_PSNR = 41.0
"""dB: the least of a shot's first picture."""
_MIN_PSNR = 45.0
"""dB: the least of an excerpt of eight pictures."""
_EXCERPT_FRAMES = 8  # pictures of an excerpt
_MIN_SIDE_TO_CROP = 480  # pixels of the shorter side from which only the middle of each picture is tried
_SIZE_EXPONENT = 1.3
"""Bytes grow with this power of the strength."""
_LONG_RUN_SHARE = 0.46
"""An excerpt of eight pictures costs more than the rest of its shot: a long video grows by this share of it.

On thirteen clips that was right within a factor of 1.5 (standard deviation).
"""
_SETTLING_FRAMES = 30
"""A video of so many pictures grows by all of it."""
_OVERSAMPLING = 2  # samples for each canonical pixel, along each side


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingPlan:
    """`growth` is the share of bytes that the mark is expected to add."""

    strength: float = DEFAULT_STRENGTH
    shift: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    max_flat_rms: float = MAX_FLAT_RMS


@dataclass(frozen=True, slots=True, eq=False)
class VideoAnalysis:
    """Y planes (height, width) of one video: `sampled_frames` over it, and whole `excerpts` of it; pictures a
    second.
    """

    sampled_frames: Sequence[LumaPlane]
    excerpts: Sequence[Sequence[LumaPlane]]
    frame_count: int
    rate: float


def plan_embedding(
    analysis: VideoAnalysis, amplitudes: ComplexArray, *, crf: int, growth: float = DEFAULT_GROWTH
) -> EmbeddingPlan:
    """For the mark of these `amplitudes` (carrier_layout.modulate).

    Tries the strongest mark on the pieces: what of it is seen, and what it costs. `growth` is what it may cost."""
    shift = _best_shift(analysis, amplitudes)
    marker = partial(VideoWatermarker, amplitudes, shift=shift, max_flat_rms=MAX_FLAT_RMS)
    whole = [piece for piece in analysis.excerpts if len(piece) >= _EXCERPT_FRAMES]
    if not whole:
        return EmbeddingPlan(
            strength=max(
                _MIN_STRENGTH,
                DEFAULT_STRENGTH * _invisible_share(analysis.sampled_frames[:1], marker(strength=DEFAULT_STRENGTH))[0],
            ),
            shift=shift,
        )
    tried = [_invisible_share(piece, marker(strength=_MAX_STRENGTH)) for piece in whole]
    costs = _size_growth(analysis, whole, [marked for _, marked in tried], crf)
    solid = min(
        FLOOR_STRENGTH * min(1.0, _affordable_share(DEFAULT_GROWTH, growth)),
        _MAX_STRENGTH * _affordable_share(costs, _COST_ERROR_FACTOR * growth),
    )
    paid = max(solid, _MAX_STRENGTH * _affordable_share(costs, growth))
    strength = max(_MIN_STRENGTH, min(paid, _MAX_PLANNED_STRENGTH, *(_MAX_STRENGTH * unseen for unseen, _ in tried)))
    return EmbeddingPlan(strength=strength, shift=shift, growth=costs * (strength / _MAX_STRENGTH) ** _SIZE_EXPONENT)


def at_full_strength(plan: EmbeddingPlan) -> EmbeddingPlan:
    """The same with the most strength there is, whatever it costs and even if it might be seen."""
    growth = plan.growth * (_MAX_STRENGTH / plan.strength) ** _SIZE_EXPONENT
    return replace(plan, strength=_MAX_STRENGTH, growth=growth, max_flat_rms=_UNLIMITED_RMS)


def _invisible_share(pictures: Sequence[LumaPlane], embedder: VideoWatermarker) -> tuple[float, list[LumaPlane]]:
    """The share of the embedder's strength that is not seen in these pictures, the first of a shot; and them marked."""
    marked = [embedder(pictures[0])]
    margin = embedder.psnr - _MIN_FIRST_PSNR
    marked += [embedder(luma) for luma in pictures[1:]]
    if len(pictures) > 1:
        margin = min(margin, embedder.psnr - _MIN_PSNR)
    return float(min(1.0, 10 ** (margin / 20))), marked


def _size_growth(
    analysis: VideoAnalysis, clean: Sequence[Sequence[LumaPlane]], marked: Sequence[Sequence[LumaPlane]], crf: int
) -> float:
    """The share of bytes that the whole video grows by."""
    before, after = (
        sum(
            trial_encode([_centre_crop(luma) for luma in piece], crf=crf, rate=analysis.rate).estimated_bytes(
                analysis.frame_count
            )
            for piece in pieces
        )
        for pieces in (clean, marked)
    )
    lasts = _LONG_RUN_SHARE + (1 - _LONG_RUN_SHARE) * min(1.0, _SETTLING_FRAMES / analysis.frame_count)
    return (after / before - 1) * lasts


def _centre_crop(luma: LumaPlane) -> LumaPlane:
    """Half of each side where the picture is large: enough to tell how bytes grow, for a quarter of the work."""
    height, width = luma.shape
    if min(height, width) < _MIN_SIDE_TO_CROP:
        return luma
    top, left = height // 4, width // 4
    return np.ascontiguousarray(luma[top : top + height // 4 * 2, left : left + width // 4 * 2])


def _best_shift(analysis: VideoAnalysis, amplitudes: ComplexArray) -> tuple[float, float]:
    matched = _carrier_values(analysis.sampled_frames) * amplitudes.conj()
    size, where = TILE_SIZE * _OVERSAMPLING, subcarriers()
    spectrum = np.zeros((size, size), np.complex64)
    spectrum[where.v % size, where.u % size] = matched
    surface = np.fft.ifft2(spectrum).real
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    return float(right) / _OVERSAMPLING, float(down) / _OVERSAMPLING


def _affordable_share(costs: float, growth: float) -> float:
    """Of a strength that costs so many bytes the share that may be spent.

    Quantisers have dead zones: less strength costs more than in proportion.
    """
    return float((growth / max(costs, 1e-4)) ** (1 / _SIZE_EXPONENT))


def _carrier_values(pictures: Sequence[LumaPlane]) -> ComplexArray:
    """Of all lines, the geometry being known."""
    evidence = accumulate_frames(pictures, min_short_side=360)
    return demodulate(rectify(evidence.mean_frame, np.diag([evidence.scale, evidence.scale, 1.0]))).upright
