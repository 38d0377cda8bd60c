"""How strongly, and where in its tile, one video is marked: worked out on that video before it is published.

Two things are known here that a reader will not know: the clean pictures, and what an encoder makes of them. The tile
is laid where the pictures happen to agree with it already. The strength is the least that a harsh second encoding
leaves readable; where that would cost too many bytes, or be seen, it is less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.accumulate import accumulate
from provenance.watermark.embed import Embedder
from provenance.watermark.fold import canvas, read
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import TILE, Complex, lines, scale_of, write
from provenance.watermark.payload import Payload
from provenance.watermark.proxy import encoded, halved
from provenance.watermark.read import agreement

Luma = NDArray[np.uint8]

USUAL = 1.0
"""The strength where nothing can be tried out."""
_LEAST, _MOST = 0.35, 3.0
_MARGIN_HARSH, _MARGIN_MILD = 7.0, 9.5
"""The agreement, on the scale of the pilots alone, wanted after half the size at CRF 31, and after a cut and CRF 28."""
_GROWTH, _GROWTH_AT_MOST = 0.08, 0.25
_PSNR, _PSNR_AT_LEAST = 46.0, 44.5
"""Usually kept to; and where the mild encoding would not be survived otherwise."""
_FEW = 8
_CLOSE = 0.1
_GROWS = 1.3
"""Bytes grow with this power of the strength."""
_FINER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`growth` is the share of bytes the mark is expected to add; `margin` what a harsh second encoding leaves."""

    strength: float = USUAL
    shift: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    margin: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Y planes (height, width) of one video: `spread` over it, and a `run` of a piece or two; pictures a second."""

    spread: Sequence[Luma]
    run: Sequence[Luma]
    total: int
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    strength: float
    growth: float
    mild: float
    harsh: float
    psnr: float


def plan(survey: Survey, payload: Payload, key: WatermarkKey, *, crf: int, preset: str = "fast") -> Plan:
    """Tries strengths on the run, encoded as the video will be, then anew."""
    shift = _agreeing_shift(survey, payload, key)
    if len(survey.run) < _FEW:
        return Plan(shift=shift)
    clean = encoded(survey.run, crf=crf, rate=survey.rate, preset=preset).bytes_of(survey.total)
    trial = _try(survey, Embedder(payload, key, strength=USUAL, shift=shift), (crf, preset), clean)
    strength = _next(trial)
    if abs(strength / USUAL - 1) > _CLOSE:
        trial = _try(survey, Embedder(payload, key, strength=strength, shift=shift), (crf, preset), clean)
        strength = _next(trial)
    growth = trial.growth * (strength / trial.strength) ** _GROWS
    return Plan(strength=strength, shift=shift, growth=growth, margin=trial.harsh)


def _agreeing_shift(survey: Survey, payload: Payload, key: WatermarkKey) -> tuple[float, float]:
    matched = _values(survey.spread) * write(payload, key).conj()
    size, where = TILE * _FINER, lines()
    spectrum = np.zeros((size, size), np.complex64)
    spectrum[where.v % size, where.u % size] = matched
    surface = np.fft.ifft2(spectrum).real
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    return float(right) / _FINER, float(down) / _FINER


def _try(survey: Survey, embedder: Embedder, how: tuple[int, str], clean: float) -> _Trial:
    marked = [embedder(luma) for luma in survey.run]
    published = encoded(marked, crf=how[0], rate=survey.rate, preset=how[1])
    later = published.pictures[len(published.pictures) // 3 :]
    mild = encoded(later, crf=28, rate=survey.rate).pictures
    harsh = encoded(halved(published.pictures), crf=31, rate=survey.rate).pictures
    return _Trial(
        strength=embedder.strength,
        growth=published.bytes_of(survey.total) / clean - 1,
        mild=agreement(_values(mild), embedder.amplitudes) / 2,
        harsh=agreement(_values(harsh, survey.run[0].shape), embedder.amplitudes) / 2,
        psnr=embedder.psnr,
    )


def _next(trial: _Trial) -> float:
    """The least strength that clears the margins, or the most that bytes and eyes allow."""
    mild, harsh = (_to_reach(z, goal) for z, goal in ((trial.mild, _MARGIN_MILD), (trial.harsh, _MARGIN_HARSH)))
    gentle = min(_to_grow(trial.growth, _GROWTH), _to_show(trial.psnr, _PSNR))
    bold = min(_to_grow(trial.growth, _GROWTH_AT_MOST), _to_show(trial.psnr, _PSNR_AT_LEAST))
    factor = min(max(mild, harsh), max(gentle, min(mild, bold)))
    return float(np.clip(trial.strength * factor, _LEAST, _MOST))


def _to_reach(z: float, goal: float) -> float:
    """Strength over the one tried. Quantisers have dead zones: what hardly passes gains more than in proportion."""
    return float((goal / max(z, 2.0)) ** 0.8)


def _to_grow(growth: float, most: float) -> float:
    return float((most / max(growth, 0.004)) ** (1 / _GROWS))


def _to_show(psnr: float, least: float) -> float:
    return float(10 ** ((psnr - least) / 20))


def _values(pictures: Sequence[Luma], marked_at: tuple[int, ...] | None = None) -> Complex:
    """Of all lines, the geometry being known: marked at this size, perhaps resized since."""
    evidence = accumulate(pictures, work_side=360)
    height, width = marked_at or pictures[0].shape
    resized = pictures[0].shape[0] / height
    scale = scale_of(width, height) * resized / evidence.factor
    return read(canvas(evidence.picture, np.diag([scale, scale, 1.0]))).upright
