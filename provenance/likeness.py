"""How a stranger's file looks, second by second, to be looked up among what was sealed.

Looked at twice a second, since a copy may be cut anywhere, or of a long file less often but all over it; and mirrored
too, which is the cheapest way to hide a copy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pdqhash

from core.errors import BadMedia
from media.sample import sample
from media.still import still
from media.video import Sample
from provenance.look import Look

_SIDE = 512
_EVERY = 0.5
_MOST = 16
_PLAIN = 50  # below this quality a hash means nothing


def looks_of(path: Path) -> tuple[Look, Look]:
    """How a video or an image looks, and how it would look mirrored. Raises BadMedia for what is neither."""
    taken = _sample(path)
    return _hashed(taken, mirrored=False), _hashed(taken, mirrored=True)


def _sample(path: Path) -> Sample:
    try:
        return sample(path, every=_EVERY, most=_MOST, max_side=_SIDE)
    except BadMedia as video:
        try:
            return still(path, max_side=_SIDE)
        except BadMedia:
            raise video from None


def _hashed(taken: Sample, *, mirrored: bool) -> Look:
    hashes, seconds = [], []
    for frame in taken.frames:
        rgb = frame.rgb[:, ::-1] if mirrored else frame.rgb
        bits, quality = pdqhash.compute(np.ascontiguousarray(rgb))
        if quality >= _PLAIN:
            hashes.append(np.packbits(bits))
            seconds.append(int(frame.at))
    return Look(hashes=np.array(hashes, dtype=np.uint8).reshape(-1, 32), seconds=tuple(seconds))
