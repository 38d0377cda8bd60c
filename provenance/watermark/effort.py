"""How hard the detector tries."""

from __future__ import annotations

from typing import Literal

Effort = Literal["quick", "deep"]
"""`quick`: re-encoded, resized, cropped, mirrored. `deep`: also turned, stretched, or filmed from a screen."""


ANALYSIS_SHORT_SIDE = 360
"""Pixels of the shorter side to which pictures are shrunk: the mark's shortest waves still have four."""
