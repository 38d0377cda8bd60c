"""What is open to anyone besides the verifier: the manifest repository, shared answers, feedback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.errors import Unavailable
from core.finding import Finding
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.manifest_repository.shared_findings import FindingSharing

if TYPE_CHECKING:
    from provenance.c2pa.thumbnails import LineageThumbnail


class ThumbnailReader(Protocol):
    """Pictures of a file's history."""

    def carried(self, file: Path, finding: Finding) -> Sequence[LineageThumbnail]:
        """Those that its credentials carry, one for each step of the lineage that the finding tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicService:
    """Any may be missing in an installation that offers less."""

    manifests: ManifestRepository | None = None
    answers: FindingSharing | None = None
    thumbnails: ThumbnailReader | None = None

    @property
    def repository(self) -> ManifestRepository:
        """The manifest repository. Raises Unavailable where this installation has none."""
        if self.manifests is None:
            raise Unavailable("there is no manifest repository here")
        return self.manifests

    @property
    def sharing(self) -> FindingSharing:
        """Shared answers and feedback. Raises Unavailable where this installation keeps none."""
        if self.answers is None:
            raise Unavailable("nothing can be shared here")
        return self.answers
