"""A policy that somebody means to try: what it would change, and who has to agree, before anything is decided by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.errors import BadInput, NotFound, PolicyError
from pipeline.ledgers.policy_store import StoredPolicy
from pipeline.policy_rollout.policy_selection import PolicySelector
from policy.lint.rule_diff import RuleChange, diff_rules
from policy.lint.weakened_rules import weakened_rules
from policy.pack import Policy

MAX_RULE_TEXT = 20_000  # characters of one rule's file


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A proved policy beside the one in force. `weakened`: rules that no single person may overrule, and it changes."""

    stored: StoredPolicy
    policy: Policy
    changes: Sequence[RuleChange]
    weakened: Sequence[str]


def draft_with_rule(selector: PolicySelector, base: StoredPolicy, name: str, text: str) -> PolicyDraft:
    """The policy in force with another text of one rule. Raises BadInput with what is wrong with it, NotFound."""
    if len(text) > MAX_RULE_TEXT:
        raise BadInput(f"a rule has at most {MAX_RULE_TEXT} characters")
    file = rule_file(base, name)
    files = {**base.files, file: text.replace("\r\n", "\n")}
    try:
        policy = selector.load(replace(base, files=files))
    except PolicyError as error:
        raise BadInput(f"this rule cannot be used: {error}") from None
    return make_draft(selector, replace(base, files=files, digest=policy.digest), policy)


def make_draft(selector: PolicySelector, stored: StoredPolicy, policy: Policy) -> PolicyDraft:
    """What a policy would change of the one in force."""
    now, _, _ = selector.current_and_candidate()
    return PolicyDraft(
        stored=stored,
        policy=policy,
        changes=tuple(diff_rules(now.rules, policy.rules)),
        weakened=tuple(weakened_rules(now, policy)),
    )


def rule_file(stored: StoredPolicy, name: str) -> str:
    """The file of a rule in a kept policy. Raises NotFound."""
    found = [file for file in stored.files if file.rpartition("/")[2] == f"{name}.toml"]
    if not found:
        raise NotFound(f"there is no rule {name}")
    return found[0]
