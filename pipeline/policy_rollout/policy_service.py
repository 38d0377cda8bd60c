"""What an operator may look at and do about the policy in force: the service's part for the roll-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Conflict
from core.roles import Principal, Role, require_role
from pipeline.ledgers.case_histories import CaseHistories
from pipeline.policy_rollout.policy_replay import ReplayTally, replay_policy
from pipeline.policy_rollout.rollout import Rollout, RolloutStatus

COMPARED_CASES = 500  # cases; ids are random, so the first of them are a sample


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyService:
    """Every method asks for an operator."""

    rollout: Rollout
    case_histories: CaseHistories

    def status(self, principal: Principal) -> RolloutStatus:
        """What is in force, what is tried, and the steps so far."""
        require_role(principal, Role.OPERATOR)
        return self.rollout.status()

    def count_verdicts(self, principal: Principal) -> Mapping[str, Mapping[str, int]]:
        """How many verdicts each policy gave since the last step: by digest, by decision in lower case."""
        return count_verdicts(self.case_histories, self.status(principal))

    def compared(self, principal: Principal) -> ReplayTally | None:
        """What the candidate would have said of past cases, COMPARED_CASES at the most; None where nothing is
        staged.
        """
        now = self.status(principal)
        if not now.candidate:
            return None
        tally = ReplayTally(policy=now.candidate)
        for _page in replay_policy(
            self.rollout.policy_selector.policy(now.candidate), self.case_histories, tally, max_cases=COMPARED_CASES
        ):
            pass
        return tally

    def roll_back(self, principal: Principal, *, seen: int) -> RolloutStatus:
        """Withdraw the candidate, or undo the last promotion. `seen` is how many steps the person saw.

        Raises Conflict where another step was taken since: what is undone must be what was looked at.
        """
        self._require_unchanged(principal, seen)
        return self.rollout.roll_back(principal)

    def promote(self, principal: Principal, *, seen: int) -> RolloutStatus:
        """Put the candidate in force for every case; `seen` as for roll_back."""
        self._require_unchanged(principal, seen)
        return self.rollout.promote(principal)

    def _require_unchanged(self, principal: Principal, seen_step: int) -> None:
        if len(self.status(principal).steps) != seen_step:
            raise Conflict("somebody else took a step of the roll-out meanwhile: look again")


def count_verdicts(stories: CaseHistories, status: RolloutStatus) -> dict[str, dict[str, int]]:
    """As PolicyService.decided; empty where no step was taken yet."""
    counts: dict[str, dict[str, int]] = {}
    if not status.steps or status.steps[-1].at is None:
        return counts
    for (digest, decision), count in stories.count_verdicts(status.steps[-1].at).items():
        counts.setdefault(digest, {})[decision.name.lower()] = count
    return counts
