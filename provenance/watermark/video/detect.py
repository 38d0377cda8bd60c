"""Looks for marks of our keys in pictures, and says how sure that is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.finding import WatermarkFinding
from media.arrays import DoubleArray
from provenance.watermark.effort import ANALYSIS_SHORT_SIDE, DEEP_SECONDS, Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.demodulate import CarrierSpectrum, demodulate, rectify
from provenance.watermark.video.frame_accumulation import AccumulatedFrames, accumulate_frames
from provenance.watermark.video.homography_candidates import (
    DEEP_KINDS,
    UNSEARCHED,
    HomographyCandidate,
    homography_candidates,
)
from provenance.watermark.video.known_payload_detector import match_known_payloads
from provenance.watermark.video.pilot_detector import TileDetection, detect_tile
from provenance.watermark.video.refine_homography import refine_homography

FALSE_ALARM_RATE = 1e-9
"""A mark is reported only if a file without one would bring this about with at most this chance."""
QUESTIONS_OF_ISSUED = 2
"""What is asked of issued payloads: whether it is any of them, and later of those it looks like (find_likely_mark)."""
_STOPPED = "the search for turned, filmed and strongly cropped pictures was stopped when its time was up"
_MIN_Z_TO_REFINE = 5.5  # z of the pilots from which a geometry is refined
_MAX_MATCHED_READINGS = 12
"""Readings compared with what was issued, at the most: plain ones, and those whose pilots agree best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDetectionResult:
    """The mark, and how it was found: for evaluation. `attempts` counts readings, over all keys."""

    mark: WatermarkFinding
    key: WatermarkKey | None = None
    z: float = 0.0
    attempts: int = 0
    geometry: str = ""
    orientation: str = ""
    homography: DoubleArray | None = None
    tile_detection: TileDetection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    tile_detection: TileDetection
    key: WatermarkKey
    geometry: HomographyCandidate
    spectrum: CarrierSpectrum
    tests_per_reading: int

    @property
    def p_value(self) -> float:
        """That any reading of this kind says as much without a mark: each map may be climbed from, so counts twice."""
        return self.tile_detection.p_value(2 * self.geometry.hypotheses * self.tests_per_reading)


def detect_video(
    frames: Iterable[NDArray[np.uint8]], keys: Sequence[WatermarkKey], *, effort: Effort = "quick"
) -> WatermarkFinding:
    """Of Y planes (height, width) of one size, some dozens spread over the video; constant memory. Raises BadMedia."""
    return detect_in_frames(accumulate_frames(frames, min_short_side=ANALYSIS_SHORT_SIDE), keys, effort=effort).mark


def detect_in_frames(
    frames: AccumulatedFrames,
    keys: Sequence[WatermarkKey],
    *,
    effort: Effort = "quick",
    issued: Sequence[PayloadSet] = (),
    deep_seconds: float = DEEP_SECONDS,
) -> VideoDetectionResult:
    """Tries geometries until a payload is read. `deep` then also undoes rotation, stretching and perspective.

    That ends after `deep_seconds` of wall time, and the note says so. What cannot be read is compared with what was
    `issued`.
    """
    best: _Attempt | None = None
    questions, attempts = len(keys) + QUESTIONS_OF_ISSUED * len(issued), list[_Attempt]()
    until, stopped = time.monotonic() + deep_seconds, False
    for geometry in homography_candidates(frames, effort, keys) if keys else ():
        if stopped := geometry.name in DEEP_KINDS and time.monotonic() > until:
            break
        attempts.append(_attempt(frames, geometry, keys, questions))
        tile_detection = attempts[-1].tile_detection
        if not tile_detection.payload and (geometry.needs_refinement or tile_detection.z > _MIN_Z_TO_REFINE):
            closer = refine_homography(frames.mean_frame, geometry.homography)
            attempts.append(_attempt(frames, replace(geometry, homography=closer), keys, questions))
        best = _best(attempts)
        if best and best.tile_detection.payload and best.p_value <= FALSE_ALARM_RATE:
            return _detection(best, len(keys) * len(attempts))
    found = _detection(_match_issued(attempts, issued) or best, len(keys) * len(attempts))
    if found.mark.detected or not stopped:
        return found
    return replace(found, mark=replace(found.mark, note=f"{found.mark.note}: {_STOPPED}"))


def _attempt(
    frames: AccumulatedFrames, geometry: HomographyCandidate, keys: Sequence[WatermarkKey], tests_per_reading: int
) -> _Attempt:
    reading = demodulate(rectify(frames.mean_frame, geometry.homography))
    detections = [
        _Attempt(
            tile_detection=detect_tile(reading, key),
            key=key,
            geometry=geometry,
            spectrum=reading,
            tests_per_reading=tests_per_reading,
        )
        for key in keys
    ]
    return min(detections, key=_by_p_value)


def _match_issued(attempts: Sequence[_Attempt], issued: Sequence[PayloadSet]) -> _Attempt | None:
    """The surest of what was issued, in the readings that may well be right; None if none is sure."""
    likely = sorted(attempts, key=lambda one: (one.geometry.name not in UNSEARCHED, -one.tile_detection.z))[
        :_MAX_MATCHED_READINGS
    ]
    matched: list[_Attempt] = []
    for some in issued:
        detections = match_known_payloads([one.spectrum for one in likely], some)
        matched += [
            replace(one, tile_detection=of, key=some.key) for one, of in zip(likely, detections, strict=True) if of
        ]
    best = _best(matched)
    return best if best and best.p_value <= FALSE_ALARM_RATE else None


def _best(attempts: Sequence[_Attempt]) -> _Attempt | None:
    return min(attempts, key=_by_p_value, default=None)


def _by_p_value(attempt: _Attempt) -> tuple[float, float]:
    return attempt.p_value, -attempt.tile_detection.z


def _detection(best: _Attempt | None, attempts: int) -> VideoDetectionResult:
    if best is None:
        return VideoDetectionResult(mark=WatermarkFinding(detected=False, note="no key to look with"))
    chance = best.p_value
    is_detected = chance <= FALSE_ALARM_RATE
    payload = best.tile_detection.payload if is_detected else None
    mark = WatermarkFinding(
        detected=is_detected,
        payload=payload.hex if payload else None,
        p_value=chance,
        case_id=payload.case_id if payload else None,
        among=best.tile_detection.among if payload else 0,
        note=_note(best, is_detected),
    )
    return VideoDetectionResult(
        mark=mark,
        key=best.key,
        z=best.tile_detection.z,
        attempts=attempts,
        geometry=best.geometry.name,
        homography=best.geometry.homography,
        tile_detection=best.tile_detection,
        orientation=best.tile_detection.orientation,
    )


def _note(best: _Attempt, is_detected: bool) -> str:
    if not is_detected:
        return "no mark of ours found"
    if best.tile_detection.payload is None:
        return f"a mark of key {best.key.id} is present, but damaged: its payload cannot be read"
    description = f"key {best.key.id}; picture {best.geometry.name}, {best.tile_detection.orientation}"
    return (
        f"{description}; matched against {best.tile_detection.among:,} issued"
        if best.tile_detection.among
        else description
    )
