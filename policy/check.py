"""Says what is wrong with a pack and what is odd about it, for whoever writes rules.

A rule that never fires, or always, is an error and no warning: no example could show it doing the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.verdicts import Gate
from policy.pack import Policy, inspect
from policy.problems import Problem
from policy.profile import Profile
from policy.rule import Mode, Rule
from policy.shadowed import shadowed, unreachable
from policy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Uncovered:
    """A label that no enforced rule at a gate reads: the rules that would, and what happens instead of measuring it."""

    gate: str
    label: str
    rules: tuple[str, ...]
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Errors keep a pack from being loaded; warnings do not. `digest` is empty where there are errors."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    rules: int
    digest: str
    uncovered: tuple[Uncovered, ...] = ()


def check(folder: Path, vocabulary: Vocabulary, profile: Profile | None = None) -> Report:
    """What is wrong with a pack, all of it. Raises PolicyError if there is no such folder."""
    policy, errors = inspect(folder, vocabulary, profile)
    if policy is None:
        return Report(errors=errors, warnings=(), rules=0, digest="")
    gaps = tuple(sorted(uncovered(policy, profile)))
    warnings = {*_of_rules(policy), *_of_labels(policy, profile), *shadowed(policy), *unreachable(policy)}
    if profile:
        warnings |= set(_of_profile(profile, gaps))
    return Report(
        errors=(), warnings=tuple(sorted(warnings)), rules=len(policy.rules), digest=policy.digest, uncovered=gaps
    )


def uncovered(policy: Policy, profile: Profile | None) -> Iterator[Uncovered]:
    """Labels that no enforced rule reads at a gate at which they are measured."""
    for gate in Gate:
        for label, rules in _readers(policy, gate).items():
            if not any(rule.mode is Mode.ENFORCE for rule in rules):
                names = tuple(sorted(rule.name for rule in rules))
                instead = profile.instead.get(label, "") if profile else ""
                yield Uncovered(gate=gate.value, label=label, rules=names, instead=instead)


def _of_rules(policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        if rule.mode is Mode.OFF:
            yield Problem(file=rule.file, line=rule.lines.get("mode", 1), text="switched off: nobody asks this rule")


def _of_labels(policy: Policy, profile: Profile | None) -> Iterator[Problem]:
    for one in uncovered(policy, None):
        if profile and one.label in profile.instead:
            continue  # told in words by the profile
        if not one.rules:
            yield _pack(f"no rule at the {one.gate} gate speaks of the label '{one.label}'")
        else:
            yield _pack(f"only shadow rules at the {one.gate} gate speak of the label '{one.label}'")


def _of_profile(profile: Profile, gaps: Iterable[Uncovered]) -> Iterator[Problem]:
    missing = {one.label for one in gaps}
    for label in sorted(profile.instead.keys() - missing):
        text = f"the profile says that '{label}' is not covered, and enforced rules read it"
        yield Problem(file=f"{profile.name}.toml", line=profile.line(label), text=text)


def _readers(policy: Policy, gate: Gate) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {label: [] for label in sorted(policy.vocabulary.labels_at(gate))}
    for one in policy.clauses[gate]:
        for label in one.labels:
            found[label].append(one.rule)
    return found


def _pack(text: str) -> Problem:
    return Problem(file="(pack)", line=0, text=text)
