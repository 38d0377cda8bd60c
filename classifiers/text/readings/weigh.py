"""What a text's plain words make of what the models found: no real person, no wrong done to one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.text.readings.shown import RIGHTS_LABELS, shown_factor
from classifiers.text.readings.told_settings import setting_factors
from classifiers.text.readings.who_is_meant import person_factor
from media.arrays import FloatMatrix

_HARMLESS = 0.1  # of `unsafe`
_HARDLY_A_DOUBT = 0.85  # of a label: single words may humiliate in a text that is harmless otherwise
_UNSUPPORTED = 0.5  # by which a label is multiplied
_FROM_HERE_ON = 0.3  # scores below matter to no rule, and the words need not be looked at


def weigh_by_words(text: str, scores: FloatMatrix, labels: Sequence[str]) -> FloatMatrix:
    """(n, L): scores of parts of a text, each multiplied by what the whole text's words say about its label.

    What seems to undress a real person where none is meant is still as sexual as that.
    """
    factors = np.array(setting_factors(text, labels), np.float32)
    highest = scores.max(0)
    if any(highest[place] >= _FROM_HERE_ON for place, label in enumerate(labels) if label in RIGHTS_LABELS):
        factors *= np.where(np.isin(labels, list(RIGHTS_LABELS)), shown_factor(text), 1.0)
    weighed = scores.copy()
    undressed, sexual = labels.index("intimate_image"), labels.index("sexual")
    if highest[undressed] >= _FROM_HERE_ON:
        factors[undressed] = person_factor(text)
        if factors[undressed] < 1.0:
            weighed[:, sexual] = np.maximum(scores[:, sexual], scores[:, undressed])
    return np.asarray(weighed * factors, np.float32)


def supported_in_videos(scores: FloatMatrix, labels: Sequence[str]) -> FloatMatrix:
    """(n, L): scores of a prompt for a video and its parts, that of harassment lowered where the whole is harmless.

    That label is the least sure of them in such prompts: it was learnt from posts, where somebody is spoken to.
    """
    harassment, unsafe = labels.index("harassment"), labels.index("unsafe")
    weighed = scores.copy()
    if scores[:, unsafe].max() < _HARMLESS and scores[:, harassment].max() < _HARDLY_A_DOUBT:
        weighed[:, harassment] *= _UNSUPPORTED
    return weighed
