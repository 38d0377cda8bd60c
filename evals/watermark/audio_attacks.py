"""What happens to sound on its way: each attack is a function from sound to sound, codecs by PyAV.

Sound is float32 (n, channels) in [-1, 1] with its rate in Hz. To add one: write it and name it in AUDIO_ATTACKS.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from math import gcd
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt

AudioSignal = tuple[NDArray[np.float32], int]
AudioAttack = Callable[[AudioSignal], AudioSignal]

_BLOCK = 1024
"""Samples that are handed to an encoder or a filter at once."""


def encode_and_decode(
    sound: AudioSignal, *, container: str, encoder: str, bitrate: int, rate: int = 48_000
) -> AudioSignal:
    """Encoded at `bitrate` in bits/s and decoded again, at the encoder's `rate`."""
    samples = resample(sound, rate=rate)[0]
    layout = "stereo" if samples.shape[1] > 1 else "mono"
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        track: Any = out.add_stream(encoder, rate=rate, layout=layout)
        track.bit_rate = bitrate
        resampler = AudioResampler(format=track.format.name, layout=layout, rate=rate)
        for start in range(0, len(samples), _BLOCK):
            for piece in resampler.resample(_frame(samples[start : start + _BLOCK], rate, layout, start)):
                out.mux(track.encode(piece))
        out.mux(track.encode(None))
    return _decoded(file)


def resample(sound: AudioSignal, *, rate: int) -> AudioSignal:
    """The same sound at another rate."""
    samples, was = sound
    if rate == was:
        return sound
    common = gcd(rate, was)
    return resample_poly(samples, rate // common, was // common, axis=0).astype(np.float32), rate


def resample_and_back(sound: AudioSignal, *, rate: int) -> AudioSignal:
    """Through a lower rate and back."""
    return resample(resample(sound, rate=rate), rate=sound[1])


def change_volume(sound: AudioSignal, *, gain: float) -> AudioSignal:
    """Multiplied, and cut off at full scale as a 16-bit file would."""
    return np.clip(sound[0] * gain, -1, 1).astype(np.float32), sound[1]


def trim(sound: AudioSignal, *, start: float, seconds: float) -> AudioSignal:
    """An excerpt; from as late as possible where the sound is shorter."""
    samples, rate = sound
    count = round(seconds * rate)
    begin = max(0, min(round(start * rate), len(samples) - count))
    return samples[begin : begin + count], rate


def add_noise(sound: AudioSignal, *, snr: float) -> AudioSignal:
    """White noise at `snr` dB below the sound."""
    samples, rate = sound
    level = np.sqrt(np.mean(samples**2)) * 10 ** (-snr / 20)
    added = np.random.default_rng(1).normal(0, level, samples.shape)
    return (samples + added).astype(np.float32), rate


def change_speed(sound: AudioSignal, *, factor: float) -> AudioSignal:
    """Played faster: tempo and pitch change together."""
    samples, rate = sound
    up, down = 1000, round(1000 * factor)
    return resample_poly(samples, up, down, axis=0).astype(np.float32), rate


def change_tempo(sound: AudioSignal, *, factor: float) -> AudioSignal:
    """Faster at the same pitch (WSOLA, FFmpeg's atempo)."""
    samples, rate = sound
    layout = "stereo" if samples.shape[1] > 1 else "mono"
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout=layout)
    change, sink = graph.add("atempo", str(factor)), graph.add("abuffersink")
    source.link_to(change)
    change.link_to(sink)
    graph.configure()
    for start in range(0, len(samples), _BLOCK):
        graph.push(_frame(samples[start : start + _BLOCK], rate, layout, start, packed=True))
    graph.push(None)
    return _pulled(graph, samples.shape[1]), rate


def shift_pitch(sound: AudioSignal, *, factor: float) -> AudioSignal:
    """Higher at the same length."""
    return change_tempo(change_speed(sound, factor=factor), factor=1 / factor)


def bandpass(sound: AudioSignal, *, low: float, high: float) -> AudioSignal:
    """What a telephone leaves."""
    samples, rate = sound
    return sosfilt(butter(4, (low, high), "bandpass", fs=rate, output="sos"), samples, axis=0).astype(np.float32), rate


def add_echo(sound: AudioSignal, *, delay: float, level: float) -> AudioSignal:
    """One reflection, `delay` seconds later."""
    samples, rate = sound
    late = np.zeros_like(samples)
    count = round(delay * rate)
    late[count:] = samples[:-count]
    return samples + np.float32(level) * late, rate


def _frame(samples: NDArray[np.float32], rate: int, layout: str, at: int, *, packed: bool = False) -> Any:
    data = samples.reshape(1, -1) if packed else samples.T
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), "flt" if packed else "fltp", layout)
    frame.rate, frame.pts = rate, at
    return frame


def _pulled(graph: Any, channels: int) -> NDArray[np.float32]:
    pieces: list[NDArray[np.float32]] = []
    while True:
        try:
            pieces.append(graph.pull().to_ndarray().reshape(-1, channels))
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(pieces)


def _decoded(file: io.BytesIO) -> AudioSignal:
    file.seek(0)
    with av.open(file, "r") as container:
        stream = container.streams.audio[0]
        resampler = AudioResampler(format="fltp", layout=stream.layout.name, rate=stream.rate)
        frames: list[Any] = [f for frame in container.decode(stream) for f in resampler.resample(frame)]
        return np.concatenate([f.to_ndarray().T for f in frames]).astype(np.float32), int(stream.rate)


AUDIO_ATTACKS: dict[str, AudioAttack] = {
    "none": lambda sound: sound,
    "aac_128k": partial(encode_and_decode, container="mp4", encoder="aac", bitrate=128_000),
    "aac_64k": partial(encode_and_decode, container="mp4", encoder="aac", bitrate=64_000),
    "opus_48k": partial(encode_and_decode, container="ogg", encoder="libopus", bitrate=48_000),
    "mp3_128k": partial(encode_and_decode, container="mp3", encoder="libmp3lame", bitrate=128_000),
    "resample_44100": partial(resample_and_back, rate=44_100),
    "resample_22050": partial(resample_and_back, rate=22_050),
    "volume_down": partial(change_volume, gain=0.3),
    "volume_up": partial(change_volume, gain=2.0),
    "trim_1s": partial(trim, start=1.0, seconds=1e3),
    "noise_20db": partial(add_noise, snr=20.0),
    "excerpt_3s": partial(trim, start=0.9, seconds=3.0),
    "speed_0.9": partial(change_speed, factor=0.9),
    "speed_0.97": partial(change_speed, factor=0.97),
    "speed_1.1": partial(change_speed, factor=1.1),
    "tempo_0.9": partial(change_tempo, factor=0.9),
    "tempo_1.1": partial(change_tempo, factor=1.1),
    "pitch_0.9": partial(shift_pitch, factor=0.9),
    "pitch_1.1": partial(shift_pitch, factor=1.1),
    "telephone": partial(bandpass, low=300.0, high=3400.0),
    "echo": partial(add_echo, delay=0.05, level=0.4),
}
