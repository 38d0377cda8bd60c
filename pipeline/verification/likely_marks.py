"""The marks of sealed videos that a file looks like: looked for where none could be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadMedia, OverBudget
from core.finding import WatermarkFinding

if TYPE_CHECKING:
    from provenance.verification.recovery import ManifestLookup, SimilarVideo, StoredManifest
    from provenance.watermark.key import WatermarkKey

_CASE_ID = re.compile(r"[0-9a-f]{16}")
"""What a mark has room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedLookup:
    """A ManifestLookup that looks once for what a file is similar to: finding that out decodes the file."""

    repository: ManifestLookup
    _similar: dict[Path, Sequence[SimilarVideo]] = field(default_factory=dict)

    def stored(self, payload: str) -> Sequence[StoredManifest]:
        """As ManifestLookup.stored."""
        return self.repository.stored(payload)

    def similar(self, path: Path) -> Sequence[SimilarVideo]:
        """As ManifestLookup.similar."""
        if path not in self._similar:
            self._similar[path] = self.repository.similar(path)
        return self._similar[path]


def with_likely_marks(
    found: WatermarkFinding, path: Path, *, keys: Sequence[WatermarkKey], lookup: ManifestLookup, issuer: int
) -> WatermarkFinding:
    """`found`, or where it names no payload what is found of the marks that similar sealed videos carry.

    Raises Unavailable where the registry does not answer.
    """
    if found.payload or not keys:
        return found
    from provenance.seal import PAYLOAD_VERSION
    from provenance.watermark.payload import Payload
    from provenance.watermark_detection import detect_likely_marks

    try:
        similar = lookup.similar(path)
    except (BadMedia, OverBudget):  # verifying says so, where it asks again
        return found
    cases = dict.fromkeys(video.case_id for video in similar if _CASE_ID.fullmatch(video.case_id))
    likely = [Payload(version=PAYLOAD_VERSION, issuer=issuer, case_id=case).hex for case in cases]
    return detect_likely_marks(path, found, keys=keys, likely=likely)
