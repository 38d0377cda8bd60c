"""`python -m evals.footage.shot_recall CLIPS OUT`: how many hard cuts are found, and how many are seen that are none.

CLIPS is a CSV as for `evals.footage.everyday`. Pieces of its clips, 0.2 to 3 s long, are laid one after another in an
order drawn by lot; where one ends and another begins is a cut. Cuts within a piece are counted as false, but for clips
that are named here, which have cuts of their own.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
from pathlib import Path

import numpy as np

from evals.intervals import wilson_interval
from media.arrays import RgbImage
from media.frames.shots import ShotFinder
from media.sampling import sample_video

_SEED = 14
_PIECES = 1500
_SHORTEST, _LONGEST = 0.2, 3.0  # seconds
_OWN_CUTS = frozenset({"scene_cuts.mp4", "knife.mp4", "short_hamilton_clip.mp4"})
_MOST = 600  # pictures of a clip


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("clips", type=Path)
    asked.add_argument("out", type=Path)
    given = asked.parse_args()
    with given.clips.open() as table:
        paths = [given.clips.parent.parent / row["path"] for row in csv.DictReader(table)]
    clips = [
        (sample.thumbnails.rgb, sample.info.fps)
        for path in paths
        if path.name not in _OWN_CUTS
        and (sample := sample_video(path, count=1, max_side=64, thumbnails=_MOST)).thumbnails is not None
        and len(sample.thumbnails.rgb) > 2
    ]
    found, false, seconds = _measured(clips, np.random.default_rng(_SEED))
    low, high = wilson_interval(sum(found), len(found))
    result = {
        "cuts": len(found),
        "found": round(sum(found) / len(found), 4),
        "interval": [round(low, 4), round(high, 4)],
        "clips": len(clips),
        "minutes_within_pieces": round(seconds / 60, 1),
        "false_a_minute": round(60 * false / seconds, 2),
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "command": "python -m evals.footage.shot_recall CLIPS OUT",
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(result)


def _measured(clips: list[tuple[RgbImage, float]], chosen: np.random.Generator) -> tuple[list[bool], int, float]:
    """Whether each cut was found, how many others were, and in how many seconds."""
    finder, last, found, false, seconds = ShotFinder(), -1, [], 0, 0.0
    for _ in range(_PIECES):
        number = int(chosen.choice([n for n in range(len(clips)) if n != last]))
        pictures, rate = clips[number]
        length = max(2, min(len(pictures), round(float(chosen.uniform(_SHORTEST, _LONGEST)) * rate)))
        start = int(chosen.integers(0, len(pictures) - length + 1))
        begins = [finder.begins_with(one) for one in pictures[start : start + length]]
        if last >= 0:
            found.append(begins[0])
        false += sum(begins[1:])
        seconds += length / rate
        last = number
    return found, false, seconds


if __name__ == "__main__":
    main()
