"""Has a larger model read what the quick readers leave undecided, in English: see models.larger and ADR 67."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.models import Models
from media.arrays import FloatMatrix

SECOND_READER = "second_reader"
SECOND_ENCODER = "mpnet_english"
_MAX_READ = 2  # parts of a text that it reads, those that lie highest first: it takes ten times as long as the others


def second_opinion(
    texts: Sequence[str],
    english: Sequence[bool],
    scores: FloatMatrix,
    labels: Sequence[str],
    style: str,
    models: Models,
) -> FloatMatrix:
    """(n, L): `scores` of parts of a text; those in the undecided band moved to where both readers together see them.

    Raises Unavailable where it is switched on and missing, whatever the scores: nothing of its styles is decided
    without it then.
    """
    if not models.options.prompt_second_reader:
        return scores
    reader = models.get(SECOND_READER)
    if style not in reader.styles:
        return scores
    encoder = models.get(SECOND_ENCODER)
    columns = [labels.index(label) for label in reader.labels]
    highest = reader.above_limits(scores[:, columns]).max(1)
    undecided = np.flatnonzero(reader.is_undecided(highest, style) & np.array(english, bool))
    if not len(undecided):
        return scores
    read = sorted(undecided[np.argsort(-highest[undecided], kind="stable")][:_MAX_READ].tolist())
    margins = reader.margins(encoder.embed([texts[place] for place in read]))
    moved = scores.copy()
    moved[np.ix_(read, columns)] = reader.moved(scores[np.ix_(read, columns)], margins, style)
    return moved
