"""What stands open to anyone beside the verifier: the manifest repository, shared answers, feedback."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Unavailable
from pipeline.repository import Repository
from pipeline.sharing import Sharing


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDesk:
    """Either may be missing in an installation that offers less."""

    manifests: Repository | None = None
    answers: Sharing | None = None

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
