"""Decodes a file's sound to samples and encodes edited samples again, each at the time it had before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from core.errors import BadMedia
from media.arrays import AudioSamples
from media.container import open_audio
from media.sandbox.limits import InputLimits

CHANNEL_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}

_AAC_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000})
_USUAL_RATE = 48_000  # Hz, where AAC does not know the source's rate
_MAX_JITTER = 0.02  # seconds; containers round their clocks, and a hole shorter than this is none
_SILENCE_BLOCK = 8192  # samples of silence pushed at once


class AudioEdit(Protocol):
    """Edits sound block by block; returns as many samples in all as it gets."""

    def push(self, block: AudioSamples) -> Iterator[AudioSamples]:
        """What is finished after this block."""

    def finish(self) -> Iterator[AudioSamples]:
        """The rest."""


AudioEditor = Callable[[int], AudioEdit]
"""Makes the edit for one track of so many samples a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioTrack:
    """A file's first sound track: samples a second, and the blocks as they are decoded."""

    rate: int
    blocks: Iterator[AudioSamples]


def open_audio_track(path: Path, limits: InputLimits) -> Iterator[AudioTrack]:
    """The sound of a video or sound file, or nothing if it has none. For use inside the sandbox. Raises BadMedia."""
    with open_audio(path) as (container, track):
        if track is not None:
            rate = _rate_for(track)
            yield AudioTrack(rate=rate, blocks=_decoded(container.demux(track), AudioDecoder(track, rate, limits)))


class AudioDecoder:
    """Turns packets of one track into samples without holes: what the clock leaves out is silence."""

    def __init__(self, track: AudioStream, rate: int, limits: InputLimits) -> None:
        self._rate, self._longest = rate, limits.max_duration
        self._resampler = AudioResampler(format="fltp", layout=CHANNEL_LAYOUTS.get(track.channels, "stereo"), rate=rate)
        self.start: int | None = None
        """When the first sample sounds, in samples."""
        self._next = 0

    def decode(self, packet: Packet[AudioStream]) -> Iterator[AudioSamples]:
        """The samples of this packet; an empty packet ends the track. Raises BadMedia for sound that lasts too long."""
        frames = packet.decode()
        for frame in frames:
            for piece in self._resampler.resample(frame):
                yield from self._in_time(piece)
        if packet.size == 0:
            for piece in self._resampler.resample(None):
                yield from self._in_time(piece)

    def _in_time(self, piece: Any) -> Iterator[AudioSamples]:
        samples: AudioSamples = np.ascontiguousarray(piece.to_ndarray().T, np.float32)
        start = self._next if piece.pts is None else round(piece.pts * piece.time_base * self._rate)
        if self.start is None:
            self.start = self._next = start
        hole = start - self._next
        if max(start, self._next) - self.start > self._longest * self._rate:
            raise BadMedia(f"the sound lasts more than {self._longest:.0f} s")
        if abs(hole) > _MAX_JITTER * self._rate:
            yield from _silence(max(0, hole), samples.shape[1])
            samples = samples[max(0, -hole) :]
            self._next += max(0, hole)
        self._next += len(samples)
        if len(samples):
            yield samples


class EditedAudioTranscoder:
    """A Soundtrack of edited samples, encoded as AAC; the encoder's delay is what the new file's edit list skips."""

    def __init__(
        self,
        out: OutputContainer,
        source: AudioStream,
        editor: AudioEditor,
        *,
        bitrate: int | None,
        limits: InputLimits,
    ) -> None:
        self._rate = _rate_for(source)
        channels = source.channels if source.channels in CHANNEL_LAYOUTS else 2
        self._decoder = AudioDecoder(source, self._rate, limits)
        self._edit = editor(self._rate)
        self._track: AudioStream = out.add_stream("aac", rate=self._rate)
        self._track.codec_context.layout = self._layout = CHANNEL_LAYOUTS[channels]
        self._track.codec_context.bit_rate = bitrate or 64_000 * (channels + 1)
        self._given = 0

    def transcode(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        """As media.audio_transcode.AudioTranscoder."""
        for block in self._decoder.decode(packet):
            yield from self._encoded(self._edit.push(np.nan_to_num(block)))
        if packet.size == 0:
            yield from self._encoded(self._edit.finish())
            yield from self._track.encode(None)

    def _encoded(self, blocks: Iterator[AudioSamples]) -> Iterator[Packet[AudioStream]]:
        for block in blocks:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(block.T), "fltp", self._layout)
            frame.rate, frame.time_base = self._rate, Fraction(1, self._rate)
            frame.pts = (self._decoder.start or 0) + self._given
            self._given += len(block)
            yield from self._track.encode(frame)


def _decoded(packets: Iterator[Packet[AudioStream]], decoder: AudioDecoder) -> Iterator[AudioSamples]:
    for packet in packets:
        yield from decoder.decode(packet)


def _rate_for(track: AudioStream) -> int:
    return track.rate if track.rate in _AAC_RATES else _USUAL_RATE


def _silence(count: int, channels: int) -> Iterator[AudioSamples]:
    for start in range(0, count, _SILENCE_BLOCK):
        yield np.zeros((min(_SILENCE_BLOCK, count - start), channels), np.float32)
