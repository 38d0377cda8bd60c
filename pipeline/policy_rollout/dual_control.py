"""Rules for two persons at the service: whoever has allowed one has said all they can."""

from __future__ import annotations

from collections.abc import Sequence

from core.verdicts import Decision, Gate, Ruling, Verdict


def has_already_allowed(moderator: str, gate: Gate, verdict: Verdict, rulings: Sequence[Ruling]) -> bool:
    """Whether all that still holds a case waits for a second moderator, and this one was the first."""
    if not verdict.awaiting or set(verdict.rules) != set(verdict.awaiting):
        return False
    last_decisions: dict[str, bool] = {}
    for ruling in rulings:
        if ruling.gate is gate and ruling.moderator == moderator:
            last_decisions.update(dict.fromkeys(ruling.over, ruling.decision is Decision.ALLOW))
    return all(last_decisions.get(rule, False) for rule in verdict.awaiting)
