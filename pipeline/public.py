"""What stands open to anyone beside the verifier: the manifest repository, shared answers, feedback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Unavailable
from core.finding import Finding
from pipeline.repository import Repository
from pipeline.sharing import Sharing

if TYPE_CHECKING:
    from provenance.thumbnails import Carried


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDesk:
    """Any may be missing in an installation that offers less. `carried` reads the pictures of a file's history."""

    manifests: Repository | None = None
    answers: Sharing | None = None
    carried: Callable[[Path, Finding], Sequence[Carried]] | None = None

    @property
    def repository(self) -> Repository:
        """The manifest repository. Raises Unavailable where this installation has none."""
        if self.manifests is None:
            raise Unavailable("there is no manifest repository here")
        return self.manifests

    @property
    def sharing(self) -> Sharing:
        """Shared answers and feedback. Raises Unavailable where this installation keeps none."""
        if self.answers is None:
            raise Unavailable("nothing can be shared here")
        return self.answers
