"""Takes pictures out of a video, evenly spread, for classifiers and fingerprints to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.codec import dump, load
from core.errors import BadInput
from media.arrays import RgbImage
from media.container import check_file, open_video
from media.frame_index import FrameIndex, read_frame_index
from media.frames.shots import ShotSampler
from media.probe import read_video_info
from media.sandbox import client
from media.sandbox.file_structure import check_decoding_cost
from media.sandbox.limits import MIB, InputLimits, ProcessLimits
from media.sandbox.scan import input_limits
from media.video import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Frame, Thumbnails, VideoInfo, VideoSample
from media.video_decode import evenly_spaced_pts, fit_size, frames_at, frames_to_decode, pts_at, to_rgb

_MAX_BYTES = 1024 * MIB  # bytes of RGB that one sample may have
_NO_THUMBNAILS = np.zeros((0, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3), np.uint8)
_BOUNDS = ProcessLimits(memory=4096 * MIB, cpu=1200, wall=1200.0)


def sample_video(
    path: Path,
    *,
    count: int | None = None,
    every: float | None = None,
    min_count: int = 1,
    max_count: int | None = None,
    max_side: int | None = None,
    thumbnails: int = 0,
    limits: InputLimits | None = None,
) -> VideoSample:
    """Evenly spread pictures, upright, the first and the last included.

    Give either `count` (fewer come back if the video has fewer) or `every`, in seconds; of a short video then at least
    `min_count`, nearer to one another, and of a long one at most `max_count`, further apart. `max_side` shrinks
    pictures whose longer side is longer. With `thumbnails`, so many of the video's first pictures are also given very
    small: all of them where it has no more, and fewer where decoding them would go beyond the limits. In those shots
    are looked for, and up to two pictures more are taken of each that has fewer among those that are evenly spread, as
    long as there are not more than `max_count`, and in any case a quarter of it. Raises BadMedia, or BadInput if this
    would take more than 1 GiB.
    """
    if (count is None) == (every is None) or min(count or 0, every or 0) < 0 or not (count or every):
        raise BadInput("sample() takes either a count of at least 1 or a number of seconds above 0")
    spread = {"count": count, "every": every, "min_count": min_count, "max_count": max_count}
    return _sampled(path, spread, max_side, thumbnails, limits or input_limits())


def sample_moments(path: Path, moments: Sequence[float], *, max_side: int | None = None) -> VideoSample:
    """The pictures nearest to these seconds, upright, in order of time and each once.

    `max_side` as for `sample_video`, which raises the same.
    """
    if not moments:
        raise BadInput("at least one moment has to be named")
    return _sampled(path, {"moments": list(moments)}, max_side, 0, input_limits())


def _sampled(
    path: Path, spread: dict[str, Any], max_side: int | None, thumbnails: int, limits: InputLimits
) -> VideoSample:
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "spread": spread, "max_side": max_side}
    arguments["thumbnails"] = thumbnails
    answer = client.run_sandboxed(
        "media.sampling:sample_video_in_process", {**arguments, "limits": dump(limits)}, reads=[path], limits=_BOUNDS
    )
    taken = zip(answer["at"], answer["rgb"], strict=True)
    small = Thumbnails(**answer["thumbnails"]) if thumbnails else None
    frames = tuple(Frame(at=at, rgb=rgb) for at, rgb in taken)
    cuts = tuple(answer["cuts"])
    return VideoSample(info=load(VideoInfo, answer["info"]), frames=frames, thumbnails=small, cuts=cuts)


def sample_video_in_process(
    path: str, spread: dict[str, Any], max_side: int | None, thumbnails: int, limits: dict[str, object]
) -> dict[str, object]:
    """As sample(), in this process: for limited ones."""
    bounds: InputLimits = load(InputLimits, limits)
    with open_video(Path(path), bounds) as (container, video):
        timeline = read_frame_index(container, video, bounds)
    with open_video(Path(path), bounds) as (container, video):
        info = read_video_info(container, video, timeline, bounds)
    wanted = pts_at(timeline, spread["moments"]) if "moments" in spread else evenly_spaced_pts(timeline, **spread)
    size = fit_size(info.width, info.height, max_side)
    if len(wanted) * size[0] * size[1] * 3 > _MAX_BYTES:
        raise BadInput(f"{len(wanted)} pictures of {size[0]} x {size[1]} are too many at once: give a max_side")
    check_decoding_cost(frames_to_decode(timeline, wanted), info.width, info.height, bounds)
    seen = _first_pictures(timeline, wanted, info, thumbnails, bounds)
    shots = ShotSampler(size, _more_pictures(len(wanted), spread, size) if seen else 0)
    taken: list[tuple[float, RgbImage]] = []
    small: list[tuple[float, RgbImage]] = []
    left = deque(wanted)
    with open_video(Path(path), bounds) as (container, video):
        for pts, frame in frames_at(container, video, timeline, sorted({*wanted, *seen})):
            at = timeline.seconds(pts)
            if is_wanted := bool(left) and pts >= left[0]:
                taken.append((at, to_rgb(frame, size)))
                while left and left[0] <= pts:
                    left.popleft()
            if seen and pts <= seen[-1]:
                small.append((at, to_rgb(frame, (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT))))
                shots.show(at, frame, small[-1][1], sampled=is_wanted)
    taken = sorted([*taken, *shots.pictures(timeline.duration)], key=lambda one: one[0])
    return {
        "info": info,
        "at": [at for at, _ in taken],
        "rgb": [rgb for _, rgb in taken],
        "thumbnails": {
            "at": np.array([at for at, _ in small], np.float64),
            "rgb": np.stack([rgb for _, rgb in small]) if small else _NO_THUMBNAILS,
            "complete": len(seen) == len(timeline.pts),
        },
        "cuts": shots.cuts,
    }


def _more_pictures(wanted: int, spread: dict[str, Any], size: tuple[int, int]) -> int:
    """How many pictures may be taken beside those that are wanted, for shots that have too few of them."""
    most = spread.get("max_count") or wanted
    fitting = _MAX_BYTES // (size[0] * size[1] * 3) - wanted
    return max(0, min(fitting, max(most - wanted, most // 4)))


def _first_pictures(
    timeline: FrameIndex, wanted: list[int], info: VideoInfo, most: int, limits: InputLimits
) -> list[int]:
    """The pts of the first pictures that can be decoded beside what is wanted without going beyond the limits."""
    affordable = limits.max_decoded_pixels // max(1, info.width * info.height) - frames_to_decode(timeline, wanted)
    return [int(pts) for pts in timeline.pts[: max(0, min(most, affordable))]]
