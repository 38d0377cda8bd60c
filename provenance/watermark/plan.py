"""How strongly, and where in its tile, one video is marked: worked out on that video before it is published.

Two things are known here that a reader will not know: the clean pictures, and what an encoder makes of them. The tile
is laid where the pictures happen to agree with it already. The strength is what eyes allow, or less where a harsh
second encoding leaves more than enough; unless all of it costs few bytes.
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

USUAL = 1.5
"""The strength where nothing can be tried out."""
_LEAST, _MOST = 0.5, 2.2
_MARGIN = 8.0
"""The agreement, on the scale of the pilots alone, wanted after half the size at CRF 32. A short piece flatters."""
_GROWTH_WANTED = 0.05
_PSNR_AT_LEAST = 42.5
"""In dB, of the first picture of a shot; those after it have up to 9 dB more."""
_FEW = 8
_LARGE = 480
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


def plan(survey: Survey, payload: Payload, key: WatermarkKey, *, crf: int, preset: str = "fast") -> Plan:
    """Tries the most that eyes allow on the run: what its bytes are, and what a harsh encoder leaves of it."""
    shift = _agreeing_shift(survey, payload, key)
    first = (survey.run or survey.spread)[0]
    if len(survey.run) < _FEW:
        return Plan(strength=_shown(first, Embedder(payload, key, strength=USUAL, shift=shift)), shift=shift)
    most = _shown(first, Embedder(payload, key, strength=_MOST, shift=shift))
    embedder = Embedder(payload, key, strength=most, shift=shift)
    marked = [embedder(luma) for luma in survey.run]
    margin = _left(marked, embedder, survey.rate)
    growth = _growth(survey, marked, crf=crf, preset=preset)
    strength = float(np.clip(most * _share(margin=margin, growth=growth), _LEAST, _MOST))
    return Plan(strength=strength, shift=shift, growth=growth * (strength / most) ** _GROWS, margin=margin)


def _shown(luma: Luma, embedder: Embedder) -> float:
    """The embedder's strength, or less if its mark would be seen in this picture, the first of a shot."""
    embedder(luma)
    return float(max(_LEAST, embedder.strength * min(1.0, 10 ** ((embedder.psnr - _PSNR_AT_LEAST) / 20))))


def _left(marked: Sequence[Luma], embedder: Embedder, rate: float) -> float:
    harsh = encoded(halved(marked), crf=32, rate=rate).pictures
    return agreement(_values(harsh, marked[0].shape), embedder.amplitudes) / 2


def _growth(survey: Survey, marked: Sequence[Luma], *, crf: int, preset: str) -> float:
    clean, more = (
        encoded([_middle(luma) for luma in pictures], crf=crf, rate=survey.rate, preset=preset).bytes_of(survey.total)
        for pictures in (survey.run, marked)
    )
    return more / clean - 1


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


def _share(*, margin: float, growth: float) -> float:
    """Of the strength tried: what is enough for the margin, or what the bytes wanted allow, whichever is more.

    Quantisers have dead zones: less strength costs more than in proportion.
    """
    to_reach = (_MARGIN / max(margin, 2.0)) ** 0.8
    to_grow = (_GROWTH_WANTED / max(growth, 0.004)) ** (1 / _GROWS)
    return float(min(1.0, max(to_reach, to_grow)))


def _values(pictures: Sequence[Luma], marked_at: tuple[int, ...] | None = None) -> Complex:
    """Of all lines, the geometry being known: marked at this size, perhaps resized since."""
    evidence = accumulate(pictures, work_side=360)
    height, width = marked_at or pictures[0].shape
    resized = pictures[0].shape[0] / height
    scale = scale_of(width, height) * resized / evidence.factor
    return read(canvas(evidence.picture, np.diag([scale, scale, 1.0]))).upright
