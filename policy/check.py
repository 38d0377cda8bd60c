"""Says what is wrong with a pack and what is odd about it, for whoever writes rules.

A rule that never fires, or always, is an error and no warning: no example could show it doing the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.verdicts import Gate
from policy.pack import Policy, inspect
from policy.problems import Problem
from policy.rule import Mode
from policy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Errors keep a pack from being loaded; warnings do not. `digest` is empty where there are errors."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    rules: int
    digest: str


def check(folder: Path, vocabulary: Vocabulary) -> Report:
    """What is wrong with a pack, all of it. Raises PolicyError if there is no such folder."""
    policy, errors = inspect(folder, vocabulary)
    if policy is None:
        return Report(errors=errors, warnings=(), rules=0, digest="")
    warnings = tuple(sorted([*_of_rules(policy), *_of_labels(policy)]))
    return Report(errors=(), warnings=warnings, rules=len(policy.rules), digest=policy.digest)


def _of_rules(policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        if rule.mode is Mode.OFF:
            yield Problem(file=rule.file, line=rule.lines.get("mode", 1), text="switched off: nobody asks this rule")


def _of_labels(policy: Policy) -> Iterator[Problem]:
    for gate in Gate:
        modes: dict[str, set[Mode]] = {label: set() for label in policy.vocabulary.labels_at(gate)}
        for one in policy.clauses[gate]:
            for label in one.labels:
                modes[label].add(one.rule.mode)
        for label, found in sorted(modes.items()):
            if not found:
                yield _pack(f"no rule at the {gate} gate speaks of the label '{label}'")
            elif Mode.ENFORCE not in found:
                yield _pack(f"only shadow rules at the {gate} gate speak of the label '{label}'")


def _pack(text: str) -> Problem:
    return Problem(file="(pack)", line=0, text=text)
