"""What an operator may look at and do about the policy in force: the service's part for the roll-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Conflict
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.ledgers.case_histories import CaseHistories
from pipeline.ledgers.policy_replays import PolicyReplays, ReplayRecord
from pipeline.ledgers.rule_activity import RuleActivity
from pipeline.policy_rollout.policy_drafts import PolicyDraft, draft_with_rule, make_draft
from pipeline.policy_rollout.policy_replay import ReplayTally, replay_policy
from pipeline.policy_rollout.replay_jobs import ReplayJobs
from pipeline.policy_rollout.rollout import Rollout, RolloutStatus, rollback_path
from pipeline.policy_rollout.rule_book import RuleBook

COMPARED_CASES = 500  # cases; ids are random, so the first of them are a sample


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyService:
    """Every method asks for an operator."""

    rollout: Rollout
    case_histories: CaseHistories
    activity: RuleActivity
    replays: PolicyReplays

    @property
    def rule_book(self) -> RuleBook:
        """The rules in force, with what they did."""
        return RuleBook(rollout=self.rollout, activity=self.activity)

    @property
    def jobs(self) -> ReplayJobs:
        """Replays that run beside everything else."""
        return ReplayJobs(replays=self.replays, case_histories=self.case_histories)

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

    def draft_rule(self, principal: Principal, name: str, text: str) -> PolicyDraft:
        """The policy in force with another text of one rule. Raises BadInput, NotFound."""
        require_role(principal, Role.OPERATOR)
        require_scope(principal, Scope.MODERATE)
        base = self.rule_book.stored(self.rollout.status().digest)
        return draft_with_rule(self.rollout.policy_selector, base, name, text)

    def draft_kept(self, principal: Principal, digest: str) -> PolicyDraft:
        """A kept policy, or the one that the settings name, beside that in force. Raises BadInput, NotFound."""
        require_role(principal, Role.OPERATOR)
        selector = self.rollout.policy_selector
        stored = self.rule_book.stored(digest)
        return make_draft(selector, stored, selector.policy(stored.digest))

    def stage(self, principal: Principal, draft: PolicyDraft, *, share: float, seen: int, digest: str) -> RolloutStatus:
        """Let a draft decide about a share of the cases, in percent, as it was previewed: `digest` is what was seen.

        Raises Conflict where it is another by now, or another step was taken since.
        """
        require_scope(principal, Scope.MODERATE)
        if draft.stored.digest != digest:
            raise Conflict("the policy in force has changed since you looked: preview it again")
        self._require_unchanged(principal, seen)
        return self.rollout.stage_stored(principal, draft.stored, share=share)

    def replay(self, principal: Principal, draft: PolicyDraft) -> ReplayRecord:
        """Begin to judge past cases by a draft, which is kept for it. Raises NotNow while another replay runs."""
        require_role(principal, Role.OPERATOR)
        require_scope(principal, Scope.MODERATE)
        store = self.rollout.policy_selector.policy_store
        store.save(draft.stored)
        return self.jobs.start(principal, draft.policy)

    def resume_replay(self, principal: Principal, name: str) -> ReplayRecord:
        """Go on with a replay that was interrupted. Raises NotFound, NotNow."""
        require_scope(principal, Scope.MODERATE)
        policy = self.rollout.policy_selector.policy(self.jobs.record(principal, name).policy)
        return self.jobs.resume(principal, name, policy)

    def policy_before(self, principal: Principal) -> str:
        """The digest of the policy to which roll_back returns; empty where there is none."""
        path = rollback_path(self.status(principal).steps)
        return path[-2] if len(path) > 1 else ""

    def roll_back(self, principal: Principal, *, seen: int, to: str = "") -> RolloutStatus:
        """Withdraw the candidate, or undo the last promotion, or return to a kept policy (`to`, its digest).

        `seen` is how many steps the person saw. Raises Conflict where another step was taken since: what is undone
        must be what was looked at.
        """
        self._require_unchanged(principal, seen)
        return self.rollout.roll_back(principal, to=to)

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
