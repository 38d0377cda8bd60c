"""Re-encodes a video: decodes it, lets its brightness be edited, encodes H.264 in MP4, keeps its sound and its clock.

Memory does not grow with the length of the video. The new file appears complete under its name, or not at all.
What the old container said about itself (titles, comments, prompts) does not travel along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.codec import dump, load
from core.errors import BadMedia
from media.atomic_output import new_mp4, sandboxed_output
from media.audio_codec import AudioEditor
from media.audio_transcode import AudioTranscoder, add_audio_track
from media.container import check_file, check_size, open_video
from media.orientation import Orientation, orientation_of
from media.pixel_format import check_publishable, colour_matrix, new_frame, published_size, yuv_planes
from media.presentation_clock import PresentationClock
from media.sandbox import client
from media.sandbox.limits import TRANSCODE_LIMITS, InputLimits
from media.sandbox.scan import input_limits

LumaEdit = Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]
"""(Y plane (height, width) uint8, read only; seconds from the first picture) -> the plane to publish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How to encode: x264 quality (lower is better) and preset; `height` in rows and AAC bits/s only to change them."""

    crf: int = 20
    preset: str = "fast"
    threads: int = 2
    height: int | None = None
    audio_bitrate: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OutputFormat:
    """What is the same for all pictures of the new file."""

    orientation: Orientation
    size: tuple[int, int]
    source: VideoFrame
    matrix: int
    scale: bool


def reencode(src: Path, dst: Path, *, encoding: Encoding | None = None, limits: InputLimits | None = None) -> None:
    """A re-encoded copy, without metadata of its origin; runs in the sandbox. Raises BadMedia."""
    limits = limits or input_limits()
    check_file(src, limits)
    arguments = {"src": str(src.resolve()), "encoding": dump(encoding or Encoding(crf=28)), "limits": dump(limits)}
    with sandboxed_output(dst) as made:
        client.run_sandboxed(
            "media.transcode:reencode_in_process",
            {**arguments, "dst": str(made)},
            reads=[src],
            writes=[made.parent],
            limits=TRANSCODE_LIMITS,
        )


def reencode_in_process(src: str, dst: str, encoding: dict[str, object], limits: dict[str, object]) -> int:
    """As reencode(), in this process: for limited ones."""
    how, bounds = load(Encoding, encoding), load(InputLimits, limits)
    return transcode(Path(src), Path(dst), edit=lambda luma, _at: luma, encoding=how, limits=bounds)


def transcode(
    src: Path,
    dst: Path,
    *,
    edit: LumaEdit,
    audio_editor: AudioEditor | None = None,
    encoding: Encoding | None = None,
    limits: InputLimits | None = None,
    first_sound_only: bool = False,
) -> int:
    """Write `dst` from `src` with each Y plane edited, and its sound by `audio_editor`; returns the number of pictures.

    Decodes in this process: call it in a limited one. Sound that is not edited is copied untouched where MP4 can
    hold it, all tracks or the first alone; timestamps, also uneven ones, are kept. Sides become even by dropping a
    last row or column; pictures are laid upright; 10-bit, 4:2:2, 4:4:4 and RGB become 8-bit 4:2:0. Raises BadMedia for
    transparency, HDR, and a picture size that changes midway.
    """
    encoding, limits = encoding or Encoding(), limits or input_limits()
    look = _output_format(_first_frame(src, limits), encoding)
    with new_mp4(dst) as out, open_video(src, limits) as (container, video):
        track = _add_video(out, video, look, encoding)
        tracks = container.streams.audio[: 1 if first_sound_only else None]
        sounds = _add_sounds(out, tracks, audio_editor, encoding.audio_bitrate, limits)
        clock, start, count = PresentationClock(container, video), video.start_time or 0, 0
        for packet in container.demux([video, *tracks]):
            index = packet.stream.index  # the packet's own stream_index is 0 in those that end a track
            frames: list[Any] = packet.decode() if index == video.index else []
            for frame in frames:
                out.mux(track.encode(_published(frame, look, edit, clock, start)))
                count += 1
            if carried := sounds.get(index):
                out.mux(list(carried.transcode(cast("Packet[AudioStream]", packet))))
        out.mux(track.encode(None))
    return count


def _add_sounds(
    out: OutputContainer,
    tracks: Iterable[AudioStream],
    editor: AudioEditor | None,
    bitrate: int | None,
    limits: InputLimits,
) -> dict[int, AudioTranscoder]:
    return {t.index: add_audio_track(out, t, bitrate=bitrate, editor=editor, limits=limits) for t in tracks}


def _first_frame(src: Path, limits: InputLimits) -> VideoFrame:
    with open_video(src, limits) as (container, video):
        frame = next(container.decode(video), None)
    if frame is None:
        raise BadMedia("none of the video's pictures can be decoded")
    check_size(frame.width, frame.height, limits)
    return frame


def _output_format(first: VideoFrame, encoding: Encoding) -> _OutputFormat:
    check_publishable(first)
    turn = orientation_of(first)
    return _OutputFormat(
        orientation=turn,
        size=published_size(first, turn, encoding.height),
        source=first,
        matrix=colour_matrix(first),
        scale=encoding.height is not None,
    )


def _add_video(
    out: OutputContainer, video: VideoStream, output_format: _OutputFormat, encoding: Encoding
) -> VideoStream:
    options = {"crf": str(encoding.crf), "preset": encoding.preset, "threads": str(encoding.threads)}
    rate = video.average_rate or video.guessed_rate or Fraction(25)
    track = out.add_stream("libx264", rate=rate.limit_denominator(60_000), options=options)
    track.width, track.height = output_format.size
    track.pix_fmt = "yuv420p"
    track.time_base = track.codec_context.time_base = video.time_base or Fraction(1, 90_000)
    aspect = video.sample_aspect_ratio
    if aspect:
        track.codec_context.sample_aspect_ratio = 1 / aspect if output_format.orientation.transpose else aspect
    track.color_range, track.color_trc = output_format.source.color_range, output_format.source.color_trc
    track.color_primaries = output_format.source.color_primaries
    track.colorspace = output_format.matrix
    return track


def _published(
    frame: VideoFrame, output_format: _OutputFormat, edit: LumaEdit, clock: PresentationClock, start: int
) -> VideoFrame:
    if (frame.width, frame.height) != (output_format.source.width, output_format.source.height):
        raise BadMedia("the picture size changes midway: deliver the video in one size")
    luma, cb, cr = yuv_planes(frame, output_format.orientation, output_format.size, scale=output_format.scale)
    pts = clock.of(frame)
    edited = edit(np.ascontiguousarray(luma), float((pts - start) * clock.base))
    new = new_frame(output_format.size, (edited, cb, cr))
    new.pts, new.time_base, new.duration = pts, clock.base, frame.duration
    new.colorspace, new.color_range = output_format.matrix, frame.color_range
    return new
