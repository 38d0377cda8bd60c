"""Rules that one person may not overrule, and which of them another policy would weaken or bring in."""

from __future__ import annotations

from policy.pack import Policy
from policy.rule import Mode, Rule


def weakened_rules(before: Policy, after: Policy) -> list[str]:
    """Names of enforced rules that are final or for two persons, and that the other policy lacks or holds otherwise.

    Those too that only the other policy has: a rule that no single person may lift is made by no single one. Whether
    another condition is milder cannot be derived from its text, so any change counts but that of words: of the reason,
    the owner, the examples, the version.
    """
    rules_before, rules_after = ({rule.name: rule for rule in policy.rules} for policy in (before, after))
    guarded = {rule.name for rule in before.rules if _is_guarded(rule)}
    guarded |= {rule.name for rule in after.rules if _is_guarded(rule) and rule.name not in rules_before}
    return sorted(
        name
        for name in guarded
        if name not in rules_before
        or name not in rules_after
        or _protected_fields(rules_before[name]) != _protected_fields(rules_after[name])
    )


def _is_guarded(rule: Rule) -> bool:
    return rule.mode is Mode.ENFORCE and (rule.final or rule.two_person)


def _protected_fields(rule: Rule) -> tuple[object, ...]:
    return (
        rule.gate, rule.when, rule.threshold, rule.audiences, rule.then, rule.if_missing, rule.mode, rule.final,
        rule.two_person,
    )  # fmt: skip
