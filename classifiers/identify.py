"""Identifies people in a gallery: those who may not be shown, and those who may."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.base import BiometricGallery, SignalNote
from classifiers.match_calibration import MatchCalibration

_KINDS = {
    note.value: note
    for note in (SignalNote.CAMEO, SignalNote.PUBLIC_FIGURE, SignalNote.ESTATE, SignalNote.CLAIMANT, SignalNote.OTHER)
}


_RECOGNISED_FROM = 0.5  # from this score on it is said who it is, and not only that somebody is like them
_CAMEO_ID = re.compile(r"cameo_[0-9a-f]{16}")


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
    size = gallery.size
    protected: dict[str, tuple[float, SignalNote, int]] = {}
    for index, template in enumerate(templates):
        match = gallery.nearest(template, exclude=leased)
        if match is not None:
            person, kind, distance = match
            score = calibration.score(distance, size)
            if person not in protected or score > protected[person][0]:
                protected[person] = score, _KINDS.get(kind, SignalNote.OTHER), index
    return Identification(protected, _leased_scores(templates, gallery, calibration, leased))


def recognised_cameo(person: str, score: float) -> str:
    """The id that a signal may carry of who was recognised; empty below the threshold, and for whoever has no cameo.

    Others of the gallery are kept under names, and no name gets into the log.
    """
    return person if score >= _RECOGNISED_FROM and _CAMEO_ID.fullmatch(person) else ""


def cameo_absence(identified: Identification) -> float:
    """How surely some leased cameo does not appear: 0 where none is leased, or none of them has a template."""
    return max((1 - score for score in identified.leased.values()), default=0.0)


def _leased_scores(
    templates: Sequence[NDArray[np.float32]],
    gallery: BiometricGallery,
    calibration: MatchCalibration,
    leased: Collection[str],
) -> dict[str, float]:
    scores: dict[str, float] = {}
    for cameo in leased:
        if not gallery.has_person(cameo):
            continue  # nothing of theirs is enrolled: nothing can be said
        matches = (gallery.nearest(template, only=[cameo]) for template in templates)
        scores[cameo] = max((calibration.score(match[2], 1) for match in matches if match is not None), default=0.0)
    return scores
