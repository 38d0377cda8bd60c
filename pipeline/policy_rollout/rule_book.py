"""The rules in force as people read them: what each says, who changed it last, and what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import NotFound, PolicyError
from core.roles import Principal, Role, Scope, require_role, require_scope
from core.verdicts import Gate
from pipeline.ledgers.policy_store import RolloutStep, StoredPolicy
from pipeline.ledgers.rule_activity import RuleActivity, RuleCounts, RuleDay, RuleFiring
from pipeline.policy_rollout.policy_drafts import rule_file
from pipeline.policy_rollout.policy_selection import write_policy_files
from pipeline.policy_rollout.rollout import Rollout
from policy.pack import Policy
from policy.profile import apply_profile, parse_profile
from policy.rule import Rule, rules_digest
from policy.rule_description import LabelThreshold, describe_rules
from policy.rule_files import read_rules

LISTED_DAYS = 7
SHOWN_DAYS = 30
_EXAMPLES = 12
_NORMAL_95 = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    """A rule in force. `changed`: the step of the roll-out that brought it as it is, None where it always was so.

    `tried`: a candidate is tried that has it otherwise.
    """

    rule: Rule
    thresholds: tuple[LabelThreshold, ...]
    labels: frozenset[str]
    counts: RuleCounts
    changed: RolloutStep | None
    tried: bool

    @property
    def subject(self) -> str:
        """What it is about, by the first word of its name: author, prompt, reference, video, enrol."""
        return self.rule.name.partition("_")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePrecision:
    """Of the cases that a rule held and a person ruled on: how many the person upheld, and the share with its 95 %
    interval (Wilson), None where nobody ruled.
    """

    upheld: int
    allowed: int

    @property
    def ruled(self) -> int:
        """How many cases."""
        return self.upheld + self.allowed

    @property
    def share(self) -> float | None:
        """Which part was upheld."""
        return self.upheld / self.ruled if self.ruled else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies, with 95 % confidence."""
        if not self.ruled:
            return None
        n, p, z = self.ruled, self.upheld / self.ruled, _NORMAL_95
        middle, width = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        return max(0.0, (middle - width) / scale), min(1.0, (middle + width) / scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """All about one rule. `digest` names the policy in force, `days` are each of the last SHOWN_DAYS.

    `sees_cases`: whether the person may open cases.
    """

    entry: RuleEntry
    digest: str
    source: str
    days: Sequence[RuleDay]
    precision: RulePrecision
    examples: Sequence[RuleFiring]
    sees_cases: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """For operators; a single rule for moderators too."""

    rollout: Rollout
    activity: RuleActivity

    def rules(self, principal: Principal) -> Sequence[RuleEntry]:
        """Every rule of the policy in force, those that are off too."""
        require_role(principal, Role.OPERATOR)
        return self._entries()

    def rule(self, principal: Principal, name: str) -> RulePage:
        """One of them with its text and what it did. Raises NotFound."""
        require_role(principal, Role.OPERATOR, Role.MODERATOR)
        require_scope(principal, Scope.MODERATE)
        found = [entry for entry in self._entries() if entry.rule.name == name]
        if not found:
            raise NotFound(f"there is no rule {name}")
        now = datetime.now(UTC)
        since = (now - timedelta(days=SHOWN_DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
        upheld, allowed = self.activity.ruled(name, since)
        stored = self.stored(self.rollout.status().digest)
        return RulePage(
            entry=found[0],
            digest=stored.digest,
            source=stored.files[rule_file(stored, name)],
            days=_every_day(self.activity.by_day(name, since), since),
            precision=RulePrecision(upheld=upheld, allowed=allowed),
            examples=self.activity.examples(name, since, _EXAMPLES),
            sees_cases=principal.has(Role.MODERATOR),
        )

    def stored(self, digest: str) -> StoredPolicy:
        """A policy as it is kept. Raises NotFound."""
        if self.rollout.installed_policy.digest == digest:
            return self.rollout.installed_policy
        return self.rollout.policy_selector.policy_store.find(digest)

    def _entries(self) -> Sequence[RuleEntry]:
        policy, candidate, _ = self.rollout.policy_selector.current_and_candidate()
        described = _descriptions(policy)
        counts = self.activity.counts(datetime.now(UTC) - timedelta(days=LISTED_DAYS - 1))
        changed = self._last_changes(policy)
        tried = {rule.name: rules_digest([rule]) for rule in candidate.rules} if candidate else {}
        return [
            RuleEntry(
                rule=rule,
                thresholds=described.get(rule.name, ((), frozenset()))[0],
                labels=described.get(rule.name, ((), frozenset()))[1],
                counts=counts.get(rule.name, RuleCounts()),
                changed=changed.get(rule.name),
                tried=candidate is not None and tried.get(rule.name) != rules_digest([rule]),
            )
            for rule in policy.rules
        ]

    def _last_changes(self, policy: Policy) -> Mapping[str, RolloutStep]:
        """The step since which each rule is as it is; a rule that no step changed is not in it."""
        changed: dict[str, RolloutStep] = {}
        in_force: str | None = None
        for step in self.rollout.status().steps:
            if in_force is not None and step.digest != in_force:
                before, after = self._rule_digests(in_force), self._rule_digests(step.digest)
                changed |= {name: step for name in after if before.get(name) != after[name]}
            in_force = step.digest
        names = {rule.name for rule in policy.rules}
        return {name: step for name, step in changed.items() if name in names}

    def _rule_digests(self, digest: str) -> Mapping[str, str]:
        """What bears on a verdict of each rule of a kept policy, by name; nothing where it is kept nowhere."""
        try:
            stored = self.stored(digest)
        except NotFound:
            return {}
        files = tuple(sorted(stored.files.items()))
        return _digests_of_files(files, stored.profile)


@lru_cache(maxsize=64)
def _digests_of_files(files: tuple[tuple[str, str], ...], profile: str) -> Mapping[str, str]:
    """Without proving the rules: they were proved when they were put in force."""
    with TemporaryDirectory(prefix="assay-policy-") as folder:
        write_policy_files(StoredPolicy(digest="", files=dict(files)), Path(folder))
        read, _ = read_rules(Path(folder))
    try:
        rules = apply_profile(read, parse_profile("profile", profile) if profile else None)
    except PolicyError:
        rules = read
    return {rule.name: rules_digest([rule]) for rule in rules}


@lru_cache(maxsize=8)
def _descriptions(policy: Policy) -> Mapping[str, tuple[tuple[LabelThreshold, ...], frozenset[str]]]:
    return {one.name: (one.thresholds, one.labels) for gate in Gate for one in describe_rules(policy, gate)}


def _every_day(days: Sequence[RuleDay], since: datetime) -> Sequence[RuleDay]:
    known = {day.day: day for day in days}
    dates = [(since + timedelta(days=number)).date() for number in range(SHOWN_DAYS)]
    return [known.get(day, RuleDay(day=day, hits=0, shadow=0)) for day in dates]
