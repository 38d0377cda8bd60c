"""Which videos of ours somebody hands in again: by the mark in the file, and if none is left, by how it looks.

A remix is known by its parent, and by the very file that was handed in. A copy that was encoded again is neither, and
without this a cascade would not find what is made from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadMedia
from pipeline.manifest_repository.repository import ManifestRepository

MIN_MATCHING_SHARE = 0.5
"""Of the seconds of a file without a mark as many have to look like those of one sealed video."""

_MAX_MATCHES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryCopies:
    """Copies of what was sealed here, by the manifest repository."""

    repository: ManifestRepository

    def source_cases(self, path: Path) -> tuple[str, ...]:
        """The ids of the sealed cases of which this file is a copy. Raises Unavailable: what cannot be looked up is not
        known to be nobody's."""
        from provenance.verification.evaluate import watermark_payload

        repository = self.repository
        try:
            if payload := watermark_payload(repository.marks.detect(path)):
                entries = repository.manifests.by_binding(repository.algorithms[0], payload, most=_MAX_MATCHES)
                return _unique_sorted(entry.case_id for entry in entries if entry.case_id)
            alike = repository.similar_videos.find(path, limit=_MAX_MATCHES, modality="looks")
            return _unique_sorted(one.case_id for one in alike if one.share >= MIN_MATCHING_SHARE)
        except BadMedia:  # too small, or too short, to be looked at in this way
            return ()


def _unique_sorted(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found)))
