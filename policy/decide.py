"""Decides: a pure function from signals, facts and rulings to a verdict. The gravest answer counts.

Rules combine by maximum. Therefore the order of anything does not matter and no rule can soften another;
that more evidence never makes a verdict milder is proved of each rule when the pack is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.signals import Signal
from core.verdicts import Decision, Gate, Ruling, Verdict
from policy.clause import Answer, Clause, answer, ask
from policy.evidence import weigh
from policy.pack import Policy
from policy.rule import Mode

COULD_NOT_CHECK = "We could not check everything, so a person will look at it first."
COULD_NOT_CHECK_AT_ALL = "We could not check this, and without that check it cannot go on."
A_PERSON_REFUSED = "A moderator looked at this and decided against it."
A_PERSON_HOLDS = "A moderator is looking at this."
A_PERSON_ALLOWED = "A moderator looked at this and allowed it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rulings:
    """The last ruling about each rule, and the last of all, which stands for the case as a whole."""

    over: Mapping[str, Decision]
    whole: Decision

    def lift(self, one: Clause) -> bool:
        return not one.rule.final and self.over.get(one.rule.name) is Decision.ALLOW

    def standing(self) -> dict[str, Decision]:
        return {name: decision for name, decision in self.over.items() if decision > Decision.ALLOW}


def decide(
    gate: Gate, signals: Iterable[Signal], facts: Mapping[str, object], rulings: Sequence[Ruling], policy: Policy
) -> Verdict:
    """The verdict at a gate. Pure: the same evidence gives the same verdict, in whatever order it comes.

    Only the order of rulings matters, oldest first: of those about a rule the last counts. ALLOW lifts the rules
    it names unless they are final; HOLD and REFUSE stand though no rule fires, without names until the next ruling.
    """
    evidence = ask(weigh(gate, signals, facts, policy.vocabulary), policy.env)
    ruled = _weighed(gate, rulings)
    fired = [(one, said) for one in policy.clauses[gate] if (said := answer(one, evidence)).decision > Decision.ALLOW]
    counted = {one.rule.name: (one, said) for one, said in fired if one.rule.mode is Mode.ENFORCE}
    lifted = tuple(sorted(name for name, (one, _) in counted.items() if ruled.lift(one)))
    kept = {name: found for name, found in counted.items() if name not in lifted}
    said_by_people = [*ruled.standing().values(), ruled.whole]
    unasked = [] if policy.clauses[gate] else [Decision.HOLD]  # a gate at which nothing is asked lets nothing through
    decision = max([said.decision for _, said in kept.values()] + said_by_people + unasked)
    return Verdict(
        gate=gate,
        decision=decision,
        rules=tuple(sorted(kept.keys() | ruled.standing().keys())),
        shadow=tuple(sorted(one.rule.name for one, _ in fired if one.rule.mode is Mode.SHADOW)),
        missing=tuple(sorted(name for name, (_, said) in kept.items() if said.missing)),
        lifted=lifted,
        policy=policy.digest,
        reason=_reason(decision, kept, said_by_people, lifted),
    )


def _weighed(gate: Gate, rulings: Sequence[Ruling]) -> _Rulings:
    over: dict[str, Decision] = {}
    whole = Decision.ALLOW
    for ruling in rulings:
        if ruling.gate is gate:
            whole = ruling.decision
            over.update(dict.fromkeys(ruling.over, ruling.decision))
    return _Rulings(over=over, whole=whole)


def _reason(
    decision: Decision,
    kept: Mapping[str, tuple[Clause, Answer]],
    said_by_people: Sequence[Decision],
    lifted: tuple[str, ...],
) -> str:
    """The reasons of the gravest, each once: what was found, then what could not be checked, then people."""
    if decision is Decision.ALLOW:
        return A_PERSON_ALLOWED if lifted else ""
    refused = decision is Decision.REFUSE
    gravest = [(one.rule, said) for _, (one, said) in sorted(kept.items()) if said.decision is decision]
    found = [rule.reason for rule, said in gravest if not said.missing]
    missing = any(said.missing for _, said in gravest) or not (gravest or decision in said_by_people)
    unchecked = [COULD_NOT_CHECK_AT_ALL if refused else COULD_NOT_CHECK] * missing
    people = [A_PERSON_REFUSED if refused else A_PERSON_HOLDS] * (decision in said_by_people)
    return " ".join(dict.fromkeys([*found, *unchecked, *people]))
