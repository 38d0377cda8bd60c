"""What is open to anyone besides the verifier: the manifest repository, shared answers, feedback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Unavailable
from core.finding import Finding
from pipeline.manifest_repository.repository import ManifestRepository
from pipeline.manifest_repository.shared_findings import FindingSharing

if TYPE_CHECKING:
    from provenance.c2pa.thumbnails import LineageThumbnail


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicService:
    """Any may be missing in an installation that offers less. `carried` reads the pictures of a file's history."""

    manifests: ManifestRepository | None = None
    answers: FindingSharing | None = None
    carried: Callable[[Path, Finding], Sequence[LineageThumbnail]] | None = None

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
