"""Whether policy lets the no of whoever is shown act by itself."""

from __future__ import annotations

from core.verdicts import Decision, Gate
from pipeline.stages.stage_context import PolicyGate


def is_veto_final(policy: PolicyGate | None) -> bool:
    """Whether the policy in force refuses a video only because a person shown does not want it; without one: no."""
    if policy is None:
        return False
    return policy.judge(Gate.VIDEO, (), {"cameos_vetoed": 1}, ()).decision is Decision.REFUSE
