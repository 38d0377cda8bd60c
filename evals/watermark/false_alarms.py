"""How often the watermark detector errs on what was never marked: at least 2000 clips and images, and wrong keys.

    ASSAY_DATA=… python -m evals.watermark.false_alarms

Every item is looked at as a file would be, for one key and ISSUED_COUNT payloads ("quick"); one in DEEP_INTERVAL
with the deep search.
Beside that many wrong keys are tried on one reading of each: their z fall where the Gaussian law says, or the law is
wrong. Writes evals/results/watermark_null.json. Resumable: what each item gave is kept in a temporary file until then.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from media.arrays import AnyArray, LumaPlane
from provenance.watermark import Payload, WatermarkKey
from provenance.watermark.effort import ANALYSIS_SHORT_SIDE, Effort
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.demodulate import demodulate, rectify
from provenance.watermark.video.detect import FALSE_ALARM_RATE, detect_in_frames
from provenance.watermark.video.frame_accumulation import accumulate_weighted_frames
from provenance.watermark.video.frame_selection import KEYFRAME_WEIGHT
from provenance.watermark.video.pilot_detector import SHIFT_HYPOTHESES, pilot_statistic

OUT = Path("evals/results/watermark_null.json")
CHECKPOINT = Path(tempfile.gettempdir()) / "assay_watermark_null.jsonl"
WRONG_KEYS = 12
"""Keys that are tried on one reading of each item."""
DEEP_INTERVAL = 40
"""One item in so many is searched deeply."""
ISSUED_COUNT = 10_000
"""Payloads that each item is compared with."""
WINDOW = 6
"""Pictures of a stretch of a clip."""
WINDOWS = 16
"""Stretches of a clip, at the most."""
SYNTHETIC_IMAGES = 250
"""Generated pictures among the items."""
PLAIN_HYPOTHESES = 32
"""As many as the four plain geometries count for, their share of the false alarms included."""
_SPREAD = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio (Knuth's multiplicative hashing): case ids that lie far apart."""
KEY = WatermarkKey(id="null", secret=b"a key that marked nothing at all")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
VIDEO_SUFFIXES = (".mp4", ".mov", ".avi", ".mkv")


class ItemReading(TypedDict):
    """One unmarked item: what the detector says, in how many CPU seconds, and z with each wrong key."""

    kind: str
    effort: str
    detected: bool
    z: float
    p: float
    seconds: float
    wrong: list[float]


def main() -> None:
    """Runs over all items and writes the sums."""
    cv2.setNumThreads(1)
    keys = [WatermarkKey(id="wrong", secret=b"%032d" % index) for index in range(WRONG_KEYS)]
    issued = PayloadSet(
        [Payload(issuer=1, case_id=f"{index * _SPREAD % 2**64:016x}").hex for index in range(ISSUED_COUNT)], KEY
    )
    rows: list[ItemReading] = [json.loads(line) for line in CHECKPOINT.open()] if CHECKPOINT.exists() else []
    with CHECKPOINT.open("a") as kept:
        for index, (kind, pictures) in enumerate(unmarked_items()):
            if index < len(rows):
                continue
            rows.append(
                measure_item(
                    kind, pictures, keys, issued, "deep" if index % DEEP_INTERVAL == DEEP_INTERVAL - 1 else "quick"
                )
            )
            kept.write(json.dumps(rows[-1]) + "\n")
            kept.flush()
    results = _summary(rows)
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    CHECKPOINT.unlink()
    print(json.dumps(results, indent=1))


def measure_item(
    kind: str, pictures: Sequence[LumaPlane], keys: Sequence[WatermarkKey], issued: PayloadSet, effort: Effort
) -> ItemReading:
    """What the detector says of one unmarked item, and z with each wrong key."""
    started = time.process_time()
    evidence = accumulate_weighted_frames(_weighed(pictures), min_short_side=ANALYSIS_SHORT_SIDE)
    detection = detect_in_frames(evidence, [KEY], effort=effort, issued=[issued])
    seconds = time.process_time() - started
    reading = demodulate(rectify(evidence.mean_frame, np.diag([evidence.scale, evidence.scale, 1.0])))
    return {
        "kind": kind,
        "effort": effort,
        "detected": detection.mark.detected,
        "z": round(detection.z, 3),
        "p": detection.mark.p_value,
        "seconds": round(seconds, 3),
        "wrong": [round(pilot_statistic(reading, key), 3) for key in keys],
    }


def _weighed(pictures: Sequence[LumaPlane]) -> Iterator[tuple[LumaPlane, float]]:
    """As the pictures of a file count whose first one is coded by itself."""
    for index, luma in enumerate(pictures):
        yield luma, KEYFRAME_WEIGHT if index == 0 and len(pictures) > 1 else 1.0


