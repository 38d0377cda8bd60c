"""A copy of a recording for people to listen to: mono, as clear as a good telephone, small."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO

import av
import numpy as np
from av import AudioFrame

from media.video import MONO_SAMPLE_RATE, MonoAudio

LISTENING_TYPE = "audio/mpeg"
_BITRATE = 32_000  # bits a second: 2.4 MB for ten minutes
_BLOCK = MONO_SAMPLE_RATE  # samples that are encoded at once


def listening_copy(heard: MonoAudio) -> bytes:
    """An MP3 of what was decoded, which every browser plays."""
    out = BytesIO()
    with av.open(out, "w", format="mp3") as container:
        track = container.add_stream("libmp3lame", rate=MONO_SAMPLE_RATE)
        track.codec_context.layout = "mono"
        track.codec_context.bit_rate = _BITRATE
        for start in range(0, len(heard.samples), _BLOCK):
            block = np.ascontiguousarray(heard.samples[None, start : start + _BLOCK])
            frame = AudioFrame.from_ndarray(block, "fltp", "mono")
            frame.rate, frame.time_base, frame.pts = MONO_SAMPLE_RATE, Fraction(1, MONO_SAMPLE_RATE), start
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return out.getvalue()
