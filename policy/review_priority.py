"""How grave it is what a rule holds, and by when a person has to look: data of the policy, for rules of others too."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from policy.rule import Rule

PRIORITIES_FILE = Path(__file__).parent / "review_priorities.toml"
STANDARD_CLOCK = "standard"
APPEAL_CLOCK = "appeal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPriority:
    """`severity` from 1 to 5; `clock` is one of the names of `review_clocks`."""

    severity: int = 2
    clock: str = STANDARD_CLOCK


def review_clocks() -> Mapping[str, float]:
    """How many hours a held case may wait for a person, by the name of the clock."""
    return {name: float(hours) for name, hours in _content()["clocks"].items()}


def review_priorities(rules: Iterable[Rule]) -> Mapping[str, ReviewPriority]:
    """The priority of each rule: by its name, or else by its DSA category."""
    return {rule.name: _priority(rule.name, rule.dsa_category) for rule in rules}


def _priority(name: str, category: str) -> ReviewPriority:
    content = _content()
    for line in content["rules"]:
        if any(fnmatchcase(name, pattern) for pattern in line["names"]):
            return _read(line)
    return _read(content["categories"].get(category, {}))


def _read(line: Mapping[str, object]) -> ReviewPriority:
    return ReviewPriority(severity=int(str(line.get("severity", 2))), clock=str(line.get("clock", STANDARD_CLOCK)))


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads(PRIORITIES_FILE.read_text("utf-8"))
