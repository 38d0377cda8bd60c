"""How hard the detector tries."""

from __future__ import annotations

from typing import Literal

Effort = Literal["quick", "deep"]
"""`quick`: encoded anew, resized, cropped, mirrored. `deep`: also turned, stretched, or filmed from a screen."""


def work_side(effort: Effort) -> int:
    """Pixels of the shorter side at which pictures are looked at: quick needs no more than the mark's waves do."""
    return 360 if effort == "quick" else 720
