"""How a stranger's file looks, second by second, to be looked up among what was sealed.

Looked at twice a second, since a copy may be cut anywhere, or of a long file less often but all over it; and mirrored
too, which is the cheapest way to hide a copy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pdqhash

from core.errors import BadMedia
from media.sampling import sample_video
from media.search_hashes import SearchHashes
from media.still_image import sample_image
from media.video import VideoSample

_SIDE = 512
_SAMPLE_INTERVAL = 0.5
_MAX_FRAMES = 16
_MIN_QUALITY = 50  # below this quality a hash means nothing


def video_search_hashes(path: Path) -> tuple[SearchHashes, SearchHashes]:
    """How a video or an image looks, and how it would look mirrored. Raises BadMedia for what is neither."""
    taken = _sample(path)
    return _search_hashes(taken, mirrored=False), _search_hashes(taken, mirrored=True)


def _sample(path: Path) -> VideoSample:
    try:
        return sample_video(path, every=_SAMPLE_INTERVAL, max_count=_MAX_FRAMES, max_side=_SIDE)
    except BadMedia as video:
        try:
            return sample_image(path, max_side=_SIDE)
        except BadMedia:
            raise video from None


def _search_hashes(taken: VideoSample, *, mirrored: bool) -> SearchHashes:
    hashes, seconds = [], []
    for frame in taken.frames:
        rgb = frame.rgb[:, ::-1] if mirrored else frame.rgb
        bits, quality = pdqhash.compute(np.ascontiguousarray(rgb))
        if quality >= _MIN_QUALITY:
            hashes.append(np.packbits(bits))
            seconds.append(int(frame.at))
    return SearchHashes(hashes=np.array(hashes, dtype=np.uint8).reshape(-1, 32), seconds=tuple(seconds))
