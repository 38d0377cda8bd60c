"""Scores a text that names a group no higher than the same text of another group: see readings.group_names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.models import Models
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.prompt_ensemble import score_texts
from classifiers.text.readings.group_names import read_as_one_group
from media.arrays import FloatMatrix

GROUP_LABELS = ("hate", "harassment", "unsafe")
"""Labels that what people are must never earn."""
_FROM_HERE_ON = 0.3  # scores below matter to no rule


def lesser_of_groups(
    texts: Sequence[str], english: Sequence[bool], scores: FloatMatrix, heads: PromptHeads, models: Models
) -> FloatMatrix:
    """(n, L): `scores` of the texts, where a group is named no higher than those of the text of one and the same
    group.

    Only texts that seem hateful are read once more.
    """
    columns = [heads.labels.index(label) for label in GROUP_LABELS]
    readings: dict[int, str] = {}
    for place in np.flatnonzero((scores[:, columns] >= _FROM_HERE_ON).any(1)).tolist():
        reading = read_as_one_group(texts[place])
        if reading is not None and reading != texts[place]:
            readings[place] = reading
    if not readings:
        return scores
    places = list(readings)
    again = score_texts(list(readings.values()), [english[place] for place in places], heads, models)
    lesser = scores.copy()
    lesser[np.ix_(places, columns)] = np.minimum(lesser[np.ix_(places, columns)], again[:, columns])
    return lesser
