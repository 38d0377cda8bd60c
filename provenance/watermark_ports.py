"""What sealing and verifying need from the watermark, as the shapes of its two functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.finding import WatermarkFinding

if TYPE_CHECKING:
    from provenance.watermark.key import WatermarkKey
    from provenance.watermark.payload import Payload


class EmbedWatermark(Protocol):
    """Writes a marked copy of a video."""

    def __call__(self, src: Path, dst: Path, *, payload: Payload, key: WatermarkKey) -> object:
        """Raises BadMedia if the video cannot be read."""


class DetectWatermark(Protocol):
    """Looks for a mark made with any of the keys."""

    def __call__(self, path: Path, *, keys: Sequence[WatermarkKey]) -> WatermarkFinding:
        """Raises BadMedia if the file cannot be read."""


PublicCaseLookup = Callable[[str], Mapping[str, str] | None]
"""What the ledger shows to the public of a case, or None. `source_type`, if there, is what the seal stated."""
