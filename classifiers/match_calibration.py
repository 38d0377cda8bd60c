"""From distances between templates to scores, by how often strangers come so near.

Each threshold is measured: the distance below which a stated share of pairs of different people are,
measured by evals/likeness/face_verification.py and evals/likeness/speaker_verification.py. With a gallery of many
people a stranger has as many
chances, so the threshold grows stricter with its size: docs/reference/likeness.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

FalseMatchScale = Sequence[tuple[float, float]]
"""(false-match rate, distance), the largest rate first."""

FACE_SCALE: FalseMatchScale = ((1e-2, 1.075), (1e-3, 1.015), (1e-4, 0.952), (1e-5, 0.868))
TWO_NET_FACE_SCALE: FalseMatchScale = ((1e-2, 0.465), (1e-3, 0.426), (1e-4, 0.397), (1e-5, 0.365))
VOICE_SCALE: FalseMatchScale = ((1e-2, 0.947), (1e-3, 0.877), (1e-4, 0.850))

FACE_COMPARISON_FMR = 1e-3
"""False-match rate at which two files are said to show the same face."""

VOICE_COMPARISON_FMR = 1e-2
"""False-match rate at which two voices are said to be one: clones are farther from a person than the person is."""

GALLERY_FALSE_ALARM_RATE = 1e-2
"""How often a stranger may be mistaken for somebody in the gallery, whatever its size."""

_STEEPNESS = 12.0  # of the logistic curve from distance to score, for two nets and for voices
_FACE_STEEPNESS = (
    18.6  # for three, whose distances lie closer together: it too is 0.25 where one stranger in 100 is nearer
)
_UNSURE_MARGIN = 0.05  # of a score around 0.5


def distance_threshold(scale: FalseMatchScale, rate: float) -> float:
    """The distance below which this share of strangers are; extrapolated linearly beyond what was measured."""
    if not 0 < rate < 1:
        raise ValueError("a false-match rate is between 0 and 1")
    log_rate = math.log10(rate)
    pairs = [(math.log10(fmr), distance) for fmr, distance in scale]
    for (high, far), (low, near) in pairwise(pairs):
        if log_rate >= low or low == pairs[-1][0]:
            return max(1e-3, near + (far - near) * (log_rate - low) / (high - low))
    raise ValueError("a scale has at least two rates")


def equally_rare_distance(distance: float, scale: FalseMatchScale, other: FalseMatchScale) -> float:
    """The distance of `other` below which as many strangers are as are below `distance` in `scale`.

    Both scales have the same rates. Beyond what was measured the last straight lines are followed, never below 0.
    """
    known = [(mine, theirs) for (_, mine), (_, theirs) in zip(reversed(scale), reversed(other), strict=True)]
    pairs = list(pairwise(known))
    (near, target_near), (far, target_far) = next((pair for pair in pairs if distance <= pair[1][0]), pairs[-1])
    return max(0.0, target_near + (target_far - target_near) * (distance - near) / (far - near))


def false_match_rate(size: int, comparison_fmr: float) -> float:
    """The false-match rate of one comparison that gives GALLERY_FALSE_ALARM_RATE over such a gallery;
    `comparison_fmr` at the most.
    """
    return min(comparison_fmr, GALLERY_FALSE_ALARM_RATE / max(1, size))


def match_score(distance: float, threshold: float, steepness: float = _STEEPNESS) -> float:
    """In (0, 1): 0.5 at the distance `threshold`, falling all the way (logistic). Raises ValueError for no distance."""
    if not math.isfinite(distance) or distance < 0:
        raise ValueError("not a distance")
    return 1.0 / (1.0 + math.exp(min(60.0, steepness * (distance / threshold - 1))))


@dataclass(frozen=True, slots=True)
class MatchCalibration:
    """A scale, the false-match rate at which two are compared, and how fast scores fall with distance."""

    scale: FalseMatchScale
    comparison_fmr: float
    steepness: float = _STEEPNESS

    def distance_limit(self, size: int) -> float:
        """The distance up to which somebody in a gallery of this size counts as recognised."""
        return distance_threshold(self.scale, false_match_rate(size, self.comparison_fmr))

    def score(self, distance: float, size: int) -> float:
        """How surely it is somebody of a gallery of this size who lies so far away: see match_score."""
        return match_score(distance, self.distance_limit(size), self.steepness)


FACE_CALIBRATION = MatchCalibration(FACE_SCALE, FACE_COMPARISON_FMR, _FACE_STEEPNESS)
TWO_NET_FACE_CALIBRATION = MatchCalibration(TWO_NET_FACE_SCALE, FACE_COMPARISON_FMR)
VOICE_CALIBRATION = MatchCalibration(VOICE_SCALE, VOICE_COMPARISON_FMR)


def is_inconclusive(score: float) -> bool:
    """Whether a score is so near to the threshold that a person should look."""
    return abs(score - 0.5) < _UNSURE_MARGIN
