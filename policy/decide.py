"""Decides: a pure function from signals, facts and rulings to a verdict. The gravest answer counts.

Rules combine by maximum. Therefore the order of anything does not matter and no rule can soften another;
that more evidence never makes a verdict milder is proved of each rule when the pack is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from core.signals import Signal
from core.verdicts import Decision, Gate, Ruling, Verdict
from policy.cel.compiled_rule import NOT_FIRED, CompiledRule, RuleResult, evaluate_rule, evaluation_context
from policy.evaluation_input import build_input
from policy.pack import Policy
from policy.reviews import collect_reviews
from policy.rule import Mode
from policy.vocabulary import SUBJECTS_BY_GATE

CUT_OFF = "cut_off"  # the note of a signal that was not measured, since what was measured before refuses the case
COULD_NOT_CHECK = "We could not check everything, so a person will look at it first."
COULD_NOT_CHECK_AT_ALL = "We could not check this, and without that check it cannot go on."
A_PERSON_REFUSED = "A moderator looked at this and decided against it."
A_PERSON_HOLDS = "A moderator is looking at this."
A_SECOND_PERSON = "One moderator has allowed it; a second one has to agree."
A_PERSON_ALLOWED = "A moderator looked at this and allowed it."


def decide(
    gate: Gate, signals: Iterable[Signal], facts: Mapping[str, object], rulings: Sequence[Ruling], policy: Policy
) -> Verdict:
    """The verdict at a gate. Pure: the same evidence gives the same verdict, in any order.

    Only the order of rulings matters, oldest first: of those about a rule the last counts. ALLOW lifts the rules
    it names unless they are final, and those for two persons once a second moderator allows them too; HOLD and REFUSE
    stand though no rule fires, without names until the next ruling.
    """
    signals = tuple(signals)
    weight = build_input(gate, signals, facts, policy.vocabulary, policy.relations[gate])
    evidence = evaluation_context(weight, policy.env)
    candidates = policy.index[gate].candidates(weight.upper)
    answers = [(rule, evaluate_rule(rule, evidence)) for rule in candidates]
    fired = [(rule, result) for rule, result in answers if result is not NOT_FIRED and result.decision > Decision.ALLOW]
    counted = {rule.rule.name: (rule, result) for rule, result in fired if rule.rule.mode is Mode.ENFORCE}
    ruled = collect_reviews(gate, rulings, final=policy.final, two_person=policy.two_person)
    standing = ruled.standing_objections()
    lifted = tuple(sorted(name for name in counted if ruled.is_lifted(name)))
    counting = {name: entry for name, entry in counted.items() if name not in lifted}
    counting |= {
        name: (rule, _waiting(result))
        for name, (rule, result) in counting.items()
        if ruled.awaits_second_moderator(name)
    }
    counting = _without_cut_off(counting, signals)
    rules = tuple(sorted(counting.keys() | standing.keys()))
    awaiting = tuple(name for name in rules if ruled.awaits_second_moderator(name))
    said_by_people = [*standing.values(), ruled.overall]
    unasked = (
        [] if policy.compiled_rules[gate] else [Decision.HOLD]
    )  # a gate at which nothing is asked lets nothing through
    decision = max([result.decision for _, result in counting.values()] + said_by_people + unasked)
    return Verdict(
        gate=gate,
        decision=decision,
        rules=rules,
        shadow=tuple(sorted(rule.rule.name for rule, _ in fired if rule.rule.mode is Mode.SHADOW)),
        missing=tuple(sorted(name for name, (_, result) in counting.items() if result.missing)),
        lifted=lifted,
        policy=policy.digest,
        reason=_reason(decision, counting, said_by_people, lifted, awaiting),
        final=tuple(name for name in rules if name in policy.final),
        two_person=tuple(name for name in rules if name in policy.two_person),
        awaiting=awaiting,
        sources=tuple(sorted({signal.source for signal in signals if signal.subject in SUBJECTS_BY_GATE[gate]})),
    )


def refuses_for_good(gate: Gate, signals: Iterable[Signal], policy: Policy) -> bool:
    """Whether these signals alone refuse, whatever facts, rulings and signals there will be besides.

    So it is where an enforced rule over labels only, that no ruling lifts, fires by what was measured: its condition
    only rises with scores, so that nothing that is measured later makes it less true.
    """
    evidence = build_input(gate, signals, {}, policy.vocabulary, policy.relations[gate])
    context = evaluation_context(evidence, policy.env)
    return any(
        evaluate_rule(one, context) is one.fired_result
        for one in policy.index[gate].candidates(evidence.upper)
        if _is_final_refusal(one)
    )


def _is_final_refusal(one: CompiledRule) -> bool:
    rule = one.rule
    return rule.mode is Mode.ENFORCE and rule.final and rule.then is Decision.REFUSE and not one.facts


def _without_cut_off(
    counting: Mapping[str, tuple[CompiledRule, RuleResult]], signals: Iterable[Signal]
) -> dict[str, tuple[CompiledRule, RuleResult]]:
    """What counts, without rules that only lack what nobody measured because the case was refused for good before."""
    if not any(_is_final_refusal(rule) and not result.missing for rule, result in counting.values()):
        return dict(counting)
    cut_off = {signal.label for signal in signals if signal.note == CUT_OFF and signal.score is None}
    return {
        name: (rule, result)
        for name, (rule, result) in counting.items()
        if not (result.missing and rule.labels & cut_off)
    }


def _waiting(result: RuleResult) -> RuleResult:
    """The result of a rule whose refusal one moderator has lifted: it waits for the second."""
    return replace(result, decision=Decision.HOLD)


def _reason(
    decision: Decision,
    counting: Mapping[str, tuple[CompiledRule, RuleResult]],
    said_by_people: Sequence[Decision],
    lifted: tuple[str, ...],
    awaiting: tuple[str, ...],
) -> str:
    """The reasons of the gravest, each once: what was found, then what could not be checked, then people."""
    if decision is Decision.ALLOW:
        return A_PERSON_ALLOWED if lifted else ""
    refused = decision is Decision.REFUSE
    deciding = [(item.rule, result) for _, (item, result) in sorted(counting.items()) if result.decision is decision]
    reasons = [rule.reason for rule, result in deciding if not result.missing]
    missing = any(result.missing for _, result in deciding) or not (deciding or decision in said_by_people)
    unchecked = [COULD_NOT_CHECK_AT_ALL if refused else COULD_NOT_CHECK] * missing
    people = [A_PERSON_REFUSED if refused else A_PERSON_HOLDS] * (decision in said_by_people)
    second = [A_SECOND_PERSON] * bool(awaiting and not refused)
    return " ".join(dict.fromkeys([*reasons, *unchecked, *people, *second]))
