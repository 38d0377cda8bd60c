"""What is done to a voice on its way: compressed, among noise, over music."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from media.video import HEARD_RATE

Samples = NDArray[np.float32]


def aac(samples: Samples, rate: int = 64_000) -> Samples:
    """Through AAC and back."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        track = out.add_stream("aac", rate=HEARD_RATE, layout="mono")
        track.bit_rate = rate
        frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
        frame.rate = HEARD_RATE
        out.mux(track.encode(frame))
        out.mux(track.encode(None))
    file.seek(0)
    with av.open(file, "r") as back:
        return np.concatenate([piece.to_ndarray()[0] for piece in back.decode(audio=0)]).astype(np.float32)


def noise(samples: Samples, decibels: float) -> Samples:
    """White noise, so many decibels below the voice; the same every time."""
    drawn = np.random.default_rng(5).standard_normal(len(samples)).astype(np.float32)
    return _mixed(samples, drawn, decibels)


def music(samples: Samples, tune: Samples, decibels: float) -> Samples:
    """Over a tune, so many decibels below the voice."""
    return _mixed(samples, np.resize(tune[5 * HEARD_RATE :], len(samples)), decibels)


def _mixed(voice: Samples, other: Samples, decibels: float) -> Samples:
    loud, quiet = float(np.sqrt(np.mean(voice**2))), float(np.sqrt(np.mean(other**2)))
    factor = loud / max(quiet, 1e-9) * 10 ** (-decibels / 20)
    return np.asarray(np.clip(voice + factor * other, -1, 1), np.float32)
