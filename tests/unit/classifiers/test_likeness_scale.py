from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.likeness_scale import FACES, VOICES, close_call, score, threshold

BOTH = pytest.mark.parametrize("measure", [FACES, VOICES], ids=["faces", "voices"])


@BOTH
def test_a_threshold_is_what_was_measured_where_it_was_measured(measure) -> None:
    for rate, distance in measure.scale:
        assert threshold(measure.scale, rate) == pytest.approx(distance)


@BOTH
@given(st.floats(1e-9, 0.5), st.floats(1e-9, 0.5))
def test_fewer_false_matches_are_never_had_at_a_larger_distance(measure, one, other) -> None:
    fewer, more = sorted((one, other))
    assert threshold(measure.scale, fewer) <= threshold(measure.scale, more)


@BOTH
@given(st.integers(1, 10_000_000), st.integers(1, 10_000_000))
def test_a_larger_gallery_is_never_searched_less_strictly(measure, one, other) -> None:
    fewer, more = sorted((one, other))
    assert measure.limit(more) <= measure.limit(fewer)


@given(st.floats(0, 3), st.floats(0, 3), st.floats(0.2, 1))
def test_a_score_falls_with_distance_and_is_a_half_at_the_threshold(one, other, at) -> None:
    near, far = sorted((one, other))
    assert 0 <= score(far, at) <= score(near, at) <= 1
    assert score(at, at) == 0.5 and close_call(0.5)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.1])
def test_what_is_no_distance_is_refused(wrong) -> None:
    with pytest.raises(ValueError):
        score(wrong, 0.5)
    with pytest.raises(ValueError):
        threshold(FACES.scale, 0)
