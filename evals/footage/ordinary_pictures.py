"""`python -m evals.footage.ordinary_pictures DRAWINGS OBJECTS PHOTOGRAPHS OUT`: ordinary pictures, as CLIP sees them.

Three folders of free pictures are drawn from with a fixed seed, and the vectors of parts of them are written to OUT, as
`vectors` (n, 512) float16, under 1 MB: `classifiers/models/heads/ordinary_pictures.npz`, against which the thresholds
of registered works are set. Ours were the Debian 12 packages openclipart-png (public domain), tuxpaint-stamps-default
(public domain and GPL), gnome-backgrounds and plasma-workspace-wallpapers (CC BY-SA): no picture is kept, only vectors,
and none of a person.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.image.example_matching import EXAMPLE_MODEL, picture_parts, square, trim_border
from classifiers.models import PACKAGED_MODELS
from core.errors import BadMedia
from media.still_image import sample_image

_SEED = 14
_DRAWINGS, _OBJECTS, _PHOTOGRAPHS = 320, 140, 60  # pictures; of a photograph four parts
_PHOTOGRAPH_PARTS = 4
_KINDS = {".png", ".jpg", ".jpeg", ".webp"}


def main() -> None:
    """Describe, and write."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name in ("drawings", "objects", "photographs", "out"):
        asked.add_argument(name, type=Path)
    given = asked.parse_args()
    tower, vectors = PACKAGED_MODELS.get(EXAMPLE_MODEL), []
    for folder, count, whole in (
        (given.drawings, _DRAWINGS, False),
        (given.objects, _OBJECTS, False),
        (given.photographs, _PHOTOGRAPHS, True),
    ):
        for rgb in shuffled_pictures(folder, count):
            parts = [part.rgb for part in picture_parts(rgb)][:_PHOTOGRAPH_PARTS] if whole else [_thing(rgb)]
            vectors.append(tower.encode(parts))
            print(f"{sum(map(len, vectors))} vectors", end="\r", file=sys.stderr)
    np.savez(given.out, vectors=np.concatenate(vectors).astype(np.float16))


def shuffled_pictures(folder: Path, count: int) -> Iterator[NDArray[np.uint8]]:
    """So many pictures of a folder and those below it, the same each time; those that cannot be read are left out."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _KINDS and p.is_file() and not p.is_symlink())
    random.Random(_SEED).shuffle(paths)  # noqa: S311  nothing secret
    found = 0
    for path in paths:
        try:
            rgb = sample_image(path, max_side=768).frames[0].rgb
        except BadMedia:
            continue
        if min(trim_border(rgb).shape[:2]) >= 32:
            yield rgb
            found += 1
        if found == count:
            return


def _thing(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    trimmed = trim_border(rgb)
    return square(trimmed, rgb[0, 0])


if __name__ == "__main__":
    main()
