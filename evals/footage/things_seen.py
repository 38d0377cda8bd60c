"""`python -m evals.footage.things_seen DATA OUT [--clips FOLDER]`: what is seen in footage, found and falsely found.

DATA has `videos/index.csv` and `images/index.csv`, as evals.footage.everyday takes them; FOLDER has clips whose names
say what they show. Symbols are drawn here (`drawn_symbols`), with another seed and harmless shapes than in tuning.
Nothing of the data is kept but scores. Labels for which there was no data are rows that say so.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.base import Classifier
from classifiers.image.frame_objects import FrameObjects
from classifiers.image.hate_symbols import HateSymbols
from classifiers.image.sampled_frames import sample_of_images
from core.signals import Subject
from evals.footage.drawn_symbols import ALIKE, SYMBOLS, drawn_pictures
from evals.footage.train_frame_heads import readable_picture
from evals.intervals import wilson_interval
from evals.roc import area_under_roc
from media.sampling import sample_video
from media.video import VideoSample

_SEED, _DRAWN, _HARMLESS = 2026, 40, 20
_THRESHOLD = 0.5
_WORKERS = 4
_NO_DATA = ("weapons", "blood and injury", "drugs", "alcohol", "smoking", "political signs", "crowds", "children",
            "uniforms", "news studios")  # fmt: skip
_PHOTOGRAPHS = {"benign", "fire", "weapon", "near_duplicate", "perceptual_hash", "ocr_text"}


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("data", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--clips", type=Path)
    given = asked.parse_args()
    videos = [given.data / row["path"] for row in _rows(given.data / "videos" / "index.csv")]
    others = sorted(given.clips.glob("*.mp4")) if given.clips else []
    with ProcessPoolExecutor(_WORKERS) as pool:
        clips = list(pool.map(_clip, videos))
        named = list(pool.map(_clip, others))
        drawn = {shape: list(pool.map(partial(_likeness_of, shape), range(_parts(shape)))) for shape in SYMBOLS + ALIKE}
        pictures = list(pool.map(partial(_picture, given.data), _photographs(given.data)))
    result: dict[str, Any] = {
        "everyday_clips": _clips_summary(clips),
        "named_clips": named,
        "drawn_symbols": _drawn_summary({shape: list(chain(*parts)) for shape, parts in drawn.items()}),
        "fire_photographs": _fire_summary(pictures),
        "no_data": list(_NO_DATA),
        "threshold": _THRESHOLD,
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "command": "python -m evals.footage.things_seen DATA OUT --clips FOLDER",
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: result[name] for name in ("drawn_symbols", "fire_photographs")}, indent=1))
    print({name: value for name, value in result["everyday_clips"].items() if name != "rows"})


def _rows(index: Path) -> list[dict[str, str]]:
    with index.open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


def _photographs(data: Path) -> list[tuple[str, str]]:
    rows = _rows(data / "images" / "index.csv")
    return [(row["path"], row["label"]) for row in rows if row["label"] in _PHOTOGRAPHS]


def _scores(sample: VideoSample) -> tuple[dict[str, float | None], dict[str, float]]:
    """The score of each label, and the CPU seconds of each classifier."""
    scores: dict[str, float | None] = {}
    seconds: dict[str, float] = {}
    for classifier in _classifiers():
        began = time.process_time()
        scores |= {one.label: one.score for one in classifier.measure(sample, Subject.VIDEO)}
        seconds[classifier.name] = round(time.process_time() - began, 2)
    return scores, seconds


def _classifiers() -> tuple[Classifier, ...]:
    return HateSymbols(), FrameObjects()


def _clip(path: Path) -> dict[str, Any]:
    sample = sample_video(path, every=0.5, min_count=12, max_count=120)
    scores, seconds = _scores(sample)
    return {"clip": f"{path.parent.name}/{path.name}", "scores": scores, "cpu": seconds}


def _parts(shape: str) -> int:
    return 4 if shape in SYMBOLS else 2


def _likeness_of(shape: str, part: int) -> list[dict[str, float | None]]:
    """The scores of a few drawings of one shape."""
    count = (_DRAWN if shape in SYMBOLS else _HARMLESS) // _parts(shape)
    found = []
    for drawn in drawn_pictures(_SEED + part, count, (shape,)):
        signals = HateSymbols().measure(sample_of_images(drawn.rgb), Subject.REFERENCE)
        found.append({one.label: one.score for one in signals})
    return found


def _picture(data: Path, row: tuple[str, str]) -> dict[str, Any]:
    picture = readable_picture(data / row[0])
    if picture is None:
        return {"label": row[1], "fire_shown": None}
    (signal,) = FrameObjects().measure(sample_of_images(picture), Subject.REFERENCE)
    return {"label": row[1], "fire_shown": signal.score}


def _share(hits: int, total: int) -> dict[str, Any]:
    low, high = wilson_interval(hits, total)
    return {"n": total, "hits": hits, "share": round(hits / total, 4), "interval": [round(low, 4), round(high, 4)]}


def _over(values: Sequence[float | None]) -> dict[str, Any]:
    return _share(sum(value is not None and value >= _THRESHOLD for value in values), len(values))


def _clips_summary(clips: list[dict[str, Any]]) -> dict[str, Any]:
    labels = ("hate_symbol", "hate_symbol_mirrored", "fire_shown")
    names = [classifier.name for classifier in _classifiers()]
    return {
        **{label: _over([clip["scores"][label] for clip in clips]) for label in labels},
        "cpu_seconds_per_clip": {
            name: round(float(np.mean([clip["cpu"][name] for clip in clips])), 2) for name in names
        },
        "rows": clips,
    }


def _drawn_summary(drawn: dict[str, list[dict[str, float | None]]]) -> dict[str, Any]:
    harmless = [scores for shape in ALIKE for scores in drawn[shape]]
    wanted = {
        "hooked_cross": "hate_symbol",
        "hooked_cross_mirrored": "hate_symbol_mirrored",
        "black_sun": "hate_symbol",
    }
    return {
        "seed": _SEED,
        "found": {shape: _over([scores[label] for scores in drawn[shape]]) for shape, label in wanted.items()},
        "mirrored_taken_for_hate_symbol": _over([scores["hate_symbol"] for scores in drawn["hooked_cross_mirrored"]]),
        "harmless_shapes_taken_for_hate_symbol": _over([scores["hate_symbol"] for scores in harmless]),
        "harmless_shapes_taken_for_mirrored": _over([scores["hate_symbol_mirrored"] for scores in harmless]),
    }


def _fire_summary(pictures: list[dict[str, Any]]) -> dict[str, Any]:
    read = [row for row in pictures if row["fire_shown"] is not None]
    fires = np.array([row["fire_shown"] for row in read if row["label"] == "fire"])
    others = np.array([row["fire_shown"] for row in read if row["label"] != "fire"])
    return {
        "auc": round(area_under_roc(fires, others), 4),
        "found": _over(fires.tolist()),
        "falsely_found": _over(others.tolist()),
    }


if __name__ == "__main__":
    main()
