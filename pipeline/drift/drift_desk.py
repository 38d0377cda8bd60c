"""For operators and moderators: which classifiers have moved, and that one is well as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import NotFound
from core.roles import Principal, Role, require_role
from pipeline.drift.score_drift import PostgresScoreDrift, ScoreDrift


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDesk:
    """Drift, and the weeks it is measured against."""

    drift: PostgresScoreDrift

    def latest(self, who: Principal) -> Sequence[ScoreDrift]:
        """Each classifier with a week of reference, what moved most first. Raises Forbidden, or Unavailable."""
        require_role(who, Role.OPERATOR, Role.MODERATOR, Role.LEAD)
        return self.drift.latest()

    def accept(self, who: Principal, source: str) -> int:
        """This classifier is well as it scores now: compare with the last seven days, or where it changed within them
        with the week that begins now.

        Returns for how many labels. Raises Forbidden, or NotFound where nothing has moved or too little was measured.
        """
        require_role(who, Role.OPERATOR)
        chosen = self.drift.choose_reference(source, who.id)
        if not chosen:
            raise NotFound(
                f"{source}: no label of it has moved, or too little was measured in the last seven days to tell"
            )
        return chosen
