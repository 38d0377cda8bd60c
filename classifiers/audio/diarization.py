"""Who speaks when: speech cut into windows, described, and put together by voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.audio.voice_template import embed_campplus, embed_voice
from classifiers.models import Models
from classifiers.models.speaker_nets import VAD_HOP
from core.signals import Span
from media.arrays import AudioSamples, Embedding
from media.video import MONO_SAMPLE_RATE

MIN_VOICE_SECONDS = 1.5
"""Seconds of one voice below which it cannot be recognised."""

_WINDOW_SAMPLES = int(1.5 * MONO_SAMPLE_RATE)  # samples that are embedded at once
_STEP_SAMPLES = int(1.0 * MONO_SAMPLE_RATE)  # samples from one window to the next
_PAUSE = int(0.4 * MONO_SAMPLE_RATE)  # shorter pauses do not end a stretch of speech
_SAME_VOICE_COSINE = 0.45  # mean cosine of CAM++ between windows of one voice: strangers reach 0.43 once in a thousand
_EMBEDDED_SAMPLES = 10 * MONO_SAMPLE_RATE  # as much of each voice is described
MAX_VOICES = 12  # voices of one sound that are distinguished: bounds time


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerVoice:
    """One voice: its template, the seconds that were heard of it, where it is first heard, and all windows of it."""

    template: Embedding
    seconds: float
    first_span: Span
    spans: tuple[Span, ...] = ()


def diarize(samples: AudioSamples, spoken: NDArray[np.bool_], models: Models) -> tuple[list[SpeakerVoice], float]:
    """The voices, the one heard most first; and the seconds of speech that were too little to recognise anyone."""
    windows = [piece for stretch in _stretches(spoken, len(samples)) for piece in _cut(*stretch)]
    long_enough = [piece for piece in windows if piece[1] - piece[0] >= MONO_SAMPLE_RATE]
    groups = _grouped([embed_campplus(samples[start:end], models) for start, end in long_enough])
    voices = [_voice(samples, [long_enough[n] for n in group], models) for group in groups]
    kept = sorted((v for v in voices if v.seconds >= MIN_VOICE_SECONDS), key=lambda v: -v.seconds)[:MAX_VOICES]
    spoken_for = float(spoken.sum()) * VAD_HOP / MONO_SAMPLE_RATE
    return kept, max(0.0, spoken_for - sum(voice.seconds for voice in kept))


def _stretches(spoken: NDArray[np.bool_], length: int) -> list[tuple[int, int]]:
    """Stretches of samples (start, end) in which somebody speaks; short pauses are part of them."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], spoken, [False]]).astype(np.int8)))
    stretches: list[tuple[int, int]] = []
    for start, end in zip(edges[::2] * VAD_HOP, edges[1::2] * VAD_HOP, strict=True):
        stop = min(int(end), length)
        if stretches and start - stretches[-1][1] < _PAUSE:
            stretches[-1] = (stretches[-1][0], stop)
        else:
            stretches.append((int(start), stop))
    return stretches


def _cut(start: int, end: int) -> list[tuple[int, int]]:
    """Windows over a stretch; what is left at the end widens the last one."""
    starts = range(start, max(start + 1, end - _WINDOW_SAMPLES + 1), _STEP_SAMPLES)
    return [(at, end if at == starts[-1] else at + _WINDOW_SAMPLES) for at in starts]


def _grouped(vectors: list[Embedding]) -> list[list[int]]:
    """Indices by voice: average linkage on cosines, cut where the mean falls below _SAME_VOICE_COSINE."""
    if len(vectors) < 2:
        return [[n] for n in range(len(vectors))]
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(np.stack(vectors), method="average", metric="cosine")
    names = fcluster(tree, t=1 - _SAME_VOICE_COSINE, criterion="distance")
    return [np.flatnonzero(names == name).tolist() for name in np.unique(names)]


def _voice(samples: AudioSamples, windows: list[tuple[int, int]], models: Models) -> SpeakerVoice:
    used = np.zeros(len(samples), dtype=bool)
    for start, end in windows:
        used[start:end] = True
    spans = tuple(
        Span(start=round(start / MONO_SAMPLE_RATE, 2), end=round(end / MONO_SAMPLE_RATE, 2)) for start, end in windows
    )
    template = embed_voice(samples[used][:_EMBEDDED_SAMPLES], models)
    return SpeakerVoice(template, float(used.sum()) / MONO_SAMPLE_RATE, spans[0], spans)


def who_speaks(at: Span, voices: Sequence[SpeakerVoice]) -> int:
    """The number of the voice that is heard most in these seconds, from 1 on; 0 where none is."""
    heard = [sum(max(0.0, min(at.end, one.end) - max(at.start, one.start)) for one in v.spans) for v in voices]
    most = max(heard, default=0.0)
    return heard.index(most) + 1 if most > 0 else 0
