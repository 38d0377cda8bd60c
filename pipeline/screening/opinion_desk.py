"""What would be said of a prompt, of a video and of references: for whoever may ask, without a case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.roles import Principal, Role, Scope, require_role, require_scope
from core.text_styles import TextStyle
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.opinions import opinion_of_text, opinion_of_video, opinions_of_references
from pipeline.stages.stage_context import StageContext
from pipeline.video_request import VideoRequest, validate_request


@dataclass(frozen=True, slots=True)
class OpinionDesk:
    """Nothing of what is shown here is kept. Each method raises Forbidden for whoever is no platform or moderator."""

    context: StageContext

    def screen(
        self, who: Principal, text: str, style: TextStyle | None = None, *, with_places: bool = True
    ) -> DryRunVerdict:
        """What would be said of this prompt, or of a text of another style? Raises BadInput.

        Without places reasons do not say in which words they lie: quicker, for texts that are only tried.
        """
        _require_asker(who)
        validate_request(VideoRequest(prompt=text))
        return opinion_of_text(text, self.context, style, with_places=with_places)

    def inspect(self, who: Principal, file: Path) -> DryRunVerdict:
        """What would be said of this video? Raises BadMedia."""
        _require_asker(who)
        return opinion_of_video(file, self.context)

    def inspect_references(self, who: Principal, files: Iterable[Path], text: str) -> Iterator[DryRunVerdict]:
        """What would be said of a prompt with each of these pictures or clips as its reference.

        Raises BadInput for the first that cannot be one.
        """
        _require_asker(who)
        yield from opinions_of_references(files, text, self.context)


def _require_asker(who: Principal) -> None:
    require_role(who, Role.PLATFORM, Role.MODERATOR)
    require_scope(who, Scope.VERIFY)
