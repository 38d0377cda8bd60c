"""Sound that is made here: a voice that never said a word, chords, and noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Samples = NDArray[np.float32]


def voice(seconds: float, rate: int, *, seed: int = 0) -> Samples:
    """(n, 1): syllables of a gliding pitch through three formants, with breath between them."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate)
    time = np.arange(count) / rate
    pitch = 130 + 25 * np.sin(2 * np.pi * 0.7 * time + seed) + 8 * np.sin(2 * np.pi * 2.3 * time)
    phase = np.cumsum(pitch / rate)
    source = np.diff(np.floor(phase), prepend=0.0) + rng.normal(0, 0.03, count)
    for hertz, width in ((600 + 40 * seed, 90), (1500, 140), (2700, 220)):
        radius = np.exp(-np.pi * width / rate)
        source = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * hertz / rate), radius**2], source)
    syllables = 0.15 + np.clip(np.sin(2 * np.pi * 3.1 * time + seed), 0, 1) ** 0.7
    sound = source * syllables
    return (0.4 * sound / np.abs(sound).max()).astype(np.float32)[:, None]


def chords(seconds: float, rate: int) -> Samples:
    """(n, 2): struck strings, a new chord every half second, panned apart."""
    count, rng = round(seconds * rate), np.random.default_rng(3)
    out = np.zeros((count, 2))
    for start in range(0, count, rate // 2):
        time = np.arange(count - start) / rate
        for note in rng.choice([0, 3, 5, 7, 10, 12, 15], 4, replace=False):
            pan = rng.uniform(0.2, 0.8)
            for harmonic in range(1, 12):
                tone = np.sin(2 * np.pi * 196 * 2 ** (note / 12) * harmonic * time + rng.uniform(0, 6))
                out[start:] += (tone * np.exp(-time * (2 + harmonic / 2)) / harmonic)[:, None] * [pan, 1 - pan]
    out += rng.normal(0, 0.002, out.shape)
    return (0.5 * out / np.abs(out).max()).astype(np.float32)


def blocks(samples: Samples, size: int = 1024) -> Iterator[Samples]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]
