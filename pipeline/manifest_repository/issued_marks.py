"""The marks of this installation: found in a file by its key, a damaged one among all that were issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.finding import WatermarkFinding
from registry.banks.sealed_payloads import SealedPayloads


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedMarks:
    """Reads the key each time, so that another one needs no restart."""

    keys_folder: Path
    payloads: SealedPayloads

    def detect(self, path: Path) -> WatermarkFinding:
        """The mark in a file, a damaged one too that is among those issued. Raises BadMedia, Unavailable."""
        from provenance.c2pa.signers.keys_folder import load_keys
        from provenance.watermark_detection import detect_watermarks

        return detect_watermarks(path, keys=[load_keys(self.keys_folder).watermark_key], issued=self.issued())

    def issued(self) -> Sequence[str]:
        """The payloads (hex) of all marks that were issued, the newest first. Raises Unavailable."""
        return self.payloads.newest_first()
