"""Rules that one person may not overrule, and which of them another policy would weaken."""

from __future__ import annotations

from policy.pack import Policy
from policy.rule import Mode, Rule


def weakened_rules(before: Policy, after: Policy) -> list[str]:
    """Names of enforced rules that are final or for two persons, and that the other policy lacks or holds otherwise.

    Whether another condition is milder cannot be derived from its text, so any change counts but that of words: of the
    reason, the owner, the examples, the version.
    """
    rules_after = {rule.name: rule for rule in after.rules}
    guarded = (rule for rule in before.rules if rule.mode is Mode.ENFORCE and (rule.final or rule.two_person))
    return sorted(
        rule.name
        for rule in guarded
        if rule.name not in rules_after or _protected_fields(rule) != _protected_fields(rules_after[rule.name])
    )


def _protected_fields(rule: Rule) -> tuple[object, ...]:
    return (
        rule.gate, rule.when, rule.threshold, rule.audiences, rule.then, rule.if_missing, rule.mode, rule.final,
        rule.two_person,
    )  # fmt: skip
