"""Takes pictures out of a video, evenly spread, for classifiers and fingerprints to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.codec import dump, load
from core.errors import BadInput
from media import limited
from media.container import check_file, open_video
from media.frames import fitted, frames_at, spread, to_rgb
from media.limits import MIB, Bounds, Limits
from media.probe import describe
from media.timeline import read_timeline
from media.video import Frame, Sample, VideoInfo

_MOST_BYTES = 1024 * MIB
_BOUNDS = Bounds(memory=4096 * MIB, cpu=1200, wall=1200.0)


def sample(
    path: Path,
    *,
    count: int | None = None,
    every: float | None = None,
    most: int | None = None,
    max_side: int | None = None,
    limits: Limits | None = None,
) -> Sample:
    """Evenly spread pictures, upright, the first and the last included.

    Give either `count` (fewer come back if the video has fewer) or `every`, in seconds; of a long video at `most` so
    many, then further apart. `max_side` shrinks pictures whose longer side is longer. Raises BadMedia, or BadInput if
    this would take more than 1 GiB.
    """
    if (count is None) == (every is None) or min(count or 0, every or 0) < 0 or not (count or every):
        raise BadInput("sample() takes either a count of at least 1 or a number of seconds above 0")
    limits = limits or Limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "count": count, "every": every, "most": most, "max_side": max_side}
    answer = limited.call("media.sample:sample_here", {**arguments, "limits": dump(limits)}, bounds=_BOUNDS)
    frames = zip(answer["at"], answer["rgb"], strict=True)
    return Sample(info=load(VideoInfo, answer["info"]), frames=tuple(Frame(at=at, rgb=rgb) for at, rgb in frames))


def sample_here(
    path: str, count: int | None, every: float | None, most: int | None, max_side: int | None, limits: dict[str, Any]
) -> dict[str, Any]:
    """As sample(), in this process: for limited ones."""
    bounds: Limits = load(Limits, limits)
    with open_video(Path(path), bounds) as (container, video):
        timeline = read_timeline(container, video, bounds)
    with open_video(Path(path), bounds) as (container, video):
        info = describe(container, video, timeline, bounds)
    wanted = spread(timeline, count=count, every=every, most=most)
    size = fitted(info.width, info.height, max_side)
    if len(wanted) * size[0] * size[1] * 3 > _MOST_BYTES:
        raise BadInput(f"{len(wanted)} pictures of {size[0]} x {size[1]} are too many at once: give a max_side")
    with open_video(Path(path), bounds) as (container, video):
        taken = [(pts, to_rgb(frame, size)) for pts, frame in frames_at(container, video, timeline, wanted)]
    return {"info": info, "at": [timeline.seconds(pts) for pts, _ in taken], "rgb": [rgb for _, rgb in taken]}
