"""Why a verdict is what it is: for each rule that counted, what it found, in which words, and what to say of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.signals import Signal
from core.verdicts import Verdict
from policy.decide import A_PERSON_REFUSED, COULD_NOT_CHECK
from policy.pack import Policy

_SPAN_SHARE = 0.5  # a signal at least half as strong as the strongest of its label names its words too


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A rule that counted. `category` is the label it found most of, `spans` are characters, half-open and in order.

    `missing`: it counted because something could not be measured. `dsa` is the statement category of the EU's DSA
    Transparency Database.
    """

    rule: str
    category: str
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    dsa: str = ""
    missing: bool = False


def reasons(verdict: Verdict, signals: Iterable[Signal], policy: Policy) -> tuple[Reason, ...]:
    """One reason for each rule of the verdict, in their order. Pure."""
    measured = list(signals)
    rules = {compiled.rule.name: compiled for compiled in policy.compiled_rules[verdict.gate]}
    lines = []
    for name in verdict.rules:
        if name not in rules:
            lines.append(Reason(rule=name, category="", text=A_PERSON_REFUSED))
            continue
        compiled, missing = rules[name], name in verdict.missing
        own_signals = [s for s in measured if s.label in compiled.labels and s.score is not None]
        strongest = max(own_signals, key=lambda s: (s.score or 0.0, s.label), default=None)
        lines.append(
            Reason(
                rule=name,
                category=strongest.label if strongest and not missing else ", ".join(sorted(compiled.labels)),
                text=COULD_NOT_CHECK if missing else compiled.rule.reason,
                spans=() if missing else _spans(own_signals),
                dsa=compiled.rule.dsa_category,
                missing=missing,
            )
        )
    return tuple(lines)


def _spans(signals: Sequence[Signal]) -> tuple[tuple[int, int], ...]:
    """The words of the prompt at which the telling signals point; of a place inside another only the narrower."""
    highest: dict[str, float] = {}
    for one in signals:
        highest[one.label] = max(highest.get(one.label, 0.0), one.score or 0.0)
    places = {
        (int(one.at.start), int(one.at.end))
        for one in signals
        if one.at
        and not one.field
        and one.at.unit == "chars"
        and one.score
        and one.score >= max(0.3, _SPAN_SHARE * highest[one.label])
    }
    return tuple(
        sorted(
            place
            for place in places
            if not any(other != place and place[0] <= other[0] and other[1] <= place[1] for other in places)
        )
    )
