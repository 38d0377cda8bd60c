"""Carries sound into a new file: untouched, as AAC where MP4 cannot hold what it is, or edited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from media.audio_codec import CHANNEL_LAYOUTS, AudioEditor, EditedAudioTranscoder
from media.sandbox.limits import InputLimits

_FITS_MP4 = frozenset({"aac", "mp3", "mp3float", "ac3", "eac3", "opus", "libopus", "flac", "alac"})


class AudioTranscoder(Protocol):
    """Turns packets read from the source into packets for the new file, in order."""

    def transcode(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        """The packets to write for this one; an empty packet ends the track."""


def add_audio_track(
    out: OutputContainer,
    source: AudioStream,
    *,
    bitrate: int | None = None,
    editor: AudioEditor | None = None,
    limits: InputLimits | None = None,
) -> AudioTranscoder:
    """A new track for the source's sound: copied as it is, or encoded as AAC if need be or `bitrate` is given.

    With an `editor` its samples are edited and encoded as AAC at 128,000 bits/s in mono, 192,000 in stereo.
    """
    if editor is not None:
        return EditedAudioTranscoder(out, source, editor, bitrate=bitrate, limits=limits or InputLimits())
    if source.codec_context.name in _FITS_MP4 and bitrate is None:
        return _AudioPassthrough(out.add_stream_from_template(source))
    track = out.add_stream("aac", rate=source.rate)
    track.codec_context.bit_rate = bitrate or 64_000 * max(1, source.channels)
    track.codec_context.layout = CHANNEL_LAYOUTS.get(source.channels, "stereo")
    return _AacTranscoder(track)


class _AudioPassthrough:
    def __init__(self, track: AudioStream) -> None:
        self._track = track

    def transcode(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        if packet.size and packet.dts is not None:
            packet.stream = self._track
            yield packet


class _AacTranscoder:
    def __init__(self, track: AudioStream) -> None:
        self._track = track
        self._resampler = AudioResampler(format="fltp", layout=track.layout, rate=track.rate)

    def transcode(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        frames = packet.decode()
        for frame in frames:
            for piece in self._resampler.resample(frame):
                yield from self._track.encode(piece)
        if packet.size == 0:
            for piece in self._resampler.resample(None):
                yield from self._track.encode(piece)
            yield from self._track.encode(None)
