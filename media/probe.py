"""Says what a file is, and refuses what cannot be screened, marked or played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.video.stream import VideoStream

from core.codec import dump, load
from core.errors import BadMedia
from media import limited
from media.container import check_file, check_size, name_of, open_video
from media.limits import Limits
from media.timeline import Timeline, read_timeline
from media.upright import turn_of
from media.video import VideoInfo


def probe(path: Path, limits: Limits | None = None) -> VideoInfo:
    """What the container says and a decoder confirmed; size as shown, duration from the packets.

    Raises BadMedia, in one line that says what is wrong and what is accepted.
    """
    limits = limits or Limits()
    check_file(path, limits)
    answer = limited.call("media.probe:probe_here", {"path": str(path.resolve()), "limits": dump(limits)})
    info: VideoInfo = load(VideoInfo, answer)
    return info


def probe_here(path: str, limits: dict[str, Any]) -> VideoInfo:
    """As probe(), in this process: for limited ones."""
    bounds: Limits = load(Limits, limits)
    with open_video(Path(path), bounds) as (container, video):
        timeline = read_timeline(container, video, bounds)
    with open_video(Path(path), bounds) as (container, video):
        return describe(container, video, timeline, bounds)


def describe(container: InputContainer, video: VideoStream, timeline: Timeline, limits: Limits) -> VideoInfo:
    """Decodes the first picture to be sure of its size. Raises BadMedia if there is none."""
    frame = next(container.decode(video), None)
    if frame is None:
        raise BadMedia("none of the video's pictures can be decoded")
    check_size(frame.width, frame.height, limits)
    width, height = turn_of(frame).size(frame.width, frame.height)
    sound = container.streams.audio[0] if container.streams.audio else None
    return VideoInfo(
        container=name_of(container),
        codec=video.codec_context.name,
        duration=timeline.duration,
        width=width,
        height=height,
        fps=len(timeline.pts) / timeline.duration,
        frames=len(timeline.pts),
        has_audio=sound is not None,
        sample_rate=sound.rate if sound else 0,
    )
