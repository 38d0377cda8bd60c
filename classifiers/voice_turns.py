"""Who speaks when: speech cut into windows, described, and put together by voice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.models.voice_nets import HOP
from classifiers.voice_template import Samples, Template, campplus, describe_voice
from core.signals import Span
from media.video import HEARD_RATE

LEAST_SPEECH = 1.5
"""Seconds of one voice below which it cannot be recognised."""

_WINDOW, _STEP = int(1.5 * HEARD_RATE), int(1.0 * HEARD_RATE)
_PAUSE = int(0.4 * HEARD_RATE)  # shorter pauses do not end a stretch of speech
_ONE_VOICE = 0.45  # mean cosine of CAM++ between windows of one voice: strangers reach 0.43 once in a thousand
_DESCRIBED = 10 * HEARD_RATE  # as much of each voice is described
MOST_VOICES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """One voice: its template, the seconds that were heard of it, and where it is first heard."""

    template: Template
    seconds: float
    first: Span


def voices_in(samples: Samples, spoken: NDArray[np.bool_]) -> tuple[list[Voice], float]:
    """The voices, the one heard most first; and the seconds of speech that were too little to recognise anyone."""
    windows = [piece for stretch in _stretches(spoken, len(samples)) for piece in _cut(*stretch)]
    long_enough = [piece for piece in windows if piece[1] - piece[0] >= HEARD_RATE]
    groups = _grouped([campplus(samples[start:end]) for start, end in long_enough])
    voices = [_voice(samples, [long_enough[n] for n in group]) for group in groups]
    kept = sorted((v for v in voices if v.seconds >= LEAST_SPEECH), key=lambda v: -v.seconds)[:MOST_VOICES]
    spoken_for = float(spoken.sum()) * HOP / HEARD_RATE
    return kept, max(0.0, spoken_for - sum(voice.seconds for voice in kept))


def _stretches(spoken: NDArray[np.bool_], length: int) -> list[tuple[int, int]]:
    """Samples from which to which somebody speaks; short pauses belong to it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], spoken, [False]]).astype(np.int8)))
    found: list[tuple[int, int]] = []
    for start, end in zip(edges[::2] * HOP, edges[1::2] * HOP, strict=True):
        stop = min(int(end), length)
        if found and start - found[-1][1] < _PAUSE:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((int(start), stop))
    return found


def _cut(start: int, end: int) -> list[tuple[int, int]]:
    """Windows over a stretch; what is left at the end widens the last one."""
    starts = range(start, max(start + 1, end - _WINDOW + 1), _STEP)
    return [(at, end if at == starts[-1] else at + _WINDOW) for at in starts]


def _grouped(vectors: list[Template]) -> list[list[int]]:
    """Indices by voice: average linkage on cosines, cut where the mean falls below _ONE_VOICE."""
    if len(vectors) < 2:
        return [[n] for n in range(len(vectors))]
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(np.stack(vectors), method="average", metric="cosine")
    names = fcluster(tree, t=1 - _ONE_VOICE, criterion="distance")
    return [np.flatnonzero(names == name).tolist() for name in np.unique(names)]


def _voice(samples: Samples, windows: list[tuple[int, int]]) -> Voice:
    heard = np.zeros(len(samples), dtype=bool)
    for start, end in windows:
        heard[start:end] = True
    first = Span(start=round(windows[0][0] / HEARD_RATE, 2), end=round(windows[0][1] / HEARD_RATE, 2))
    return Voice(describe_voice(samples[heard][:_DESCRIBED]), float(heard.sum()) / HEARD_RATE, first)
