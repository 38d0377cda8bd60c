"""Says what a file is, and refuses what cannot be screened, marked or played."""

from __future__ import annotations

from pathlib import Path

from av.container import InputContainer
from av.video.stream import VideoStream

from core.codec import dump, load
from core.errors import BadMedia
from media.container import check_file, check_size, container_name, open_video
from media.frame_index import FrameIndex, read_frame_index
from media.orientation import orientation_of
from media.sandbox import client
from media.sandbox.limits import InputLimits
from media.sandbox.scan import input_limits
from media.video import VideoInfo


def probe(path: Path, limits: InputLimits | None = None) -> VideoInfo:
    """What the container says and a decoder confirmed; size as shown, duration from the packets.

    Raises BadMedia, in one line that says what is wrong and what is accepted.
    """
    limits = limits or input_limits()
    check_file(path, limits)
    answer = client.run_sandboxed(
        "media.probe:probe_in_process", {"path": str(path.resolve()), "limits": dump(limits)}, reads=[path]
    )
    info: VideoInfo = load(VideoInfo, answer)
    return info


def probe_in_process(path: str, limits: dict[str, object]) -> VideoInfo:
    """As probe(), in this process: for limited ones."""
    bounds: InputLimits = load(InputLimits, limits)
    with open_video(Path(path), bounds) as (container, video):
        timeline = read_frame_index(container, video, bounds)
    with open_video(Path(path), bounds) as (container, video):
        return read_video_info(container, video, timeline, bounds)


def read_video_info(
    container: InputContainer, video: VideoStream, timeline: FrameIndex, limits: InputLimits
) -> VideoInfo:
    """Decodes the first picture to be sure of its size. Raises BadMedia if there is none."""
    frame = next(container.decode(video), None)
    if frame is None:
        raise BadMedia("none of the video's pictures can be decoded")
    check_size(frame.width, frame.height, limits)
    width, height = orientation_of(frame).size(frame.width, frame.height)
    sound = container.streams.audio[0] if container.streams.audio else None
    return VideoInfo(
        container=container_name(container),
        codec=video.codec_context.name,
        duration=timeline.duration,
        width=width,
        height=height,
        fps=len(timeline.pts) / timeline.duration,
        frames=len(timeline.pts),
        has_audio=sound is not None,
        sample_rate=sound.rate if sound else 0,
    )
