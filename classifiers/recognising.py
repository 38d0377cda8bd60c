"""Asks a gallery who somebody is: those who may not be shown, and those who may."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Gallery, Note
from classifiers.likeness_scale import Measure, score

_KINDS = {note.value: note for note in (Note.CAMEO, Note.PUBLIC_FIGURE, Note.ESTATE, Note.CLAIMANT, Note.OTHER)}


@dataclass(frozen=True, slots=True)
class Recognised:
    """`protected`: for each person found, the best score, their kind, and whose template it was (an index).

    `leased`: for each leased cameo with a template in the gallery, how surely it is there.
    """

    protected: dict[str, tuple[float, Note, int]]
    leased: dict[str, float]


def recognise(
    templates: Sequence[NDArray[np.float32]], gallery: Gallery, measure: Measure, *, leased: Collection[str] = ()
) -> Recognised:
    """Who the templates are, as far as the gallery knows. Scores are 0.5 at FALSE_ALARMS a stranger."""
    at = measure.limit(gallery.size)
    protected: dict[str, tuple[float, Note, int]] = {}
    for index, one in enumerate(templates):
        match = gallery.nearest(one, but=leased)
        if match is not None:
            person, kind, distance = match
            found = score(distance, at)
            if person not in protected or found > protected[person][0]:
                protected[person] = found, _KINDS.get(kind, Note.OTHER), index
    return Recognised(protected, _present(templates, gallery, measure, leased))


def absent(found: Recognised) -> float:
    """How surely some leased cameo does not appear: 0 where none is leased, or none of them has a template."""
    return max((1 - here for here in found.leased.values()), default=0.0)


def _present(
    templates: Sequence[NDArray[np.float32]], gallery: Gallery, measure: Measure, leased: Collection[str]
) -> dict[str, float]:
    at = measure.limit(1)
    here: dict[str, float] = {}
    for cameo in leased:
        if not gallery.knows(cameo):
            continue  # nothing of theirs is enrolled: nothing can be said
        matches = (gallery.nearest(one, only=[cameo]) for one in templates)
        here[cameo] = max((score(match[2], at) for match in matches if match is not None), default=0.0)
    return here
