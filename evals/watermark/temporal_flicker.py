"""Does the mark shimmer: how much pictures change from one to the next where the source stands still.

    ASSAY_DATA=… python -m evals.watermark.temporal_flicker

Root mean square in grey levels, of the encode as it would be without a mark and of the marked one, over places in
which the source changes by at most one level. Pictures at which a shot begins are counted apart: there the mark is
strongest, and fades from then on. Writes evals/results/watermark_shimmer.json.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from evals.bench.machine_info import machine_info
from evals.watermark.video_clips import CLIPS, prepare_clip
from evals.watermark.video_robustness import ENCODING, KEY, PAYLOAD
from media.arrays import FloatArray
from media.transcode import reencode
from provenance.watermark import mark_file

OUT = Path("evals/results/watermark_shimmer.json")
MEASURED_CLIPS = ("cogvideo_480p", "liveportrait_512p", "portrait_480p", "bunny_480p")
_MAX_STILL_CHANGE = 1.0
"""Grey levels, in the mean of 9 x 9 pixels, up to which the source stands still."""
_SHOT_START_FRAMES = 24
"""Pictures in which the strength of a shot's first one fades."""


def main() -> None:
    """Marks the clips and writes what was measured."""
    cv2.setNumThreads(1)
    results: dict[str, Any] = {"machine": machine_info(), "clips": {}}
    for clip in CLIPS:
        with tempfile.TemporaryDirectory(prefix="shimmer-") as folder:
            source, plain, marked = (Path(folder) / f"{name}.mp4" for name in ("source", "plain", "marked"))
            if clip.name in MEASURED_CLIPS and prepare_clip(clip, source):
                reencode(source, plain, encoding=ENCODING)
                mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=ENCODING)
                results["clips"][clip.name] = _measure_flicker(source, plain, marked)
                print(clip.name, results["clips"][clip.name], flush=True)
    OUT.write_text(json.dumps(results, indent=1) + "\n")


def _measure_flicker(source: Path, plain: Path, marked: Path) -> dict[str, Any]:
    sums = np.zeros((2, 3))
    before: tuple[FloatArray, ...] = ()
    for index, now in enumerate(zip(_luma(source), _luma(plain), _luma(marked), strict=True)):
        if before:
            still = cv2.blur(cv2.absdiff(now[0], before[0]), (9, 9)) <= _MAX_STILL_CHANGE
            changes = (float(np.square(now[which] - before[which])[still].sum()) for which in (1, 2))
            sums[int(index >= _SHOT_START_FRAMES)] += (*changes, int(still.sum()))
        before = now
    rms = np.sqrt(sums[:, :2] / np.maximum(sums[:, 2:], 1))
    return {
        name: {"plain": round(float(levels[0]), 3), "marked": round(float(levels[1]), 3)}
        for name, levels in zip(("as_a_shot_begins", "later"), rms, strict=True)
    } | {"still_share": round(float(sums[:, 2].sum()) / max(before[0].size * index, 1), 2)}


def _luma(path: Path) -> Iterator[FloatArray]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray()[: frame.height], np.float32)


if __name__ == "__main__":
    main()
