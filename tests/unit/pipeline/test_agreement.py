"""Agreement beyond chance: known tables, bounds, and what cannot be told."""

import math

from hypothesis import given
from hypothesis import strategies as st

from pipeline.moderation.quality.agreement import (
    Pairs,
    alpha_with_interval,
    cohen_kappa,
    kappa_with_interval,
    krippendorff_alpha,
    share_with_interval,
)

TABLES = st.builds(Pairs, **dict.fromkeys(Pairs.__slots__, st.integers(0, 60)))
KNOWN = Pairs(allow_allow=20, allow_refuse=5, refuse_allow=10, refuse_refuse=15)
"""po = 0.7 and pe = 0.5: kappa 0.4."""


def test_kappa_and_alpha_of_a_known_table():
    assert math.isclose(cohen_kappa(KNOWN), 0.4)
    assert math.isclose(krippendorff_alpha(KNOWN), 1 - 0.3 / (2 * 55 * 45 / (100 * 99)))


def test_the_interval_is_close_to_that_of_the_known_formula():
    """Fleiss, Cohen and Everitt (1969) give a standard error of 0.127 for this table."""
    found = kappa_with_interval(KNOWN)
    assert found.count == 50
    assert abs((found.high - found.low) / 2 / 1.96 - 0.127) < 0.005


@given(TABLES)
def test_whoever_is_asked_first_the_figures_are_the_same(table):
    turned = Pairs(
        allow_allow=table.allow_allow,
        allow_refuse=table.refuse_allow,
        refuse_allow=table.allow_refuse,
        refuse_refuse=table.refuse_refuse,
    )
    for figure in (cohen_kappa, krippendorff_alpha):
        one, other = figure(table), figure(turned)
        assert one is other is None or math.isclose(one, other, abs_tol=1e-9)


@given(TABLES)
def test_figures_stay_within_their_bounds_and_their_intervals(table):
    for estimate in (kappa_with_interval(table), alpha_with_interval(table)):
        assert estimate.count == table.count
        if estimate.value is None:
            assert estimate.low is None and estimate.high is None
        else:
            assert -1 - 1e-9 <= estimate.value <= 1 + 1e-9
        if estimate.low is not None:
            assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9


@given(st.integers(1, 60), st.integers(1, 60))
def test_who_always_agree_have_one(allowed, refused):
    table = Pairs(allow_allow=allowed, refuse_refuse=refused)
    assert math.isclose(cohen_kappa(table), 1.0) and math.isclose(krippendorff_alpha(table), 1.0)
    assert kappa_with_interval(table).low is None  # three cases alike are no proof


@given(st.integers(0, 60))
def test_one_and_the_same_answer_always_says_nothing_beyond_chance(allowed):
    assert cohen_kappa(Pairs(allow_allow=allowed)) is None and krippendorff_alpha(Pairs(allow_allow=allowed)) is None


def test_a_share_has_wilsons_interval():
    found = share_with_interval(10, 10)
    assert found.value == found.high == 1.0 and abs(found.low - 0.7225) < 1e-3
    assert share_with_interval(0, 0).value is None
