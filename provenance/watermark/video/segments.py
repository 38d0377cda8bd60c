"""Which parts of a video carry a mark: one spliced into other footage, or two different ones in one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from media.arrays import BoolArray, ComplexArray, DoubleArray, FloatArray
from provenance.watermark.effort import Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.video.carrier_layout import TILE_SIZE, modulate, subcarriers
from provenance.watermark.video.demodulate import CarrierSpectrum, demodulate, rectify
from provenance.watermark.video.detect import FALSE_ALARM_RATE, VideoDetectionResult, detect_in_frames
from provenance.watermark.video.frame_accumulation import AccumulatedFrames
from provenance.watermark.video.pilot_detector import SHIFT_HYPOTHESES, TileDetection, carrier_agreement, detect_tile

_EXPECTED_Z = (4.0, 2.5, 1.0)
"""z that a part with a mark may have: a picture coded by itself shows it clearly, those after it (the last) hardly."""

_WEAKER_COST = 5.5
"""Log-likelihood that weaker parts must bring together to be told from the unmarked ones beside clearer ones."""

_MAX_Z = 8.0
"""z above which a part says no more: one clear picture must not decide about all the others."""

_RUN_COST = 8.0
"""Log-likelihood that a run of marked parts must bring to be one of its own: that of one part of z = 4."""
_WIDE_WINDOW = 0.25
"""Share of the video: a mark is first looked for in stretches of so much of it, each half over the next."""
_SHORT_WINDOW = 0.1
"""The same for where wide stretches say nothing: six seconds of a compilation of a minute."""

_SAME_PLACE = 4.0
"""Canonical pixels, half of the shortest wave: tiles no further apart share the phase of most of their lines."""
_SAME_LINE = 1e-6
"""Two symbols no further apart are one; others are 1.4 apart or more."""

_Path = tuple[float, list[tuple[int, int]]]
"""Log-likelihood of a division of the parts so far, and its runs."""


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
    lines: ComplexArray
    """Of a line that does not count, 0."""


def find_segments(
    frames: AccumulatedFrames,
    keys: Sequence[WatermarkKey],
    *,
    whole: VideoDetectionResult | None = None,
    effort: Effort = "quick",
) -> tuple[Segment, ...]:
    """Of evidence with parts. `whole` is what was found in all of it, if that is known. Ordered by start.

    A `deep` search looks for pieces that were made larger or smaller too: two seconds more where none is found.
    """
    whole = whole or detect_in_frames(frames, keys, effort=effort)
    placed = _places(frames, whole)
    located = _located_marks(frames, keys, whole, placed)
    sure = _sure_segments(frames, located)
    beside = _located_beside(frames, keys, _unmarked_stretches(frames.parts, sure), placed, effort)
    known = {one.payload for one in located}
    if further := [one for one in beside if one.payload not in known]:
        sure = _sure_segments(frames, [*located, *further])
    return tuple(sure) or _whole_video(whole)


def _sure_segments(frames: AccumulatedFrames, marks: Sequence[_LocatedMark]) -> list[Segment]:
    """Where these accumulate so that chance is ruled out, ordered by start."""
    located = _told_apart(marks)
    agreements = np.array([[_z(part, known) for part in frames.parts] for known in located])
    segments = [
        segment
        for place, known in enumerate(located)
        for segment in _marked_runs(frames, known, beside_others(agreements, place))
    ]
    return sorted((segment for segment in segments if segment.p_value <= FALSE_ALARM_RATE), key=lambda one: one.start)


def _whole_video(whole: VideoDetectionResult) -> tuple[Segment, ...]:
    """All of a video whose mark is sure only over all of it, with that certainty; nothing where none was read."""
    if not whole.mark.payload or whole.key is None:
        return ()
    return (Segment(start=0.0, end=1.0, payload=whole.mark.payload, key_id=whole.key.id, p_value=whole.mark.p_value),)


def _places(frames: AccumulatedFrames, whole: VideoDetectionResult) -> list[DoubleArray]:
    """As it was, and in the geometry in which a mark was found in the whole video."""
    plain: DoubleArray = np.diag([frames.scale, frames.scale, 1.0])
    return [plain] if whole.homography is None or whole.geometry == "as it was" else [plain, whole.homography]


def _located_marks(
    frames: AccumulatedFrames, keys: Sequence[WatermarkKey], whole: VideoDetectionResult, placed: Sequence[DoubleArray]
) -> list[_LocatedMark]:
    """Each payload once: of the whole video, and of wide stretches of it."""
    located: dict[str, _LocatedMark] = {}
    detection = whole.tile_detection
    if whole.mark.among and whole.key and detection and detection.payload and whole.homography is not None:
        located[detection.payload.hex] = _located(detection, detection.payload, whole.key, whole.homography)
    pictures = [frames.mean_frame, *_window_sums(frames.parts, _width(frames, _WIDE_WINDOW))]
    for known in _read_in(pictures, placed, keys, _most_readings(frames, keys)):
        located.setdefault(known.payload.hex, known)
    return list(located.values())


def _located_beside(
    frames: AccumulatedFrames,
    keys: Sequence[WatermarkKey],
    stretches: Sequence[Sequence[FloatArray]],
    placed: Sequence[DoubleArray],
    effort: Effort,
) -> list[_LocatedMark]:
    """What is in stretches of parts in which nothing was found: in all of each, and in short windows of it.

    Wide windows drown a short mark in what stands beside it: other footage, or a clearer mark.
    """
    located: dict[str, _LocatedMark] = {}
    for stretch in stretches:
        pictures = [*_window_sums(stretch, len(stretch)), *_window_sums(stretch, _width(frames, _SHORT_WINDOW))]
        for other in _read_in(pictures, placed, keys, _most_readings(frames, keys)):
            located.setdefault(other.payload.hex, other)
        if effort == "deep" and not located:
            for other in _searched_in(frames, stretch, keys):
                located.setdefault(other.payload.hex, other)
    return list(located.values())


def _searched_in(
    frames: AccumulatedFrames, stretch: Sequence[FloatArray], keys: Sequence[WatermarkKey]
) -> Iterator[_LocatedMark]:
    """What a quick search of sizes finds in wide windows, surely enough for one of so many of them."""
    length = min(len(stretch), _width(frames, _WIDE_WINDOW))
    for window in _window_sums(stretch, length):
        found = detect_in_frames(
            replace(frames, mean_frame=window / np.float32(length), parts=()), keys, effort="quick"
        )
        detection, key, placed = found.tile_detection, found.key, found.homography
        sure = 2 * found.mark.p_value * len(frames.parts) <= FALSE_ALARM_RATE
        if found.mark.detected and sure and detection and detection.payload and key and placed is not None:
            yield _located(detection, detection.payload, key, placed)


def _unmarked_stretches(parts: Sequence[FloatArray], found: Sequence[Segment]) -> list[list[FloatArray]]:
    """Parts that follow each other and carry none of what was found."""
    marked = [any(one.start <= at / len(parts) < one.end for one in found) for at in range(len(parts))]
    stretches = groupby(range(len(parts)), key=marked.__getitem__)
    return [[parts[at] for at in stretch] for is_marked, stretch in stretches if not is_marked]


def _width(frames: AccumulatedFrames, share: float) -> int:
    """How many parts are this share of the video."""
    return max(1, round(len(frames.parts) * share))


def _most_readings(frames: AccumulatedFrames, keys: Sequence[WatermarkKey]) -> int:
    """How many readings are made of windows at the most: each in two geometries, upright and turned.

    Twice as many: these may use up half of the chance of an error that the seconds have, and a deep search the rest.
    """
    count = len(frames.parts)
    windows = [count // max(1, _width(frames, share) // 2) for share in (_WIDE_WINDOW, _SHORT_WINDOW)]
    return 8 * (1 + count + sum(windows)) * len(keys)


def _read_in(
    pictures: Iterable[FloatArray], placed: Sequence[DoubleArray], keys: Sequence[WatermarkKey], readings: int
) -> Iterator[_LocatedMark]:
    """What is read with its check in any of the pictures, surely enough for one of so many readings."""
    for picture in pictures:
        for place in placed:
            reading = demodulate(rectify(picture, place))
            for key in keys:
                detection = detect_tile(reading, key)
                if detection.payload and detection.p_value(readings) <= FALSE_ALARM_RATE:
                    yield _located(detection, detection.payload, key, place)


def _located(detection: TileDetection, payload: Payload, key: WatermarkKey, homography: DoubleArray) -> _LocatedMark:
    return _LocatedMark(
        payload=payload,
        key=key,
        homography=homography,
        orientation=detection.orientation,
        right=detection.right,
        down=detection.down,
        lines=modulate(payload, key),
    )


def _told_apart(located: Sequence[_LocatedMark]) -> list[_LocatedMark]:
    """The same, each only by the lines in which it differs from those that lie where it lies.

    Two marks of one key share their pilots, and the bits of who issued them: nearly half of all lines. Where their
    tiles lie alike, as in two versions of one film, each would be found in the seconds of the other.
    """
    return [
        replace(
            one, lines=np.where(_differs(one, [other for other in located if _lies_alike(one, other)]), one.lines, 0)
        )
        for one in located
    ]


def _differs(one: _LocatedMark, others: Sequence[_LocatedMark]) -> BoolArray:
    """Per line whether it tells this mark from any of the others: each of them where there are none."""
    if not others:
        return np.ones(len(one.lines), np.bool_)
    differs: BoolArray = np.any([np.abs(one.lines - other.lines) > _SAME_LINE for other in others], axis=0)
    return differs


def _lies_alike(one: _LocatedMark, other: _LocatedMark) -> bool:
    apart = np.array([one.right - other.right, one.down - other.down])
    nearest = np.abs((apart + TILE_SIZE / 2) % TILE_SIZE - TILE_SIZE / 2).max()
    return (
        one.payload != other.payload
        and one.key == other.key
        and one.orientation == other.orientation
        and np.array_equal(one.homography, other.homography)
        and bool(nearest <= _SAME_PLACE)
    )


def _window_sums(parts: Sequence[FloatArray], length: int) -> Iterator[FloatArray]:
    """Of so many parts each, half over the next; none where there are fewer."""
    for start in range(0, len(parts) - length + 1, max(1, length // 2)):
        yield sum(parts[start + 1 : start + length], parts[start].copy())


def beside_others(agreements: DoubleArray, place: int) -> list[float]:
    """z of one mark in each part, of all (marks, parts); 0 where it is no more than what a clearer one leaves there.

    Any mark agrees with another by chance, by z * sqrt(2 / lines) of it, and alike in all of its parts: that must not
    accumulate to a weak mark over the seconds of another.
    """
    own, others = agreements[place], np.delete(agreements, place, axis=0)
    clearest = others.max(axis=0, initial=0.0)
    chance = np.sqrt(1 + 2 * clearest**2 / len(subcarriers().u))
    left_by_it = (clearest > own) & (own < _EXPECTED_Z[0] * chance)
    return [float(z) for z in np.where(left_by_it, 0.0, own)]


def _marked_runs(evidence: AccumulatedFrames, known: _LocatedMark, z: Sequence[float]) -> Iterator[Segment]:
    """Runs of parts over which the mark accumulates, although each by itself may be too weak to be sure of."""
    for start, end in marked_runs(z):
        yield _segment(evidence, known, start, end)


def marked_runs(z: Sequence[float]) -> list[tuple[int, int]]:
    """Half-open runs of parts that are marked, by the z of each: the likeliest division into marked and unmarked ones.

    A part without the mark has z ~ N(0, 1), one with it z ~ N(m, 1), where m is one of the expected ones, at each part.
    Each run costs as much as one sure part brings, so that chance makes none; a weak part between two sure ones belongs
    to them, and so do weak ones beside a sure one, if they say enough together.
    """
    outside = 0.0, list[tuple[int, int]]()
    inside = [(-np.inf, list[tuple[int, int]]()) for _ in _EXPECTED_Z]
    for at, part in enumerate(z):
        before, clearer = inside, (outside[0] - _RUN_COST, [*outside[1], (at, at)])
        inside = []
        for of, expected in enumerate(_EXPECTED_Z):  # growing clearer is free, growing weaker is not
            path = max(clearer, *before[of:], key=_score)
            inside.append(_through(path, at, _gain(part, expected)))
            clearer = max(clearer, before[of], key=_score)
            clearer = (clearer[0] - _WEAKER_COST, clearer[1]) if of == 0 else clearer
        outside = max(outside, *inside, key=_score)
    return outside[1]


def _score(path: _Path) -> float:
    return path[0]


def _through(path: _Path, at: int, gain: float) -> _Path:
    """The path with one more part in its last run."""
    score, runs = path
    return score + gain, [*runs[:-1], (runs[-1][0], at + 1)] if runs else runs


def _gain(z: float, expected: float) -> float:
    """Log-likelihood that a part brings to being marked so strongly, over being unmarked."""
    return expected * min(z, _MAX_Z) - expected * expected / 2


def _segment(evidence: AccumulatedFrames, known: _LocatedMark, start: int, end: int) -> Segment:
    z = _z(sum(evidence.parts[start + 1 : end], evidence.parts[start].copy()), known)
    count = len(evidence.parts)
    chance = min(1.0, SHIFT_HYPOTHESES * count * float(np.exp(-z * z / 2)))
    payload, key_id = known.payload.hex, known.key.id
    return Segment(start=start / count, end=end / count, payload=payload, key_id=key_id, p_value=chance)


def _z(picture: FloatArray, known: _LocatedMark) -> float:
    reading: CarrierSpectrum = demodulate(rectify(picture, known.homography))
    values = np.where(known.lines == 0, 0, dict(reading.orientations())[known.orientation])
    return carrier_agreement(values, known.lines, known.right, known.down)


def segments_in_seconds(shares: Sequence[Segment], duration: float) -> tuple[Segment, ...]:
    """The same, `start` and `end` in seconds of a video that lasts so long."""
    return tuple(replace(segment, start=segment.start * duration, end=segment.end * duration) for segment in shares)
