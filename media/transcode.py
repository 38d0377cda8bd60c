"""Writes a video anew: decodes it, lets its brightness be edited, encodes H.264 in MP4, keeps its sound and its clock.

Memory does not grow with the length of the video. The new file appears whole under its name, or not at all.
What the old container said about itself (titles, comments, prompts) does not travel along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.codec import dump, load
from core.errors import BadMedia
from media import limited
from media.clock import Clock
from media.container import check_file, check_size, open_video
from media.limits import HEAVY, Limits
from media.output import new_mp4, part_of
from media.picture import matrix_of, new_frame, planes_of, published_size, refuse_unpublishable
from media.sound import SoundEditor
from media.soundtrack import Soundtrack, add_soundtrack
from media.upright import Turn, turn_of

Edit = Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]
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
class _Look:
    """What is the same for all pictures of the new file."""

    turn: Turn
    size: tuple[int, int]
    source: VideoFrame
    matrix: int
    scale: bool


def reencode(src: Path, dst: Path, *, encoding: Encoding | None = None, limits: Limits | None = None) -> None:
    """A copy encoded anew, without marks of origin in its container; runs in a limited process. Raises BadMedia."""
    limits = limits or Limits()
    check_file(src, limits)
    arguments = {"src": str(src.resolve()), "dst": str(dst.resolve()), "limits": dump(limits)}
    encoding = encoding or Encoding(crf=28)
    try:
        limited.call("media.transcode:reencode_here", {**arguments, "encoding": dump(encoding)}, bounds=HEAVY)
    finally:
        part_of(dst).unlink(missing_ok=True)


def reencode_here(src: str, dst: str, encoding: dict[str, Any], limits: dict[str, Any]) -> int:
    """As reencode(), in this process: for limited ones."""
    how, bounds = load(Encoding, encoding), load(Limits, limits)
    return rewrite(Path(src), Path(dst), edit=lambda luma, _at: luma, encoding=how, limits=bounds)


def rewrite(
    src: Path,
    dst: Path,
    *,
    edit: Edit,
    sound: SoundEditor | None = None,
    encoding: Encoding | None = None,
    limits: Limits | None = None,
) -> int:
    """Write `dst` from `src` with each Y plane edited, and its sound by `sound`; returns the number of pictures.

    Decodes in this process: call it in a limited one. Sound that is not edited is copied untouched where MP4 can
    hold it; timestamps, also uneven ones, are kept. Sides become even by dropping a last row or column; pictures
    are laid upright; 10-bit, 4:2:2, 4:4:4 and RGB become 8-bit 4:2:0. Raises BadMedia for transparency, HDR,
    and a picture size that changes midway.
    """
    encoding, limits = encoding or Encoding(), limits or Limits()
    look = _look(_first_frame(src, limits), encoding)
    with new_mp4(dst) as out, open_video(src, limits) as (container, video):
        track = _add_video(out, video, look, encoding)
        sounds = _add_sounds(out, container.streams.audio, sound, encoding.audio_bitrate, limits)
        clock, start, count = Clock(container, video), video.start_time or 0, 0
        for packet in container.demux([video, *container.streams.audio]):
            index = packet.stream.index  # the packet's own stream_index is 0 in those that end a track
            frames: list[Any] = packet.decode() if index == video.index else []
            for frame in frames:
                out.mux(track.encode(_published(frame, look, edit, clock, start)))
                count += 1
            if carried := sounds.get(index):
                out.mux(list(carried.carry(packet)))
        out.mux(track.encode(None))
    return count


def _add_sounds(
    out: OutputContainer, tracks: Iterable[AudioStream], editor: SoundEditor | None, bitrate: int | None, limits: Limits
) -> dict[int, Soundtrack]:
    return {t.index: add_soundtrack(out, t, bitrate=bitrate, editor=editor, limits=limits) for t in tracks}


def _first_frame(src: Path, limits: Limits) -> VideoFrame:
    with open_video(src, limits) as (container, video):
        frame = next(container.decode(video), None)
    if frame is None:
        raise BadMedia("none of the video's pictures can be decoded")
    check_size(frame.width, frame.height, limits)
    return frame


def _look(first: VideoFrame, encoding: Encoding) -> _Look:
    refuse_unpublishable(first)
    turn = turn_of(first)
    return _Look(
        turn=turn,
        size=published_size(first, turn, encoding.height),
        source=first,
        matrix=matrix_of(first),
        scale=encoding.height is not None,
    )


def _add_video(out: OutputContainer, video: VideoStream, look: _Look, encoding: Encoding) -> VideoStream:
    options = {"crf": str(encoding.crf), "preset": encoding.preset, "threads": str(encoding.threads)}
    rate = video.average_rate or video.guessed_rate or Fraction(25)
    track = out.add_stream("libx264", rate=rate.limit_denominator(60_000), options=options)
    track.width, track.height = look.size
    track.pix_fmt = "yuv420p"
    track.time_base = track.codec_context.time_base = video.time_base or Fraction(1, 90_000)
    aspect = video.sample_aspect_ratio
    if aspect:
        track.codec_context.sample_aspect_ratio = 1 / aspect if look.turn.transpose else aspect
    track.color_range, track.color_trc = look.source.color_range, look.source.color_trc
    track.color_primaries = look.source.color_primaries
    track.colorspace = look.matrix
    return track


def _published(frame: VideoFrame, look: _Look, edit: Edit, clock: Clock, start: int) -> VideoFrame:
    if (frame.width, frame.height) != (look.source.width, look.source.height):
        raise BadMedia("the picture size changes midway: deliver the video in one size")
    luma, cb, cr = planes_of(frame, look.turn, look.size, scale=look.scale)
    pts = clock.of(frame)
    edited = edit(np.ascontiguousarray(luma), float((pts - start) * clock.base))
    new = new_frame(look.size, (edited, cb, cr))
    new.pts, new.time_base, new.duration = pts, clock.base, frame.duration
    new.colorspace, new.color_range = look.matrix, frame.color_range
    return new
