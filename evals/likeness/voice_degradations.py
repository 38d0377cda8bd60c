"""What is done to a voice on its way: compressed, among noise, over music."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np

from media.arrays import AudioSamples
from media.video import MONO_SAMPLE_RATE


def through_aac(samples: AudioSamples, rate: int = 64_000) -> AudioSamples:
    """Through AAC and back."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        track = out.add_stream("aac", rate=MONO_SAMPLE_RATE, layout="mono")
        track.bit_rate = rate
        frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
        frame.rate = MONO_SAMPLE_RATE
        out.mux(track.encode(frame))
        out.mux(track.encode(None))
    file.seek(0)
    with av.open(file, "r") as back:
        return np.concatenate([piece.to_ndarray()[0] for piece in back.decode(audio=0)]).astype(np.float32)


def add_white_noise(samples: AudioSamples, snr_db: float) -> AudioSamples:
    """White noise, so many decibels below the voice; the same every time."""
    drawn = np.random.default_rng(5).standard_normal(len(samples)).astype(np.float32)
    return _mixed(samples, drawn, snr_db)


def add_music(samples: AudioSamples, tune: AudioSamples, snr_db: float) -> AudioSamples:
    """Over a tune, so many decibels below the voice."""
    return _mixed(samples, np.resize(tune[5 * MONO_SAMPLE_RATE :], len(samples)), snr_db)


def _mixed(voice: AudioSamples, other: AudioSamples, decibels: float) -> AudioSamples:
    loud, quiet = float(np.sqrt(np.mean(voice**2))), float(np.sqrt(np.mean(other**2)))
    factor = loud / max(quiet, 1e-9) * 10 ** (-decibels / 20)
    return np.asarray(np.clip(voice + factor * other, -1, 1), np.float32)
