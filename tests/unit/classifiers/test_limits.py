"""How the share of harmless texts that may be held is spent over the labels."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.prompts.training.threshold_selection import FALSE_ALARM_STEPS, select_thresholds

MANY = 4000


def _made(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    margins = chance.normal(size=(2 * MANY, 3))
    guilty = np.arange(2 * MANY) < MANY
    margins[guilty, 1] += 3.0  # only the second label tells the two apart
    return margins, guilty, ~guilty


@given(st.integers(0, 50), st.sampled_from([0.01, 0.024, 0.06]))
def test_no_more_of_the_harmless_are_held_than_may_be(seed: int, most: float) -> None:
    margins, guilty, harmless = _made(seed)
    found = select_thresholds(margins, guilty, harmless, max_false_alarms=most, lowest=[-np.inf] * 3)
    assert (margins[harmless] >= found).any(1).mean() <= most


def test_the_share_is_spent_on_the_label_that_finds_most() -> None:
    margins, guilty, harmless = _made(1)
    found = select_thresholds(margins, guilty, harmless, max_false_alarms=0.05, lowest=[-np.inf] * 3)
    held = (margins[harmless] >= found).mean(0)
    assert held[1] > 0.02 > held[0] and held[2] < 0.02
    assert (margins[guilty] >= found).any(1).mean() > 0.8


def test_no_limit_lies_below_the_least() -> None:
    margins, guilty, harmless = _made(2)
    assert (
        select_thresholds(margins, guilty, harmless, max_false_alarms=0.2, lowest=[-np.inf, 2.9, -np.inf])
        >= [-np.inf, 2.9, -np.inf]
    ).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 30))
def test_no_limit_can_be_lowered_for_another_one_so_that_more_is_found(seed: int) -> None:
    chance = np.random.default_rng(seed)
    margins = chance.normal(size=(600, 4)) + chance.normal(size=(600, 1))
    guilty = np.arange(600) < 200
    margins[guilty] += chance.choice([0.0, 2.0], size=(200, 4), p=[0.7, 0.3])  # several labels, each on some of them
    found = select_thresholds(margins, guilty, ~guilty, max_false_alarms=0.03, lowest=[-np.inf] * 4)
    steps = [np.quantile(margins[~guilty], 1 - share, axis=0) for share in FALSE_ALARM_STEPS]
    places = [next(i for i, step in enumerate(steps) if step[label] == found[label]) for label in range(4)]
    reached = (margins[guilty] >= found).any(1).sum()
    for label, other in product(range(4), repeat=2):
        if label != other and places[label] + 1 < len(steps) and places[other] > 0:
            swapped = found.copy()
            swapped[label], swapped[other] = steps[places[label] + 1][label], steps[places[other] - 1][other]
            if (margins[~guilty] >= swapped).any(1).mean() <= 0.03:
                assert (margins[guilty] >= swapped).any(1).sum() <= reached
