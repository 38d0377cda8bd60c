"""Nobody rules on a case of their own: not on one that they ordered, that they appealed, or that shows them."""

from __future__ import annotations

from dataclasses import dataclass

from core.case import Case, Phase
from core.events import Appealed
from core.ports import Ledger
from core.roles import Principal, Role
from registry.consent import CameoService

ORDERED = "you asked for this video yourself"
APPEALED = "you appealed this refusal yourself"
DEPICTED = "this video shows a likeness that is yours"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictOfInterest:
    """Finds what a moderator has to do with a held case. `one_person`: nobody else is there who could rule."""

    ledger: Ledger
    cameos: CameoService | None
    one_person: bool

    def of(self, who: Principal, case: Case) -> str:
        """Why this person does not rule on this case, in their words; empty where nothing speaks against it.

        Only moderators are asked about, and only cases that are held: nobody else rules, and nothing else is ruled on.
        """
        if self.one_person or case.phase is not Phase.HELD or not who.has(Role.MODERATOR):
            return ""
        if case.request.author == who.id:
            return ORDERED
        history = self.ledger.history(case.id)
        if any(isinstance(entry.event, Appealed) and entry.event.by == who.id for entry in history):
            return APPEALED
        return DEPICTED if self.cameos is not None and self.cameos.shows(who, case) else ""
