"""Identifies people in a gallery: those who may not be shown, and those who may."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.base import BiometricGallery, SignalNote
from classifiers.match_calibration import MatchCalibration, match_score

_KINDS = {
    note.value: note
    for note in (SignalNote.CAMEO, SignalNote.PUBLIC_FIGURE, SignalNote.ESTATE, SignalNote.CLAIMANT, SignalNote.OTHER)
}


@dataclass(frozen=True, slots=True)
class Identification:
    """`protected`: for each person found, the best score, their kind, and whose template it was (an index).

    `leased`: for each leased cameo with a template in the gallery, how surely it is there.
    """

    protected: dict[str, tuple[float, SignalNote, int]]
    leased: dict[str, float]


def identify(
    templates: Sequence[NDArray[np.float32]],
    gallery: BiometricGallery,
    calibration: MatchCalibration,
    *,
    leased: Collection[str] = (),
) -> Identification:
    """Who the templates are, as far as the gallery knows. Scores are 0.5 at FALSE_ALARMS a stranger."""
    limit = calibration.distance_limit(gallery.size)
    protected: dict[str, tuple[float, SignalNote, int]] = {}
    for index, template in enumerate(templates):
        match = gallery.nearest(template, exclude=leased)
        if match is not None:
            person, kind, distance = match
            score = match_score(distance, limit)
            if person not in protected or score > protected[person][0]:
                protected[person] = score, _KINDS.get(kind, SignalNote.OTHER), index
    return Identification(protected, _leased_scores(templates, gallery, calibration, leased))


def cameo_absence(identified: Identification) -> float:
    """How surely some leased cameo does not appear: 0 where none is leased, or none of them has a template."""
    return max((1 - score for score in identified.leased.values()), default=0.0)


def _leased_scores(
    templates: Sequence[NDArray[np.float32]],
    gallery: BiometricGallery,
    calibration: MatchCalibration,
    leased: Collection[str],
) -> dict[str, float]:
    limit = calibration.distance_limit(1)
    scores: dict[str, float] = {}
    for cameo in leased:
        if not gallery.has_person(cameo):
            continue  # nothing of theirs is enrolled: nothing can be said
        matches = (gallery.nearest(template, only=[cameo]) for template in templates)
        scores[cameo] = max((match_score(match[2], limit) for match in matches if match is not None), default=0.0)
    return scores
