"""The area under a ROC curve is what scipy says it is, ties and all."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from evals.roc import area_under_roc

scores = st.lists(st.integers(0, 20), min_size=1, max_size=60).map(np.array)


@given(positives=scores, negatives=scores)
def test_it_is_the_statistic_of_mann_and_whitney_over_the_pairs(positives, negatives):
    told = mannwhitneyu(positives, negatives, method="asymptotic").statistic / len(positives) / len(negatives)
    assert np.isclose(area_under_roc(positives, negatives), told, atol=1e-12)
