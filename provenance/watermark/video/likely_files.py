"""Looks in a file for the marks of a few payloads that it is likely to carry: those of videos that it looks like.

As in `files`, what decodes the file holds no key, and what holds the keys sees sums of pictures only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from core.codec import load
from core.finding import WatermarkFinding
from media.sandbox.limits import InputLimits
from media.sandbox.scan import input_limits
from provenance.watermark.key import WatermarkKey, key_from_json
from provenance.watermark.payload import Payload
from provenance.watermark.video.detect import FALSE_ALARM_RATE, QUESTIONS_OF_ISSUED, VideoDetectionResult
from provenance.watermark.video.files import (
    SAMPLED_FRAMES,
    FileDetection,
    SummedPictures,
    read_sums,
    run_with_keys,
    summed_pictures,
)
from provenance.watermark.video.likely_payload_detector import LikelyMark, find_likely_mark
from provenance.watermark.video.segments import find_segments, segments_in_seconds

_NOT_FOUND = FileDetection(mark=WatermarkFinding(detected=False, note="no mark of ours found"))


def find_likely_in_file(
    path: Path, *, keys: Sequence[WatermarkKey], likely: Sequence[str], limits: InputLimits | None = None
) -> FileDetection:
    """Which of the `likely` payloads (hex) is in a video or an image, and in which seconds. Raises BadMedia.

    For what detect_file() read nothing in: the two may err with a chance of FALSE_ALARM_RATE together.
    """
    if not likely or not keys:
        return _NOT_FOUND
    with summed_pictures(path, 2 * SAMPLED_FRAMES, limits or input_limits(), parts=True) as (folder, pictures):
        answer = run_with_keys(
            "find_likely_in_process", folder, pictures, keys, {"likely": list(likely)}, module=__name__
        )
    detection: FileDetection = load(FileDetection, answer)
    return detection


def find_likely_in_process(
    folder: str, pictures: dict[str, object], keys: list[dict[str, str]], likely: list[str]
) -> FileDetection:
    """As find_likely_in_file(), in what sum_pictures_in_process left. For use in the sandbox."""
    cv2.setNumThreads(1)
    known, secrets = load(SummedPictures, pictures), [key_from_json(key) for key in keys]
    sums, payloads = read_sums(folder, known), [Payload.from_hex(payload) for payload in likely]
    found = [mark for key in secrets if (mark := find_likely_mark(sums, payloads, key))]
    questions = (1 + QUESTIONS_OF_ISSUED) * len(secrets)
    best = min(found, key=lambda mark: mark.p_value(questions), default=None)
    if best is None or best.p_value(questions) > FALSE_ALARM_RATE:
        return _NOT_FOUND
    whole = _as_detection(best, questions)
    return FileDetection(
        mark=whole.mark,
        segments=segments_in_seconds(find_segments(sums, secrets, whole=whole), known.duration),
        geometry=whole.geometry,
        z=whole.z,
    )


def _as_detection(best: LikelyMark, questions: int) -> VideoDetectionResult:
    tile = best.detection
    note = (
        f"key {best.key.id}; picture {best.geometry.name}, {tile.orientation}; matched against {tile.among:,} issued,"
        " with all lines"
    )
    mark = WatermarkFinding(
        detected=True,
        payload=best.payload.hex,
        p_value=best.p_value(questions),
        case_id=best.payload.case_id,
        among=tile.among,
        note=note,
    )
    return VideoDetectionResult(
        mark=mark,
        key=best.key,
        z=tile.z,
        geometry=best.geometry.name,
        homography=best.geometry.homography,
        tile_detection=tile,
        orientation=tile.orientation,
    )
