"""Accounts for which a rule has another threshold, as data: facts about the account, and the threshold for it.

Of several that apply the strictest counts, and where a fact is not known the strictest that might apply. A threshold
that is above the rule's own is milder: the file has to say so, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policy.vocabulary import FACTS

RuleFact = bool | int | float | str

# The facts by which an audience may be named: about the account, and none that a person can change with a prompt.
AUDIENCE_FACTS: Mapping[str, type] = {name: FACTS[name] for name in ("account_minor", "audience", "region", "tier")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Accounts of which all these facts hold, and the threshold for them. `line` is its line in the file."""

    facts: Mapping[str, RuleFact]
    threshold: float
    milder: bool
    why: str
    line: int

    def is_subset_of(self, other: Audience) -> bool:
        """Whether everyone here is also of the other audience."""
        return other.facts.items() <= self.facts.items()

    def __str__(self) -> str:
        return ", ".join(f"{name} = {str(value).lower()}" for name, value in sorted(self.facts.items()))


def threshold_bounds(own: float, audiences: Iterable[Audience], facts: Mapping[str, RuleFact]) -> tuple[float, float]:
    """The strictest and the mildest threshold that may apply to an account of which these facts are known."""
    strict_now: list[float] = []
    strict_perhaps: list[float] = []
    mild_now: list[float] = []
    mild_perhaps: list[float] = []
    for audience in audiences:
        if any(name in facts and facts[name] != value for name, value in audience.facts.items()):
            continue
        certain = audience.facts.keys() <= facts.keys()
        if audience.milder:
            (mild_now if certain else mild_perhaps).append(audience.threshold)
        else:
            (strict_now if certain else strict_perhaps).append(audience.threshold)
    strictest = min(mild_now + mild_perhaps) if mild_now else own
    mildest = min(mild_now) if mild_now else max([own, *mild_perhaps])
    return min([strictest, *strict_now, *strict_perhaps]), min([mildest, *strict_now])


def audience_problems(own: float, audiences: Iterable[Audience]) -> Iterator[tuple[int, str]]:
    """What is wrong with a rule's audiences, with lines: thresholds that are milder unsaid, or that never count."""
    several = list(audiences)
    for audience in several:
        if audience.milder and audience.threshold <= own:
            yield (
                audience.line,
                f"`milder` is set for {audience}, whose threshold {audience.threshold:g} is not above {own:g}",
            )
        if audience.milder and not audience.why.strip():
            yield audience.line, f"a milder threshold for {audience} needs a `why`"
        if not audience.milder and audience.threshold > own:
            text = f"the threshold {audience.threshold:g} for {audience} is milder than the rule's own {own:g}"
            yield audience.line, f"{text}: if that is meant, say `milder = true` and `why`"
        if not audience.milder and audience.threshold == own:
            yield audience.line, f"the threshold for {audience} is the rule's own: it never counts"
    yield from _never_counting(several)


def _never_counting(several: list[Audience]) -> Iterator[tuple[int, str]]:
    for number, audience in enumerate(several):
        for before, earlier in enumerate(several):
            is_covered = earlier.is_subset_of(audience) and earlier.threshold == audience.threshold
            if number == before or (is_covered and before > number):
                continue
            if audience.is_subset_of(earlier) and earlier.threshold <= audience.threshold:
                text = f"the threshold {audience.threshold:g} for {audience} never counts"
                yield audience.line, f"{text}: {earlier} has {earlier.threshold:g}, and the stricter one counts"
                break
