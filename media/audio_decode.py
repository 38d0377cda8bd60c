"""Listens to a file: its first sound track in mono at 16 kHz, which is what speech is measured at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.codec import dump, load
from core.errors import BadInput
from media.audio_codec import AudioDecoder
from media.container import check_file, open_audio
from media.sandbox import client
from media.sandbox.limits import InputLimits
from media.sandbox.scan import input_limits
from media.sound.loudness import LOUDNESS_RATE, LoudnessCurve, LoudnessMeter
from media.video import MONO_SAMPLE_RATE, MonoAudio

_MAX_SECONDS = 3600.0  # seconds of sound that are decoded at most: 230 MB


def decode_mono_audio(
    path: Path, *, seconds: float = 600.0, limits: InputLimits | None = None, loudness: bool = False
) -> MonoAudio | None:
    """The first `seconds` of a video's or sound file's track, if asked with how loud it is; None where it has none.

    Raises BadMedia.
    """
    if not 0 < seconds <= _MAX_SECONDS:
        raise BadInput(f"listen() takes between 0 and {_MAX_SECONDS:.0f} seconds")
    limits = limits or input_limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "seconds": seconds, "limits": dump(limits), "loudness": loudness}
    answer = client.run_sandboxed("media.audio_decode:decode_mono_audio_in_process", arguments, reads=[path])
    if not answer:
        return None
    curve = LoudnessCurve(**answer["loudness"]) if loudness else None
    return MonoAudio(samples=answer["samples"], complete=answer["whole"], loudness=curve)


def decode_mono_audio_in_process(
    path: str, seconds: float, limits: dict[str, Any], loudness: bool = False
) -> dict[str, Any] | None:
    """As listen(), in this process, for use inside the sandbox."""
    max_samples, decoded_samples = int(seconds * MONO_SAMPLE_RATE), 0
    blocks: list[Any] = []
    with open_audio(Path(path)) as (container, track):
        if track is None:
            return None
        decoder = AudioDecoder(track, MONO_SAMPLE_RATE, load(InputLimits, limits))
        for packet in container.demux(track):
            for block in decoder.decode(packet):
                blocks.append(np.nan_to_num(block.mean(axis=1)))
                decoded_samples += len(block)
            if decoded_samples > max_samples:
                break
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    return {
        "samples": np.clip(samples[:max_samples], -1, 1).astype(np.float32),
        "whole": decoded_samples <= max_samples,
        **({"loudness": _loudness(Path(path), seconds, load(InputLimits, limits))} if loudness else {}),
    }


def _loudness(path: Path, seconds: float, limits: InputLimits) -> dict[str, Any]:
    """The curve of the first `seconds`, of all channels, at the rate for which it is defined: a decoding of its own."""
    meter, left = LoudnessMeter(), int(seconds * LOUDNESS_RATE)
    with open_audio(path) as (container, track):
        if track is not None:
            decoder = AudioDecoder(track, LOUDNESS_RATE, limits)
            for packet in container.demux(track):
                for block in decoder.decode(packet):
                    meter.push(block[: max(0, left)])
                    left -= len(block)
                if left <= 0:
                    break
    curve = meter.curve()
    return {"energy": curve.energy, "peak": curve.peak}
