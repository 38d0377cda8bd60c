"""Scores a text that names a group no higher than the same text of another group: see readings.group_names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.models import Models
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.prompt_ensemble import score_texts
from classifiers.text.readings.group_names import read_as_one_group
from media.arrays import FloatMatrix

_FOLLOWING = ("harassment", "unsafe")  # labels that hate brings with it, where nothing else is as likely
_FROM_HERE_ON = 0.3  # scores of hate below matter to no rule
# Where the other reading counts: of 243 dev texts of HateCheck that name a group it leaves 93 in 100 hateful ones held
# as prompts for videos (before 99) and 42 harmless ones (before 72). Limits for posts lie so much higher that 38 of 96
# would be lost there, and no odds for the reading gain more than they lose; chat was not measured. See ADR 66.
_STYLE = "video"


def lesser_of_groups(
    texts: Sequence[str], english: Sequence[bool], scores: FloatMatrix, heads: PromptHeads, models: Models
) -> FloatMatrix:
    """(n, L): `scores` of the texts, hate no higher than that of the text in which one and the same group is named.

    Where hate is the likeliest of the labels, what follows from it is lowered too; where it is not, violence against
    women must not become harmless because no woman is named any more. Only what seems hateful is read once more.
    """
    if heads.given_style != _STYLE:
        return scores
    hate = heads.labels.index("hate")
    readings: dict[int, str] = {}
    for place in np.flatnonzero(scores[:, hate] >= _FROM_HERE_ON).tolist():
        reading = read_as_one_group(texts[place])
        if reading is not None and reading != texts[place]:
            readings[place] = reading
    if not readings:
        return scores
    again = score_texts(list(readings.values()), [english[place] for place in readings], heads, models)
    following = [heads.labels.index(label) for label in _FOLLOWING]
    others = [place for place in range(len(heads.labels)) if place not in (hate, *following)]
    lesser = scores.copy()
    for place, read in zip(readings, again, strict=True):
        likeliest = scores[place, hate] >= scores[place, others].max()
        columns = [hate, *following] if likeliest else [hate]
        lesser[place, columns] = np.minimum(scores[place, columns], read[columns])
    return lesser
