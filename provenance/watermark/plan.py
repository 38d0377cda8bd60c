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
from numpy.typing import NDArray

from provenance.watermark.accumulate import accumulate
from provenance.watermark.embed import Embedder
from provenance.watermark.fold import canvas, read
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import TILE, Complex, lines, write
from provenance.watermark.payload import Payload
from provenance.watermark.proxy import encoded

Luma = NDArray[np.uint8]

USUAL = 1.5
"""The strength where nothing can be tried out."""
GROWTH = 0.05
"""The share of its bytes that the mark may add to a file, where nobody says otherwise."""
_LEAST, _MOST = 0.7, 2.2
_SOLID, _ERRS = 1.2, 1.8
"""The strength that GROWTH pays for even if the pieces say it costs up to so many times as much: as far as they err."""
_FIRST_PSNR, _PSNR = 41.0, 45.0
"""In dB, at least: of the first picture of a shot, and of a piece of eight pictures."""
_FEW = 8
_LARGE = 480
_GROWS = 1.3
"""Bytes grow with this power of the strength."""
_STEADY, _SETTLES = 0.46, 30
"""A piece of eight pictures costs more than the rest of its shot: of what it grew by, a long video grows by this share,
and one of so many pictures by all of it. On thirteen clips that was right within a factor of 1.5 (standard deviation).
"""
_FINER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`growth` is the share of bytes that the mark is expected to add."""

    strength: float = USUAL
    shift: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Y planes (height, width) of one video: `spread` over it, and whole `pieces` of it; pictures a second."""

    spread: Sequence[Luma]
    pieces: Sequence[Sequence[Luma]]
    total: int
    rate: float


def plan(survey: Survey, payload: Payload, key: WatermarkKey, *, crf: int, growth: float = GROWTH) -> Plan:
    """Tries the strongest mark on the pieces: what of it is seen, and what it costs. `growth` is what it may cost."""
    shift = _agreeing_shift(survey, payload, key)
    marker = partial(Embedder, payload, key, shift=shift)
    whole = [piece for piece in survey.pieces if len(piece) >= _FEW]
    if not whole:
        return Plan(strength=max(_LEAST, USUAL * _unseen(survey.spread[:1], marker(strength=USUAL))[0]), shift=shift)
    tried = [_unseen(piece, marker(strength=_MOST)) for piece in whole]
    costs = _costs(survey, whole, [marked for _, marked in tried], crf)
    solid = min(_SOLID * min(1.0, _worth(GROWTH, growth)), _MOST * _worth(costs, _ERRS * growth))
    paid = max(solid, _MOST * _worth(costs, growth))
    strength = max(_LEAST, min(paid, _MOST, *(_MOST * unseen for unseen, _ in tried)))
    return Plan(strength=strength, shift=shift, growth=costs * (strength / _MOST) ** _GROWS)


def strongest(chosen: Plan) -> Plan:
    """The same with the most strength there is, whatever it costs and even if it might be seen."""
    return replace(chosen, strength=_MOST, growth=chosen.growth * (_MOST / chosen.strength) ** _GROWS)


def _unseen(pictures: Sequence[Luma], embedder: Embedder) -> tuple[float, list[Luma]]:
    """The share of the embedder's strength that is not seen in these pictures, the first of a shot; and them marked."""
    marked = [embedder(pictures[0])]
    room = embedder.psnr - _FIRST_PSNR
    marked += [embedder(luma) for luma in pictures[1:]]
    if len(pictures) > 1:
        room = min(room, embedder.psnr - _PSNR)
    return float(min(1.0, 10 ** (room / 20))), marked


def _costs(survey: Survey, clean: Sequence[Sequence[Luma]], marked: Sequence[Sequence[Luma]], crf: int) -> float:
    """The share of bytes that the whole video grows by."""
    before, after = (
        sum(
            encoded([_middle(luma) for luma in piece], crf=crf, rate=survey.rate).bytes_of(survey.total)
            for piece in pieces
        )
        for pieces in (clean, marked)
    )
    lasts = _STEADY + (1 - _STEADY) * min(1.0, _SETTLES / survey.total)
    return (after / before - 1) * lasts


def _middle(luma: Luma) -> Luma:
    """Half of each side where the picture is large: enough to tell how bytes grow, for a quarter of the work."""
    height, width = luma.shape
    if min(height, width) < _LARGE:
        return luma
    top, left = height // 4, width // 4
    return np.ascontiguousarray(luma[top : top + height // 4 * 2, left : left + width // 4 * 2])


def _agreeing_shift(survey: Survey, payload: Payload, key: WatermarkKey) -> tuple[float, float]:
    matched = _values(survey.spread) * write(payload, key).conj()
    size, where = TILE * _FINER, lines()
    spectrum = np.zeros((size, size), np.complex64)
    spectrum[where.v % size, where.u % size] = matched
    surface = np.fft.ifft2(spectrum).real
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    return float(right) / _FINER, float(down) / _FINER


def _worth(costs: float, growth: float) -> float:
    """Of a strength that costs so many bytes the share that may be spent.

    Quantisers have dead zones: less strength costs more than in proportion.
    """
    return float((growth / max(costs, 1e-4)) ** (1 / _GROWS))


def _values(pictures: Sequence[Luma]) -> Complex:
    """Of all lines, the geometry being known."""
    evidence = accumulate(pictures, work_side=360)
    return read(canvas(evidence.picture, np.diag([evidence.scale, evidence.scale, 1.0]))).upright
