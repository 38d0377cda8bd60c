"""Which policy decides about a case: the one in force, or for a share of the cases the candidate that is tried out.

An installation begins with the rules that its settings name: a folder, or the pack that comes with Assay. From the
first step of a roll-out on it is the ledger that says what is in force, by digest, to every worker alike and at once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from core.errors import BadInput
from core.signals import Signal
from core.verdicts import Gate, Ruling, Verdict
from pipeline.ledgers.policy_store import PolicyStore, RolloutStep, StoredPolicy
from policy.explain import Reason, reasons
from policy.pack import Policy, load
from policy.profile import parse_profile
from policy.rule_description import RuleDescription, describe_rules
from policy.vocabulary import Vocabulary

_STEP_CACHE_SECONDS = 1.0  # seconds


class PolicySource(Protocol):
    """What an installation begins with."""

    def load_installed(self) -> Policy:
        """The policy that the settings name, loaded anew. Raises PolicyError."""

    def vocabulary(self) -> Vocabulary:
        """What rules may speak of here."""


class PolicySelector:
    """The policies of an installation. Its `source` is asked once for what the settings name."""

    def __init__(self, policies: PolicyStore, source: PolicySource) -> None:
        self.policy_store = policies
        self._source = source
        self._loaded: dict[str, Policy] = {}
        self._cached: RolloutStep | None = None
        self._cached_at = float("-inf")

    def judge(
        self,
        gate: Gate,
        signals: Sequence[Signal],
        facts: Mapping[str, object],
        rulings: Sequence[Ruling],
        case_id: str = "",
    ) -> Verdict:
        """A verdict by the policy for this case; what is no case meets the one in force."""
        from policy.decide import decide

        return decide(gate, signals, facts, rulings, self.policy_for_case(case_id))

    def refuses_for_good(self, gate: Gate, signals: Sequence[Signal], case_id: str) -> bool:
        """Whether by the policy for this case these signals refuse it whatever else is measured."""
        from policy.decide import refuses_for_good

        return refuses_for_good(gate, signals, self.policy_for_case(case_id))

    def explain(self, verdict: Verdict, signals: Sequence[Signal]) -> Sequence[Reason]:
        """Why a verdict is what it is, by the policy that gave it.

        Raises NotFound where that was kept nowhere, as an installed one before an update, and PolicyError.
        """
        return reasons(verdict, signals, self._policy_of(verdict))

    def describe(self, verdict: Verdict) -> Sequence[RuleDescription]:
        """The rules of a verdict's gate, in the policy that gave it. Raises as `explain`."""
        return describe_rules(self._policy_of(verdict), verdict.gate)

    def _policy_of(self, verdict: Verdict) -> Policy:
        if verdict.policy not in self._loaded:
            self.installed()  # this process may have judged nothing yet
        return self.policy(verdict.policy)

    def policy_for_case(self, case_id: str) -> Policy:
        """The policy that decides about a case now. Raises PolicyError where a kept one cannot be loaded any more."""
        step = self.policy_store.current_step() if case_id else self._cached_step()
        if step is None:
            return self.installed()
        uses_candidate = (
            bool(step.candidate) and bool(case_id) and is_in_rollout_share(case_id, step.candidate, step.share)
        )
        return self.policy(step.candidate if uses_candidate else step.digest)

    def _cached_step(self) -> RolloutStep | None:
        """The last step as it was a moment ago: opinions about what is no case come by the hundred a second."""
        if time.monotonic() - self._cached_at > _STEP_CACHE_SECONDS:
            self._cached, self._cached_at = self.policy_store.current_step(), time.monotonic()
        return self._cached

    def installed(self) -> Policy:
        """The policy that the settings name."""
        if "" not in self._loaded:
            policy = self._source.load_installed()
            self._loaded |= {"": policy, policy.digest: policy}
        return self._loaded[""]

    def load(self, stored: StoredPolicy) -> Policy:
        """A policy that need not be kept, proved here and now. Raises PolicyError."""
        return load_stored_policy(stored, self._source.vocabulary())

    def policy(self, digest: str) -> Policy:
        """A kept policy, loaded once; the installed one needs not be kept."""
        if digest not in self._loaded:
            policy = load_stored_policy(self.policy_store.find(digest), self._source.vocabulary())
            self._loaded |= {digest: policy, policy.digest: policy}
        return self._loaded[digest]

    def current_and_candidate(self) -> tuple[Policy, Policy | None, RolloutStep | None]:
        """What is in force, what is tried out, and the step that says so. Raises PolicyError as `policy_for_case`."""
        step = self.policy_store.current_step()
        if step is None:
            return self.installed(), None, None
        return self.policy(step.digest), self.policy(step.candidate) if step.candidate else None, step


def is_in_rollout_share(case_id: str, candidate: str, share: float) -> bool:
    """Whether a case is among the `share` percent that meet a candidate: by a hash, so always with one answer."""
    digest = hashlib.blake2b(f"{candidate}:{case_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share / 100 * 2**64


def pack_policy(folder: Path, policy: Policy, profile: str = "") -> StoredPolicy:
    """A folder of rules as it is kept."""
    files = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.toml"))}
    return StoredPolicy(digest=policy.digest, files=files, profile=profile)


def load_stored_policy(stored: StoredPolicy, vocabulary: Vocabulary) -> Policy:
    """A stored policy, validated again.

    Raises PolicyError, for instance where a label that it uses no longer exists.
    """
    with TemporaryDirectory(prefix="assay-policy-") as folder:
        write_policy_files(stored, Path(folder))
        profile = parse_profile("profile", stored.profile) if stored.profile else None
        return load(Path(folder), vocabulary, profile)


def write_policy_files(stored: StoredPolicy, folder: Path) -> None:
    """Write the files of a kept policy into a folder. Raises BadInput for a name that leads out of it."""
    for name, text in stored.files.items():
        target = (folder / name).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise BadInput(f"the policy {stored.digest[:12]} has a file outside its folder: {name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