def _summary(rows: list[ItemReading]) -> dict[str, object]:
    errors = [row["kind"] for row in rows if row["detected"]]
    values = np.array([z for row in rows for z in row["wrong"]])
    tail = {f"{z:g}": [float((values > z).mean()), _bound(z)] for z in (4.0, 4.5, 5.0, 5.25, 5.5, 5.75, 6.0)}
    needed = float(np.sqrt(2 * np.log(SHIFT_HYPOTHESES * PLAIN_HYPOTHESES / FALSE_ALARM_RATE)))
    efforts = {effort: [row for row in rows if row["effort"] == effort] for effort in ("quick", "deep")}
    return {
        "items": dict(Counter(row["kind"] for row in rows)),
        "n": len(rows),
        "issued": ISSUED_COUNT,
        "detected": len(errors),
        "detected_kinds": errors,
        "upper_bound_95": round(wilson_interval(len(errors), len(rows))[1], 6),
        "by_effort": {
            effort: {
                "n": len(chosen),
                "largest_z": max((row["z"] for row in chosen), default=0),
                "smallest_p": min((row["p"] for row in chosen), default=1),
                "seconds_median": round(float(np.median([row["seconds"] for row in chosen] or [0])), 2),
            }
            for effort, chosen in efforts.items()
        },
        "largest_z": max(row["z"] for row in rows),
        "wrong_key_readings": len(values),
        "wrong_key_largest_z": round(float(values.max()), 2),
        "wrong_key_share_above_z_and_bound": tail,
        "gumbel_of_wrong_key_z": [round(float(part), 4) for part in _gumbel(values)],
        "z_needed_for_presence": round(needed, 2),
        "chance_of_that_by_gumbel": float(-np.expm1(-np.exp(-(needed - _gumbel(values)[0]) / _gumbel(values)[1]))),
        "machine": machine_info(),
    }


def _bound(z: float) -> float:
    return min(1.0, SHIFT_HYPOTHESES * float(np.exp(-z * z / 2)))


def _gumbel(values: NDArray[np.float64]) -> tuple[float, float]:
    """Place and scale by moments: the law of a largest value; its tail is heavier than that of z."""
    scale = float(values.std() * np.sqrt(6) / np.pi)
    return float(values.mean() - 0.5772 * scale), scale


def unmarked_items() -> Iterator[tuple[str, list[LumaPlane]]]:
    """All items: images, clips and synthetic pictures, each with its kind."""
    data = Path(os.environ["ASSAY_DATA"])
    for path in sorted(path for folder in ("images", "faces") for path in (data / folder).rglob("*")):
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.suffix.lower() in IMAGE_SUFFIXES else None
        if picture is not None and min(picture.shape) >= 96:
            yield "image", [np.asarray(_limit_size(picture), np.uint8)]
        if picture is not None and min(picture.shape) >= 160:
            yield "image, smaller", [np.asarray(_limit_size(picture, int(0.6 * min(picture.shape))), np.uint8)]
    for path in sorted(path for path in (data / "videos").rglob("*") if path.suffix in VIDEO_SUFFIXES):
        for window in _windows(path):
            yield "clip", window
    for index in range(SYNTHETIC_IMAGES):
        yield "synthetic", [_synthetic_image(index)]


def _limit_size(picture: AnyArray, side: int = 1080) -> AnyArray:
    share = side / min(picture.shape)
    return picture if share >= 1 else cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


def _windows(path: Path) -> Iterator[list[LumaPlane]]:
    """Up to WINDOWS stretches of a clip, spread over it, none twice."""
    with av.open(str(path)) as container:
        pictures = [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]
    starts = np.unique(np.linspace(0, max(0, len(pictures) - WINDOW), WINDOWS).astype(int))
    for start in starts if min(pictures[0].shape) >= 96 else []:
        yield pictures[start : start + WINDOW]


def _synthetic_image(index: int) -> LumaPlane:
    """Noise of every colour, and what is most like our lattice: patterns that repeat, also by our own tile."""
    rng = np.random.default_rng(index)
    height, width = int(rng.integers(128, 800)), int(rng.integers(128, 1300))
    noise = rng.normal(0, 1, (height, width)).astype(np.float32)
    if index % 3 == 0:
        noise = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.5, 12)))
    elif index % 3 == 1:
        period = 192 if index % 2 else int(rng.integers(8, 300))
        tile = cv2.GaussianBlur(rng.normal(0, 1, (period, period)).astype(np.float32), (0, 0), 2)
        noise = np.tile(tile, (height // period + 1, width // period + 1))[:height, :width]
    else:
        down, right = np.mgrid[:height, :width]
        noise = sum(np.sin(right * rng.uniform(-1, 1) + down * rng.uniform(-1, 1)) for _ in range(8)) + 0.1 * noise
    return np.asarray(np.clip(128 + 40 * noise / (noise.std() + 1e-6), 0, 255), np.uint8)


if __name__ == "__main__":
    main()
