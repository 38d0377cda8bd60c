"""The roll-out of a policy, step by step: stage a candidate for a share of the cases, promote it, or go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, NotNow, PolicyError
from core.roles import Principal, Role, require_role
from pipeline.ledgers.policy_store import RolloutStep, StoredPolicy
from pipeline.policy_rollout.policy_selection import PolicySelector, pack_policy
from policy.lint.weakened_rules import weakened_rules
from policy.pack import Policy
from policy.profile import PolicyProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStatus:
    """What is in force and what is tried out. `installed` is the digest of the rules that the settings name."""

    digest: str
    candidate: str
    share: float
    installed: str
    steps: Sequence[RolloutStep]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Steps that an operator takes. `installed_policy` is the installed policy as it is to be kept."""

    policy_selector: PolicySelector
    installed_policy: StoredPolicy

    def status(self) -> RolloutStatus:
        """What is in force now."""
        steps = self.policy_selector.policy_store.steps()
        step = steps[-1] if steps else None
        return RolloutStatus(
            digest=step.digest if step else self.installed_policy.digest,
            candidate=step.candidate if step else "",
            share=step.share if step else 0.0,
            installed=self.installed_policy.digest,
            steps=steps,
        )

    def stage(
        self, principal: Principal, folder: Path, policy: Policy, *, share: float, profile: PolicyProfile | None
    ) -> RolloutStatus:
        """Let a proved candidate decide about a share of the cases, in percent. The same again changes nothing."""
        return self.stage_stored(principal, pack_policy(folder, policy, profile.text if profile else ""), share=share)

    def stage_stored(self, principal: Principal, stored: StoredPolicy, *, share: float) -> RolloutStatus:
        """The same for a policy as it is kept, which was proved before."""
        require_role(principal, Role.OPERATOR)
        if not 0.0 <= share <= 100.0:
            raise BadInput("the share is in percent, from 0 to 100")
        now = self.status()
        if stored.digest == now.digest:
            raise NotNow(f"the policy {stored.digest[:12]} is in force already")
        self.policy_selector.policy_store.save(self.installed_policy)
        self.policy_selector.policy_store.save(stored)
        if (now.candidate, now.share) != (stored.digest, share):
            self._append_step(principal, now, "stage", now.digest, candidate=stored.digest, share=share)
        return self.status()

    def promote(self, principal: Principal) -> RolloutStatus:
        """Put the candidate in force for every case. What weakens a guarded rule, two operators have to want."""
        require_role(principal, Role.OPERATOR)
        now = self.status()
        if not now.candidate:
            raise NotNow("no policy is staged: assay policy stage FOLDER")
        self._require_two_operators(principal, now, now.candidate)
        self._append_step(principal, now, "promote", now.candidate)
        return self.status()

    def roll_back(self, principal: Principal, *, to: str = "") -> RolloutStatus:
        """Take the last step back: withdraw the candidate, or else return to the policy before the last promotion.

        `to` names a kept policy by the beginning of its digest. Raises NotNow where there is nothing to go back to.
        """
        require_role(principal, Role.OPERATOR)
        now = self.status()
        if to:
            target = self.policy_selector.policy_store.find(to).digest
            self.policy_selector.policy(target)  # proved before it is put in force
            if target not in rollback_path(now.steps):
                self._require_two_operators(principal, now, target)
            if target != now.digest or now.candidate:
                self._append_step(principal, now, "rollback", target)
        elif now.candidate:
            self._append_step(principal, now, "withdraw", now.digest)
        else:
            before = rollback_path(now.steps)
            if len(before) < 2:
                raise NotNow("there is no earlier policy to go back to")
            self.policy_selector.policy(before[-2])
            self._append_step(principal, now, "rollback", before[-2])
        return self.status()

    def _require_two_operators(self, principal: Principal, now: RolloutStatus, target: str) -> None:
        """Raises NotNow where one person wants a policy that weakens a rule no single person may overrule."""
        persons = {principal.id, *(step.by for step in now.steps if step.candidate == target)}
        try:
            before = self.policy_selector.policy(now.digest)
        except PolicyError:  # nothing is decided by it any more, so nothing is overruled
            return
        if len(persons) < 2 and (lost := weakened_rules(before, self.policy_selector.policy(target))):
            raise NotNow(
                f"this changes {', '.join(lost)}, which one person may not overrule: another operator has to do it"
            )

    def _append_step(
        self,
        principal: Principal,
        status: RolloutStatus,
        step: str,
        digest: str,
        *,
        candidate: str = "",
        share: float = 0.0,
    ) -> None:
        number = len(status.steps) + 1  # whoever saw an older state gets Conflict
        appended = RolloutStep(
            number=number, step=step, digest=digest, candidate=candidate, share=share, by=principal.id
        )
        self.policy_selector.policy_store.append_step(appended)


def rollback_path(steps: Sequence[RolloutStep]) -> list[str]:
    """The policies that were in force, as a way back: what was rolled back is not on it."""
    way: list[str] = []
    for step in steps:
        if step.step == "rollback" and step.digest in way:
            way = way[: way.index(step.digest) + 1]
        elif not way or way[-1] != step.digest:
            way.append(step.digest)
    return way
