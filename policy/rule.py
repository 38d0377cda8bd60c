"""A rule as it is in its file: data that a policy person can read, diff and argue with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.verdicts import Decision, Gate
from policy.audience import Audience, RuleFact

# Statement categories of the EU's DSA Transparency Database, schema 2 (July 2025), without their common prefix.
DSA_CATEGORIES = frozenset(
    {
        "ANIMAL_WELFARE",
        "CONSUMER_INFORMATION",
        "CYBER_VIOLENCE",
        "CYBER_VIOLENCE_AGAINST_WOMEN",
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "ILLEGAL_OR_HARMFUL_SPEECH",
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "NOT_SPECIFIED_NOTICE",
        "OTHER_VIOLATION_TC",
        "PROTECTION_OF_MINORS",
        "RISK_FOR_PUBLIC_SECURITY",
        "SCAMS_AND_FRAUD",
        "SELF_HARM",
        "UNSAFE_AND_PROHIBITED_PRODUCTS",
        "VIOLENCE",
    }
)


class Mode(StrEnum):
    """Whether a rule counts, is only listed, or is not asked at all."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExample:
    """What a rule alone gives for these scores and facts. What is absent could not be measured.

    `at`: from when to when a label is found, in seconds. Without it, it may be anywhere.
    """

    scores: Mapping[str, float]
    facts: Mapping[str, RuleFact]
    gives: Decision
    line: int
    at: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `when` is a CEL expression over labels and facts; `lines` has the line of each key in its file.

    `threshold` is the value of `threshold` in the condition, except for `audiences` that have one of their own.
    `final`: no ruling lifts it. `two_person`: two moderators have to allow it before it is lifted. `why` explains an
    `if_missing` of allow. `reason` is in the words of the person concerned. `dsa_category` is one of DSA_CATEGORIES.
    """

    name: str
    file: str
    gate: Gate
    when: str
    then: Decision
    if_missing: Decision
    mode: Mode
    final: bool
    two_person: bool = False
    threshold: float | None = None
    audiences: tuple[Audience, ...] = ()
    reason: str
    why: str
    dsa_category: str
    owner: str
    version: int
    examples: tuple[RuleExample, ...]
    lines: Mapping[str, int]


def rules_digest(rules: Iterable[Rule]) -> str:
    """SHA-256, in hex, of all that bears on a verdict. Order, comments, owners and examples do not."""
    canonical = [_canonical(rule) for rule in sorted(rules, key=lambda rule: rule.name)]
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(rule: Rule) -> dict[str, object]:
    return {
        "name": rule.name,
        "gate": rule.gate.value,
        "when": rule.when,
        "then": rule.then.name,
        "if_missing": rule.if_missing.name,
        "mode": rule.mode.value,
        "final": rule.final,
        "two_person": rule.two_person,
        "threshold": rule.threshold,
        "audiences": sorted(([sorted(a.facts.items()), a.threshold, a.milder] for a in rule.audiences), key=str),
        "reason": rule.reason,
        "dsa_category": rule.dsa_category,
        "version": rule.version,
    }
