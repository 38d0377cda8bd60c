"""How the detector finds what was done to a picture, and which pictures it trusts."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from watermark_frames import KEY, PAYLOAD, attacked, clip

from media.frame_index import FrameIndex
from provenance.watermark import WatermarkKey, embed_video
from provenance.watermark.video.carrier_layout import pilot_lines
from provenance.watermark.video.detect import FALSE_ALARM_RATE, detect_in_frames
from provenance.watermark.video.frame_accumulation import accumulate_frames, accumulate_weighted_frames
from provenance.watermark.video.frame_selection import frame_weights, select_frames
from provenance.watermark.video.homography_candidates import homography_candidates
from provenance.watermark.video.pilot_search import (
    neighbour_maps,
    normalised_spectrum,
    pilot_search,
    rotation_maps,
    scale_grid,
    scale_maps,
    stretch_maps,
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


def timeline(count: int, keys: list[int]) -> FrameIndex:
    pts = np.arange(count, dtype=np.int64) * 40
    return FrameIndex(pts=pts, keyframes=pts[keys], end=40 * count, time_base=Fraction(1, 1000))


def test_the_key_finds_the_scale_where_two_tiles_are_left() -> None:
    """Of 300 x 300 pixels, resized: too little for lines to stand apart in the spectrum."""
    small = [cv2.resize(y[100:400, 100:400], None, fx=0.7, fy=0.7) for y in embed_video(clip(8), PAYLOAD, KEY)]
    found = detect_in_frames(accumulate_frames(small, min_short_side=360), [KEY])
    assert found.mark.payload == PAYLOAD.hex and found.geometry == "scaled"


def test_a_swept_scale_is_the_true_one_and_another_key_sees_nothing_there() -> None:
    seen = normalised_spectrum(
        accumulate_frames(attacked(lambda y: cv2.resize(y, None, fx=0.7, fy=0.7)), min_short_side=360).mean_frame
    )
    maps = scale_maps(scale_grid(seen, 0.4, 2.0))
    best = pilot_search(seen, pilot_lines(KEY), maps)
    assert best[0].z > 9 > 6.5 > best[1].z and best[0].matrix[0, 0] == pytest.approx(0.7, rel=0.02)
    assert pilot_search(seen, pilot_lines(WatermarkKey(id="other", secret=b"o" * 32)), maps)[0].z < 6.5


def test_maps_that_are_swept_lie_close_enough_and_hold_the_plain_one() -> None:
    seen = normalised_spectrum(np.random.default_rng(1).normal(0, 1, (360, 640)).astype(np.float32))
    scales = scale_grid(seen, 0.5, 2.0)
    assert scales[0] == pytest.approx(0.5) and scales[-1] == pytest.approx(2.0)
    assert (np.diff(np.log(scales)) < 0.02).all()
    turned = rotation_maps(seen, [0.5], 10)
    assert np.allclose(np.linalg.det(turned), 0.25) and any(np.allclose(one, 0.5 * np.eye(2)) for one in turned)
    stretched = stretch_maps(seen, [0.5], 1.4)
    assert np.isclose(stretched[:, 0, 0], 0.5).any() and stretched[:, 1, 1].max() == pytest.approx(0.7)
    assert any(np.allclose(one, np.eye(2)) for one in neighbour_maps(seen, np.eye(2)))


def test_all_kinds_of_geometry_together_use_up_no_more_than_all_false_alarms() -> None:
    """One over `hypotheses` is the share that one map may use: over all that could be read it adds up to at most one."""
    evidence = accumulate_frames(list(clip(2)), min_short_side=360)
    shares: dict[str, float] = {}
    for one in homography_candidates(evidence, "deep", [KEY]):
        kind = "plain" if one.name.startswith(("as ", "resized")) else one.name
        weight = {"plain": 4, "scaled": 2}.get(kind, 24)
        assert one.hypotheses % weight == 0
        shares[kind] = 1 / weight
    assert len(shares) == 6 and sum(shares.values()) <= 1


def test_a_chance_result_in_many_swept_maps_is_not_called_a_mark() -> None:
    found = detect_in_frames(accumulate_frames(list(clip(4)), min_short_side=360), [KEY], effort="deep")
    assert not found.mark.detected and found.mark.p_value > FALSE_ALARM_RATE * 1e3


def test_pictures_coded_by_themselves_count_most_and_the_next_ones_more() -> None:
    weights = frame_weights(timeline(20, [0, 10]))
    assert weights[0] == weights[10] == weights.max()
    assert weights[1] > weights[2] > weights[9] >= 1 and weights[11] == pytest.approx(weights[1])


def test_where_each_picture_is_coded_by_itself_all_count_alike() -> None:
    assert len(set(frame_weights(timeline(9, list(range(9)))))) == 1


def test_of_each_stretch_the_best_picture_is_taken() -> None:
    line = timeline(100, [0, 33, 66])
    taken = [pts // 40 for pts in select_frames(line, frame_weights(line), 10)]
    assert len(taken) == 10 and {0, 33, 66} <= set(taken) and taken == sorted(taken)
    few = timeline(3, [0])
    assert select_frames(few, frame_weights(few), 10) == [0, 40, 80]


def test_a_weight_of_one_changes_nothing() -> None:
    pictures = list(clip(3))
    plain, weighed = (
        accumulate_frames(pictures, min_short_side=360),
        accumulate_weighted_frames(((one, 1.0) for one in pictures), min_short_side=360),
    )
    assert np.array_equal(plain.mean_frame, weighed.mean_frame)
    heavy = accumulate_weighted_frames([(pictures[0], 5.0)], min_short_side=360)
    assert np.allclose(heavy.mean_frame, accumulate_frames(pictures[:1], min_short_side=360).mean_frame, atol=1e-5)
