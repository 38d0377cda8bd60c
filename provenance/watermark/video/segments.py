"""Which parts of a video carry a mark: one spliced into other footage, or two different ones in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from media.arrays import ComplexArray, DoubleArray, FloatArray
from provenance.watermark.effort import Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.video.carrier_layout import modulate
from provenance.watermark.video.demodulate import CarrierSpectrum, demodulate, rectify
from provenance.watermark.video.detect import FALSE_ALARM_RATE, VideoDetectionResult, detect_in_frames
from provenance.watermark.video.frame_accumulation import AccumulatedFrames
from provenance.watermark.video.pilot_detector import SHIFT_HYPOTHESES, carrier_agreement, detect_tile

_MIN_Z = 4.0
"""The least z of a part that carries a mark."""

_MIN_GAP_Z = 2.5
"""The least z of a part between two that do."""
_WINDOW_SHARE = 4
"""A mark is first looked for in stretches of this share of the video, each half over the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """From `start` to `end` (shares of the video, 0 to 1) the video carries this mark.

    `p_value` is of this place, given that the mark was read somewhere in the video with its check.
    """

    start: float
    end: float
    payload: str
    key_id: str
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class _LocatedMark:
    """A mark that was read somewhere in the video: its lines, and its geometry."""

    payload: Payload
    key: WatermarkKey
    homography: DoubleArray
    orientation: str
    right: float
    down: float

    @property
    def lines(self) -> ComplexArray:
        return modulate(self.payload, self.key)


def find_segments(
    frames: AccumulatedFrames,
    keys: Sequence[WatermarkKey],
    *,
    whole: VideoDetectionResult | None = None,
    effort: Effort = "quick",
) -> tuple[Segment, ...]:
    """Of evidence with parts. `whole` is what was found in all of it, if that is known. Ordered by start."""
    whole = whole or detect_in_frames(frames, keys, effort=effort)
    segments = [segment for known in _located_marks(frames, keys, whole) for segment in _marked_runs(frames, known)]
    return tuple(
        sorted((segment for segment in segments if segment.p_value <= FALSE_ALARM_RATE), key=lambda one: one.start)
    )


def _located_marks(
    frames: AccumulatedFrames, keys: Sequence[WatermarkKey], whole: VideoDetectionResult
) -> list[_LocatedMark]:
    """Each payload once: of the whole video, and of stretches of it in the same geometry or as it was."""
    located: dict[str, _LocatedMark] = {}
    plain: DoubleArray = np.diag([frames.scale, frames.scale, 1.0])
    placed = [plain] if whole.homography is None or whole.geometry == "as it was" else [plain, whole.homography]
    detection = whole.tile_detection
    if whole.mark.among and whole.key and detection and detection.payload and whole.homography is not None:
        located[detection.payload.hex] = _LocatedMark(
            detection.payload, whole.key, whole.homography, detection.orientation, detection.right, detection.down
        )
    for picture in (frames.mean_frame, *_window_sums(frames.parts)):
        for place in placed:
            reading = demodulate(rectify(picture, place))
            for key in keys:
                detection = detect_tile(reading, key)
                if detection.payload and detection.p_value(4 * len(frames.parts) * len(keys)) <= FALSE_ALARM_RATE:
                    known = _LocatedMark(
                        detection.payload, key, place, detection.orientation, detection.right, detection.down
                    )
                    located.setdefault(detection.payload.hex, known)
    return list(located.values())


def _window_sums(parts: Sequence[FloatArray]) -> Iterator[FloatArray]:
    length = max(1, len(parts) // _WINDOW_SHARE)
    for start in range(0, len(parts) - length + 1, max(1, length // 2)):
        yield sum(parts[start + 1 : start + length], parts[start].copy())


def _marked_runs(evidence: AccumulatedFrames, known: _LocatedMark) -> Iterator[Segment]:
    """Runs of parts that carry the mark; one weak part between two sure ones belongs to them."""
    marked = [_z(part, known) for part in evidence.parts]
    above_threshold = [z >= _MIN_Z for z in marked]
    for at in range(1, len(above_threshold) - 1):
        above_threshold[at] |= marked[at] >= _MIN_GAP_Z and above_threshold[at - 1] and marked[at + 1] >= _MIN_Z
    start = 0
    while start < len(above_threshold):
        end = start
        while end < len(above_threshold) and above_threshold[end]:
            end += 1
        if end > start:
            yield _segment(evidence, known, start, end)
        start = end + 1


def _segment(evidence: AccumulatedFrames, known: _LocatedMark, start: int, end: int) -> Segment:
    z = _z(sum(evidence.parts[start + 1 : end], evidence.parts[start].copy()), known)
    count = len(evidence.parts)
    chance = min(1.0, SHIFT_HYPOTHESES * count * float(np.exp(-z * z / 2)))
    payload, key_id = known.payload.hex, known.key.id
    return Segment(start=start / count, end=end / count, payload=payload, key_id=key_id, p_value=chance)


def _z(picture: FloatArray, known: _LocatedMark) -> float:
    reading: CarrierSpectrum = demodulate(rectify(picture, known.homography))
    return carrier_agreement(dict(reading.orientations())[known.orientation], known.lines, known.right, known.down)


def segments_in_seconds(shares: Sequence[Segment], duration: float) -> tuple[Segment, ...]:
    """The same, `start` and `end` in seconds of a video that lasts so long."""
    return tuple(replace(segment, start=segment.start * duration, end=segment.end * duration) for segment in shares)
