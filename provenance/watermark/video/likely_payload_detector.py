"""Looks for the marks of a few payloads that a file is likely to carry, with all of their lines.

Which they are is known from elsewhere: the sealed videos that the file looks like. Where the payload is known there is
nothing to decode, and all lines find the place and the geometry that pilots alone find, a quarter of the lines: a mark
is found at half the strength (Cox, Miller, Bloom, Digital Watermarking, 2002, chapter 4: informed detection).

The chance of a false alarm is bounded as everywhere (pilot_detector), multiplied by all payloads and all maps: what the
file looks like was decided without the key, and an unmarked file knows nothing of the phases of any payload's lines.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from provenance.watermark.effort import DEEP_SECONDS, Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.payload_set import is_case_confirmed
from provenance.watermark.video.carrier_layout import PILOT_SHARE, KnownLines, payload_lines, pilot_lines
from provenance.watermark.video.demodulate import CONJUGATED, MIRRORED, CarrierSpectrum, demodulate, rectify
from provenance.watermark.video.frame_accumulation import AccumulatedFrames
from provenance.watermark.video.homography_candidates import HomographyCandidate, MapGrid, map_grids, plain_candidates
from provenance.watermark.video.known_payload_detector import normalised_soft_bits
from provenance.watermark.video.pilot_detector import (
    SHIFTS_PER_PIXEL,
    TileDetection,
    best_shift,
    correlation_surface,
)
from provenance.watermark.video.pilot_search import neighbour_maps, pilot_search
from provenance.watermark.video.refine_homography import follow_lines

MAX_LIKELY = 8
"""Payloads looked for, the likeliest first: each takes about half a second, and makes false alarms likelier."""
_KEPT_MAPS = 2  # maps of a search that are read
_MIN_Z_TO_FOLLOW = 6.0
"""z from which a geometry that was searched is followed to where the lines agree best."""
_FOLLOW_ROUNDS = 160  # geometries tried then
_FOLLOW_WEIGHT = 2 * _FOLLOW_ROUNDS
"""By how much a reading counts that was followed with the lines: as many maps, and half of the false alarms."""
_READ_WEIGHT = 2  # the same for a reading that was not


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyMark:
    """The mark of a payload in one reading, and where it is; `weight` is the number of readings it counts as."""

    payload: Payload
    key: WatermarkKey
    geometry: HomographyCandidate
    detection: TileDetection
    weight: int

    def p_value(self, questions: int) -> float:
        """That a file without a mark says as much, so many questions being asked of it."""
        return self.detection.p_value(self.geometry.hypotheses * self.weight * questions)


def find_likely_mark(
    frames: AccumulatedFrames, payloads: Sequence[Payload], key: WatermarkKey, *, effort: Effort = "deep"
) -> LikelyMark | None:
    """The surest of these payloads; None where none of them is certainly not another. Judge it by its p_value."""
    until, likely = time.monotonic() + DEEP_SECONDS, payloads[:MAX_LIKELY]
    readings = list[LikelyMark]()
    for payload in likely:
        if time.monotonic() < until:
            readings += _readings(frames, payload, key, effort, among=len(likely))
    confirmed = [mark for mark in readings if mark.detection.payload]
    return min(confirmed, key=lambda mark: mark.p_value(1), default=None)


def _readings(
    frames: AccumulatedFrames, payload: Payload, key: WatermarkKey, effort: Effort, *, among: int
) -> Iterator[LikelyMark]:
    lines = payload_lines(payload, key)
    for geometry in plain_candidates(frames):
        yield _read(frames, geometry, payload, key, lines, among)
    for grid in map_grids(frames, effort):
        found = [_read(frames, geometry, payload, key, lines, among) for geometry in _searched(grid, lines, _KEPT_MAPS)]
        yield from found
        surest = max(found, key=lambda mark: mark.detection.z)
        if effort == "deep" and surest.detection.z > _MIN_Z_TO_FOLLOW:
            yield _followed(frames, surest, lines, among)


def _searched(grid: MapGrid, lines: KnownLines, keep: int) -> Iterator[HomographyCandidate]:
    """The maps of a grid where these lines agree best, and the best near each."""
    for candidate in pilot_search(grid.spectrum, lines, grid.maps, keep=keep):
        neighbours = neighbour_maps(grid.spectrum, candidate.matrix)
        closer = pilot_search(grid.spectrum, lines, neighbours, keep=1)[0]
        yield grid.candidate(closer.matrix, len(neighbours))


def _followed(frames: AccumulatedFrames, mark: LikelyMark, lines: KnownLines, among: int) -> LikelyMark:
    """Read again where the lines agree best: in perspective too."""
    way = mark.detection.orientation
    closer = follow_lines(
        frames.mean_frame,
        mark.geometry.homography,
        lines.symbols,
        mirrored=way in MIRRORED,
        conjugated=way in CONJUGATED,
        rounds=_FOLLOW_ROUNDS,
    )
    geometry = replace(mark.geometry, homography=closer)
    return replace(_read(frames, geometry, mark.payload, mark.key, lines, among), weight=_FOLLOW_WEIGHT)


def _read(
    frames: AccumulatedFrames,
    geometry: HomographyCandidate,
    payload: Payload,
    key: WatermarkKey,
    lines: KnownLines,
    among: int,
) -> LikelyMark:
    reading = demodulate(rectify(frames.mean_frame, geometry.homography))
    detection = _best_place(reading, payload, key, lines, among)
    return LikelyMark(payload=payload, key=key, geometry=geometry, detection=detection, weight=_READ_WEIGHT)


def _best_place(
    reading: CarrierSpectrum, payload: Payload, key: WatermarkKey, lines: KnownLines, among: int
) -> TileDetection:
    """Where all lines agree best; with the payload if the bits of its case, and not only what marks share, agree."""
    z, right, down, way, values = max(
        ((*best_shift(values, lines), way, values) for way, values in reading.orientations()), key=lambda one: one[0]
    )
    pilot_z = float(
        correlation_surface(values, pilot_lines(key))[int(down * SHIFTS_PER_PIXEL), int(right * SHIFTS_PER_PIXEL)]
    )
    soft = normalised_soft_bits(values, right, down, key)
    confirmed = is_case_confirmed(soft, payload, key, pilot_z=pilot_z, pilot_share=PILOT_SHARE, comparisons=among)
    return TileDetection(
        z=z, payload=payload if confirmed else None, orientation=way, right=right, down=down, among=among
    )
