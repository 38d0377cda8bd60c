"""Reports errors and oddities of a pack to the authors of rules.

A rule that never fires, or always, is an error and no warning: no example could show it doing the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.verdicts import Gate
from policy.lint.redundancy import redundant_rules, unreachable_comparisons
from policy.pack import Policy, try_load
from policy.problems import Problem
from policy.profile import PolicyProfile
from policy.rule import Mode, Rule
from policy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class UncoveredLabel:
    """A label that no enforced rule at a gate reads: the rules that would, and what happens instead of measuring it."""

    gate: str
    label: str
    rules: tuple[str, ...]
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackReport:
    """Errors keep a pack from being loaded; warnings do not. `digest` is empty where there are errors."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    rules: int
    digest: str
    uncovered: tuple[UncoveredLabel, ...] = ()


def check_pack(folder: Path, vocabulary: Vocabulary, profile: PolicyProfile | None = None) -> PackReport:
    """What is wrong with a pack, all of it. Raises PolicyError if there is no such folder."""
    policy, errors = try_load(folder, vocabulary, profile)
    if policy is None:
        return PackReport(errors=errors, warnings=(), rules=0, digest="")
    gaps = tuple(sorted(uncovered_labels(policy, profile)))
    warnings = {
        *_of_rules(policy),
        *_of_labels(policy, profile),
        *redundant_rules(policy),
        *unreachable_comparisons(policy),
    }
    if profile:
        warnings |= set(_of_profile(profile, gaps))
    return PackReport(
        errors=(), warnings=tuple(sorted(warnings)), rules=len(policy.rules), digest=policy.digest, uncovered=gaps
    )


def uncovered_labels(policy: Policy, profile: PolicyProfile | None) -> Iterator[UncoveredLabel]:
    """Labels that no enforced rule reads at a gate at which they are measured."""
    for gate in Gate:
        for label, rules in _rules_by_label(policy, gate).items():
            if not any(rule.mode is Mode.ENFORCE for rule in rules):
                names = tuple(sorted(rule.name for rule in rules))
                instead = profile.instead.get(label, "") if profile else ""
                yield UncoveredLabel(gate=gate.value, label=label, rules=names, instead=instead)


def _of_rules(policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        if rule.mode is Mode.OFF:
            yield Problem(file=rule.file, line=rule.lines.get("mode", 1), text="switched off: nobody asks this rule")


def _of_labels(policy: Policy, profile: PolicyProfile | None) -> Iterator[Problem]:
    for label in uncovered_labels(policy, None):
        if profile and label.label in profile.instead:
            continue  # explained in words by the profile
        if not label.rules:
            yield _pack(f"no rule at the {label.gate} gate uses the label '{label.label}'")
        else:
            yield _pack(f"only shadow rules at the {label.gate} gate use the label '{label.label}'")


def _of_profile(profile: PolicyProfile, gaps: Iterable[UncoveredLabel]) -> Iterator[Problem]:
    missing = {gap.label for gap in gaps}
    for label in sorted(profile.instead.keys() - missing):
        text = f"the profile says that '{label}' is not covered, and enforced rules read it"
        yield Problem(file=f"{profile.name}.toml", line=profile.line(label), text=text)


def _rules_by_label(policy: Policy, gate: Gate) -> dict[str, list[Rule]]:
    by_label: dict[str, list[Rule]] = {label: [] for label in sorted(policy.vocabulary.labels_at(gate))}
    for compiled in policy.compiled_rules[gate]:
        for label in compiled.labels:
            by_label[label].append(compiled.rule)
    return by_label


def _pack(text: str) -> Problem:
    return Problem(file="(pack)", line=0, text=text)
