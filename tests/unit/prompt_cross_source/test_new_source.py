"""What a source that was never seen is expected to give: the interval must hold what it says, and promise no more."""

from __future__ import annotations

import numpy as np
import pytest

from evals.intervals import Proportion
from evals.prompts.classification_metrics import positive_rate
from evals.prompts.new_source import MIN_SOURCES, by_style_and_side, new_source


def share(hits: int, count: int) -> Proportion:
    return positive_rate(np.arange(count) < hits)


def test_of_few_sources_nothing_is_said_and_empty_ones_do_not_count() -> None:
    assert new_source([share(5, 10)] * (MIN_SOURCES - 1)) is None
    assert new_source([*[share(5, 10)] * (MIN_SOURCES - 1), share(0, 0)]) is None


def test_where_sources_agree_the_interval_is_that_of_counting_and_where_they_differ_it_is_theirs() -> None:
    alike, apart = new_source([share(700, 1000)] * 6), new_source([share(n, 1000) for n in (400, 550, 700, 800, 900)])
    assert alike is not None and apart is not None
    assert alike.share == pytest.approx(0.7, abs=0.001) and alike.high - alike.low < 0.06
    assert apart.low < 0.4 and apart.high > 0.9
    assert (alike.foretold, alike.sources) == (6, 6)


def test_a_source_unlike_all_others_is_not_foretold() -> None:
    expected = new_source([*[share(n, 500) for n in (340, 350, 360, 345, 355, 352)], share(20, 500)])
    assert expected is not None and expected.foretold < expected.sources


def test_nineteen_in_twenty_new_sources_lie_within_it() -> None:
    chance = np.random.default_rng(5)
    inside = 0
    for _ in range(150):
        rates = 1.0 / (1.0 + np.exp(-chance.normal(1.0, 0.8, 9)))
        *seen, new = (int(chance.binomial(250, rate)) for rate in rates)
        expected = new_source([share(hits, 250) for hits in seen])
        assert expected is not None
        inside += expected.low <= new / 250 <= expected.high
    assert 0.9 <= inside / 150 <= 0.99


def test_styles_and_sides_are_told_apart() -> None:
    rows = [
        {"source": str(n), "style": style, "left_out": {"found": share(n, 10), "harmless_held": share(0, 0)}}
        for style, count in (("video", 5), ("chat", 2))
        for n in range(count)
    ]
    assert set(by_style_and_side(rows)) == {("video", "found")}
