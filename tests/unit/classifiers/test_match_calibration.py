from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.match_calibration import (
    FACE_CALIBRATION,
    VOICE_CALIBRATION,
    distance_threshold,
    is_inconclusive,
    match_score,
)

BOTH = pytest.mark.parametrize("measure", [FACE_CALIBRATION, VOICE_CALIBRATION], ids=["faces", "voices"])


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


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.1])
def test_what_is_no_distance_is_refused(wrong) -> None:
    with pytest.raises(ValueError):
        match_score(wrong, 0.5)
    with pytest.raises(ValueError):
        distance_threshold(FACE_CALIBRATION.scale, 0)
