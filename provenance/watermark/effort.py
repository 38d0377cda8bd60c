"""How hard the detector tries."""

from __future__ import annotations

from typing import Literal

Effort = Literal["quick", "deep"]
"""`quick`: re-encoded, resized, cropped, mirrored. `deep`: where that finds nothing also turned, stretched, strongly
cropped, or filmed from a screen.
"""

DEEP_SECONDS = 20.0
"""Wall seconds after which a deep search is given up; on an idle core it takes one to three."""


ANALYSIS_SHORT_SIDE = 360
"""Pixels of the shorter side to which pictures are shrunk: the mark's shortest waves still have four."""
