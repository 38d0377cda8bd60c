"""The marks of this installation: found in a file by its key, a damaged one among those that were issued."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadMedia
from core.finding import WatermarkFinding
from pipeline.manifest_repository.similar_videos import SimilarVideoSearch
from registry.banks.sealed_payloads import SealedPayloads

if TYPE_CHECKING:  # what looks for marks takes long to import, and most commands look for none
    from provenance.watermark.key import WatermarkKey

_LOOK_ALIKES = 50
"""Videos that a file looks or sounds like whose payloads are tried where the window does not reach back to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedMarks:
    """Reads the key each time, so that another one needs no restart.

    A mark that can be read needs no list, and names its case, however old. A damaged one is matched against the newest
    of those issued, and where that finds none, against those of all sealed videos that the file looks or sounds like.
    """

    keys_folder: Path
    payloads: SealedPayloads
    similar_videos: SimilarVideoSearch

    def detect(self, path: Path) -> WatermarkFinding:
        """The mark in a file, a damaged one too that is among those issued. Raises BadMedia, Unavailable."""
        from provenance.c2pa.signers.keys_folder import load_keys

        return self.detect_with(path, [load_keys(self.keys_folder).watermark_key])

    def detect_with(self, path: Path, keys: Sequence[WatermarkKey]) -> WatermarkFinding:
        """As detect(), with these keys. `compared_since` says how far back a damaged mark was looked for."""
        from provenance.verification.evaluate import watermark_payload
        from provenance.watermark_detection import detect_watermarks

        window = self.payloads.window()
        found = detect_watermarks(path, keys=keys, issued=window.payloads)
        if window.since is None or watermark_payload(found):
            return found
        if older := self._payloads_alike(path, frozenset(window.payloads)):
            again = detect_watermarks(path, keys=keys, issued=older)
            found = again if watermark_payload(again) else found
        return replace(found, compared_since=window.since.isoformat(timespec="seconds"))

    def _payloads_alike(self, path: Path, known: frozenset[str]) -> Sequence[str]:
        """Payloads outside of the window, of whatever the file looks or sounds like."""
        alike = []
        with suppress(BadMedia):  # too small, or too short, to be looked at in this way
            alike = self.similar_videos.find(path, limit=_LOOK_ALIKES)
        return [one for one in self.payloads.of_cases([video.case_id for video in alike]) if one not in known]
