from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.match_calibration import (
    FACE_CALIBRATION,
    FACE_SCALE,
    TWO_NET_FACE_CALIBRATION,
    TWO_NET_FACE_SCALE,
    VOICE_CALIBRATION,
    distance_threshold,
    equally_rare_distance,
    is_inconclusive,
    match_score,
)

BOTH = pytest.mark.parametrize(
    "measure",
    [FACE_CALIBRATION, TWO_NET_FACE_CALIBRATION, VOICE_CALIBRATION],
    ids=["faces", "faces by two nets", "voices"],
)


@BOTH
def test_a_threshold_is_what_was_measured_where_it_was_measured(measure) -> None:
    for rate, distance in measure.scale:
        assert distance_threshold(measure.scale, rate) == pytest.approx(distance)


@BOTH
@given(st.floats(1e-9, 0.5), st.floats(1e-9, 0.5))
def test_fewer_false_matches_are_never_had_at_a_larger_distance(measure, one, other) -> None:
    fewer, more = sorted((one, other))
    assert distance_threshold(measure.scale, fewer) <= distance_threshold(measure.scale, more)


@BOTH
@given(st.integers(1, 10_000_000), st.integers(1, 10_000_000))
def test_a_larger_gallery_is_never_searched_less_strictly(measure, one, other) -> None:
    fewer, more = sorted((one, other))
    assert measure.distance_limit(more) <= measure.distance_limit(fewer)


@given(st.floats(0, 3), st.floats(0, 3), st.floats(0.2, 1))
def test_a_score_falls_with_distance_and_is_a_half_at_the_threshold(one, other, at) -> None:
    near, far = sorted((one, other))
    assert 0 <= match_score(far, at) <= match_score(near, at) <= 1
    assert match_score(at, at) == 0.5 and is_inconclusive(0.5)


@pytest.mark.parametrize("measure", [FACE_CALIBRATION, TWO_NET_FACE_CALIBRATION], ids=["three nets", "two nets"])
def test_a_score_of_a_face_means_as_much_whichever_nets_made_it(measure) -> None:
    for rate, score in ((1e-3, 0.5), (1e-2, 0.25)):
        assert measure.score(distance_threshold(measure.scale, rate), 1) == pytest.approx(score, abs=0.005)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.1])
def test_what_is_no_distance_is_refused(wrong) -> None:
    with pytest.raises(ValueError):
        match_score(wrong, 0.5)
    with pytest.raises(ValueError):
        distance_threshold(FACE_CALIBRATION.scale, 0)


@given(st.floats(1e-7, 0.009))
def test_a_distance_by_two_nets_counts_as_the_one_by_three_that_is_as_rare_among_strangers(rate) -> None:
    by_two, by_three = (distance_threshold(scale, rate) for scale in (TWO_NET_FACE_SCALE, FACE_SCALE))
    assert equally_rare_distance(by_two, TWO_NET_FACE_SCALE, FACE_SCALE) == pytest.approx(by_three)
    assert equally_rare_distance(by_three, FACE_SCALE, TWO_NET_FACE_SCALE) == pytest.approx(by_two)


@given(st.floats(0, 2), st.floats(0, 2))
def test_what_is_nearer_by_two_nets_never_counts_as_farther_and_never_as_less_than_nothing(one, other) -> None:
    near, far = sorted((one, other))
    counted = [equally_rare_distance(distance, TWO_NET_FACE_SCALE, FACE_SCALE) for distance in (near, far)]
    assert 0 <= counted[0] <= counted[1]
    assert equally_rare_distance(0, TWO_NET_FACE_SCALE, FACE_SCALE) < FACE_CALIBRATION.distance_limit(1_000_000)
