"""What the house has settled about the work of its moderators, as the service has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.case import Case, Phase
from core.errors import AssayError, NotNow
from core.roles import Principal
from pipeline.actions import Action
from pipeline.moderation.exposure import ExposureLimits
from pipeline.moderation.sealed_hold import sealed_refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """`undo_seconds`: how long a ruling made on a page waits before it takes effect. `sealed_rules`: rules whose cases
    nobody may view. `kept_down` says why nobody may publish a case again now; empty where nothing speaks against it.
    """

    exposure: ExposureLimits = field(default_factory=ExposureLimits)
    undo_seconds: float = 0.0
    sealed_rules: frozenset[str] = frozenset()
    kept_down: Callable[[str], str] = lambda _case_id: ""

    def refusal(self, who: Principal, case: Case, action: Action) -> AssayError | None:
        """Why this is not done to a sealed case, nor to one that is kept down; None where it may be."""
        sealed = sealed_refusal(who, case, action, self.sealed_rules)
        if sealed is not None or action not in (Action.REVERSE, Action.GRANT) or case.phase is not Phase.WITHDRAWN:
            return sealed
        why = self.kept_down(case.id)
        return NotNow(why) if why else None
