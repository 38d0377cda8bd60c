"""Nobody rules on a case of their own: not on one that they ordered or appealed, that shows them, or whose appeal is
against what they decided themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.case import Case, Phase
from core.events import Appealed, Judged, Recalled, Ruled
from core.ports import Ledger, RecordedEvent
from core.recalls import recall_appealable, recall_appealed
from core.roles import Principal, Role
from core.verdicts import Decision
from pipeline.actions import TOO_LATE
from pipeline.moderation.sealed_hold import sealed_from
from registry.consent import CameoService

ORDERED = "you asked for this video yourself"
APPEALED = "you appealed this refusal yourself"
RULED = "you ruled on this case before it was appealed"
TOOK_DOWN = "you took this video down yourself"
DEPICTED = "this video shows a likeness that is yours"

APPEAL_TIME = timedelta(days=183)
"""How long a video that was taken down can be appealed: six months (Article 20(1) of the DSA)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictOfInterest:
    """Finds what a moderator has to do with a held case. `one_person`: nobody else is there who could rule."""

    ledger: Ledger
    cameos: CameoService | None
    one_person: bool
    sealed_rules: frozenset[str] = frozenset()

    def of(self, who: Principal, case: Case) -> str:
        """Why this person does not rule on this case, in their words; empty where nothing speaks against it.

        Only moderators are asked about, and only cases that are held or appealed: nothing else is ruled on.
        """
        if not (case.phase is Phase.HELD or recall_appealed(case)) or not who.has(Role.MODERATOR):
            return ""
        if sealed := sealed_from(who, case, self.sealed_rules):
            return sealed
        if self.one_person:
            return ""
        if case.request.author == who.id:
            return ORDERED
        history = self.ledger.history(case.id)
        if any(isinstance(entry.event, Appealed) and entry.event.by == who.id for entry in history):
            return APPEALED
        if recall_appealed(case):
            if case.recalled is not None and case.recalled.by == who.id:
                return TOOK_DOWN
        elif _ruled_before_the_appeal(who, case, history):
            return RULED
        return DEPICTED if self.cameos is not None and self.cameos.shows(who, case) else ""

    def bars(self, who: Principal, case: Case) -> str:
        """The same, and of what was taken down longer ago than it can be appealed TOO_LATE."""
        return TOO_LATE if self._too_late(case) else self.of(who, case)

    def _too_late(self, case: Case) -> bool:
        if not recall_appealable(case):
            return False
        taken = [one.at for one in self.ledger.history(case.id) if isinstance(one.event, Recalled)]
        return bool(taken) and max(taken) + APPEAL_TIME < datetime.now(UTC)


def _ruled_before_the_appeal(who: Principal, case: Case, history: Sequence[RecordedEvent]) -> bool:
    """Whether the case is held by an appeal, and this person had ruled at the gate that it is about."""
    appeal = max((entry.revision for entry in history if isinstance(entry.event, Appealed)), default=0)
    settled = any(
        isinstance(entry.event, Judged) and entry.event.verdict.decision is not Decision.HOLD
        for entry in history
        if entry.revision > appeal
    )
    if not appeal or settled or case.verdict is None:
        return False
    gate = case.verdict.gate
    return any(
        isinstance(entry.event, Ruled) and (entry.event.ruling.moderator, entry.event.ruling.gate) == (who.id, gate)
        for entry in history
        if entry.revision < appeal
    )
