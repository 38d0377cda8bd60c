"""The roll-out of a policy, step by step: stage a candidate for a share of the cases, promote it, or go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, NotNow, PolicyError
from pipeline.ledgers.policies import Kept, Step
from pipeline.people import Person, Role, require
from pipeline.policing import Policing, packed
from policy.guarded import weakened
from policy.pack import Policy
from policy.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is in force and what is tried out. `installed` is the digest of the rules that the settings name."""

    digest: str
    candidate: str
    share: float
    installed: str
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Steps that an operator takes. `here` is the installed policy as it is to be kept."""

    policing: Policing
    here: Kept

    def status(self) -> Status:
        """What is in force now."""
        steps = self.policing.policies.steps()
        step = steps[-1] if steps else None
        return Status(
            digest=step.digest if step else self.here.digest,
            candidate=step.candidate if step else "",
            share=step.share if step else 0.0,
            installed=self.here.digest,
            steps=steps,
        )

    def stage(self, who: Person, folder: Path, policy: Policy, *, share: float, profile: Profile | None) -> Status:
        """Let a proved candidate decide about a share of the cases, in percent. The same again changes nothing."""
        require(who, Role.OPERATOR)
        if not 0.0 <= share <= 100.0:
            raise BadInput("the share is in percent, from 0 to 100")
        now = self.status()
        if policy.digest == now.digest:
            raise NotNow(f"the policy {policy.digest[:12]} is in force already")
        self.policing.policies.keep(self.here)
        self.policing.policies.keep(packed(folder, policy, profile.text if profile else ""))
        if (now.candidate, now.share) != (policy.digest, share):
            self._take(who, now, "stage", now.digest, candidate=policy.digest, share=share)
        return self.status()

    def promote(self, who: Person) -> Status:
        """Put the candidate in force for every case. What weakens a guarded rule, two operators have to want."""
        require(who, Role.OPERATOR)
        now = self.status()
        if not now.candidate:
            raise NotNow("no policy is staged: assay policy stage FOLDER")
        self._two_want(who, now, now.candidate)
        self._take(who, now, "promote", now.candidate)
        return self.status()

    def roll_back(self, who: Person, *, to: str = "") -> Status:
        """Take the last step back: withdraw the candidate, or else return to the policy before the last promotion.

        `to` names a kept policy by the beginning of its digest. Raises NotNow where there is nothing to go back to.
        """
        require(who, Role.OPERATOR)
        now = self.status()
        if to:
            target = self.policing.policies.kept(to).digest
            self.policing.policy(target)  # proved before it is put in force
            if target not in past(now.steps):
                self._two_want(who, now, target)
            if target != now.digest or now.candidate:
                self._take(who, now, "rollback", target)
        elif now.candidate:
            self._take(who, now, "withdraw", now.digest)
        else:
            before = past(now.steps)
            if len(before) < 2:
                raise NotNow("there is no earlier policy to go back to")
            self.policing.policy(before[-2])
            self._take(who, now, "rollback", before[-2])
        return self.status()

    def _two_want(self, who: Person, now: Status, target: str) -> None:
        """Raises NotNow where one person wants a policy that weakens a rule no single person may overrule."""
        persons = {who.id, *(step.by for step in now.steps if step.candidate == target)}
        try:
            before = self.policing.policy(now.digest)
        except PolicyError:  # nothing is decided by it any more, so nothing is overruled
            return
        if len(persons) < 2 and (lost := weakened(before, self.policing.policy(target))):
            raise NotNow(
                f"this changes {', '.join(lost)}, which one person may not overrule: another operator has to do it"
            )

    def _take(
        self, who: Person, seen: Status, step: str, digest: str, *, candidate: str = "", share: float = 0.0
    ) -> None:
        number = len(seen.steps) + 1  # whoever saw an older state gets Conflict
        taken = Step(number=number, step=step, digest=digest, candidate=candidate, share=share, by=who.id)
        self.policing.policies.take(taken)


def past(steps: Sequence[Step]) -> list[str]:
    """The policies that were in force, as a way back: what was rolled back is not on it."""
    way: list[str] = []
    for step in steps:
        if step.step == "rollback" and step.digest in way:
            way = way[: way.index(step.digest) + 1]
        elif not way or way[-1] != step.digest:
            way.append(step.digest)
    return way
