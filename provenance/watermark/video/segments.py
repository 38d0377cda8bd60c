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

_EXPECTED_Z = (4.0, 2.5, 1.5)
"""z of a part that carries a mark, as it is supposed in turn: the supposition that explains the video best counts.
With the first, a part counts as marked from half of it on, and one alone from 4 on.
"""

_MAX_Z = 8.0
"""z above which a part says no more: one clear picture must not decide about all the others."""

_RUN_COST = 8.0
"""Log-likelihood that a run of marked parts must bring to be one of its own: that of one part of z = 4."""
_WINDOW_SHARE = 4
"""A mark is first looked for in stretches of this share of the video, each half over the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """From `start` to `end` (shares of the video, 0 to 1) the mark accumulates.

    `p_value` is of this span as a whole, given that the mark was read somewhere in the video with its check.
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
    sure = sorted((segment for segment in segments if segment.p_value <= FALSE_ALARM_RATE), key=lambda one: one.start)
    return tuple(sure) or _whole_video(whole)


def _whole_video(whole: VideoDetectionResult) -> tuple[Segment, ...]:
    """All of a video whose mark is sure only over all of it, with that certainty; nothing where none was read."""
    if not whole.mark.payload or whole.key is None:
        return ()
    return (Segment(start=0.0, end=1.0, payload=whole.mark.payload, key_id=whole.key.id, p_value=whole.mark.p_value),)


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
    """Runs of parts over which the mark accumulates, although each by itself may be too weak to be sure of."""
    for start, end in marked_runs([_z(part, known) for part in evidence.parts]):
        yield _segment(evidence, known, start, end)


def marked_runs(z: Sequence[float]) -> list[tuple[int, int]]:
    """Half-open runs of parts that are marked, by the z of each: the likeliest division into marked and unmarked ones.

    A part without the mark has z ~ N(0, 1), one with it z ~ N(m, 1) for one of the suppositions m. Each run costs as
    much as one sure part brings, so that chance makes none and a weak part between two sure ones belongs to them.
    """
    best_score, best_runs = 0.0, list[tuple[int, int]]()
    for expected in _EXPECTED_Z:
        gains = [expected * min(part, _MAX_Z) - expected * expected / 2 for part in z]
        score, runs = _likeliest_runs(gains)
        if score > best_score:
            best_score, best_runs = score, runs
    return best_runs


def _likeliest_runs(gains: Sequence[float]) -> tuple[float, list[tuple[int, int]]]:
    """The runs of the highest sum of gains less their costs (Viterbi over two states)."""
    outside, inside = (0.0, list[tuple[int, int]]()), (-np.inf, list[tuple[int, int]]())
    for at, gain in enumerate(gains):
        begun = outside[0] - _RUN_COST, [*outside[1], (at, at)]
        score, runs = max(inside, begun, key=lambda path: path[0])
        inside = score + gain, [*runs[:-1], (runs[-1][0], at + 1)]
        outside = max(outside, inside, key=lambda path: path[0])
    return outside


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
