"""A pack is a folder of rules. Loading it proves what every verdict relies on, or says everything that is wrong.

Proved of each rule: its condition is well typed, uses only what is measured at its gate, keeps true when
scores rise, and answers its own examples. Proved of each gate: with nothing measured it does not allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import PolicyError
from core.verdicts import Decision, Gate
from policy.cel.cel_types import CelEnvironment
from policy.cel.compiled_rule import (
    CompiledRule,
    RuleResult,
    cel_environment,
    compile_rule,
    evaluate_rule,
    evaluation_context,
)
from policy.cel.rule_index import RuleIndex, build_index
from policy.cel.time_relations import TimeRelation
from policy.evaluation_input import EvaluationInput, fits_fact_type, hypothetical_input
from policy.problems import Problem
from policy.profile import PolicyProfile, apply_profile, profile_problems
from policy.rule import Mode, Rule, RuleExample, rules_digest
from policy.rule_files import read_rules
from policy.vocabulary import Vocabulary

DEFAULT_PACK = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """Rules that were proved. `rules_digest` names them in every verdict; `compiled_rules` leaves out those that are
    off.

    `index` finds those of a gate that can have something to say; `relations` is what they ask of the times of signals.
    """

    rules: tuple[Rule, ...]
    digest: str
    vocabulary: Vocabulary
    compiled_rules: Mapping[Gate, tuple[CompiledRule, ...]]
    index: Mapping[Gate, RuleIndex]
    final: frozenset[str]
    two_person: frozenset[str]
    env: CelEnvironment
    relations: Mapping[Gate, frozenset[TimeRelation]]


def load(folder: Path, vocabulary: Vocabulary, profile: PolicyProfile | None = None) -> Policy:
    """The policy in a folder. Raises PolicyError that names file and line of all that is wrong with it."""
    policy, problems = try_load(folder, vocabulary, profile)
    if policy is None:
        raise PolicyError("\n".join(str(problem) for problem in problems))
    return policy


def try_load(
    folder: Path, vocabulary: Vocabulary, profile: PolicyProfile | None = None
) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy in a folder, or None and what is wrong with it. Raises PolicyError if there is no such folder."""
    read, unread = read_rules(folder)
    rules = apply_profile(read, profile)
    env = cel_environment(vocabulary)
    compiled = [compile_rule(rule, vocabulary, env) for rule in rules]
    clauses = [clause for clause in compiled if isinstance(clause, CompiledRule)]
    env = cel_environment(vocabulary, frozenset[TimeRelation]().union(*(clause.relations for clause in clauses)))
    problems = [*unread, *(profile_problems(rules, profile, vocabulary) if profile else ())]
    problems += [*(problem for clause in compiled if not isinstance(clause, CompiledRule) for problem in clause)]
    problems += [problem for clause in clauses for problem in _example_problems(clause, vocabulary, env)]
    problems += [] if problems else list(_open_gates(clauses, vocabulary))
    if problems:
        return None, tuple(sorted(problems))
    active_rules = [clause for clause in clauses if clause.rule.mode is not Mode.OFF]
    by_gate = {gate: tuple(clause for clause in active_rules if clause.rule.gate is gate) for gate in Gate}
    indexed = {gate: build_index(clauses, vocabulary.labels) for gate, clauses in by_gate.items()}
    policy = Policy(
        rules=rules,
        digest=rules_digest(rules),
        vocabulary=vocabulary,
        compiled_rules=by_gate,
        index=indexed,
        final=frozenset(rule.name for rule in rules if rule.final),
        two_person=frozenset(rule.name for rule in rules if rule.two_person),
        env=env,
        relations={
            gate: frozenset[TimeRelation]().union(*(clause.relations for clause in clauses))
            for gate, clauses in by_gate.items()
        },
    )
    return policy, ()


def _open_gates(clauses: Iterable[CompiledRule], vocabulary: Vocabulary) -> Iterator[Problem]:
    """Gates that might allow when nothing is measured, whatever the facts: those no rule over labels alone guards.

    A gate at which nothing can be measured is none.
    """
    guarded = {compiled.rule.gate for compiled in clauses if _guards(compiled)}
    for gate in Gate:
        if gate not in guarded and vocabulary.labels_at(gate):
            text = f"nothing guards the {gate} gate: it needs an enforced rule over labels alone that holds if missing"
            yield Problem(file="(pack)", line=0, text=text)


def _guards(compiled: CompiledRule) -> bool:
    rule = compiled.rule
    return (
        rule.mode is Mode.ENFORCE
        and rule.if_missing > Decision.ALLOW
        and bool(compiled.labels)
        and not compiled.strictest_condition.names(compiled.facts)
    )


def _example_problems(one: CompiledRule, vocabulary: Vocabulary, env: CelEnvironment) -> Iterator[Problem]:
    measured = set()
    for example in one.rule.examples:
        if words := _example_mismatch(example, one, vocabulary):
            yield Problem(file=one.rule.file, line=example.line, text=words)
            continue
        found = evaluate_rule(one, evaluation_context(example_input(example, one), env))
        if not found.missing:
            measured.add(found.decision)
        if found.decision is not example.gives:
            words = f"this example is to give {example.gives.name.lower()}, and the rule gives {_result_text(found)}"
            yield Problem(file=one.rule.file, line=example.line, text=words)
    yield from _audience_problems(one)
    for needed in sorted({one.rule.then, Decision.ALLOW} - measured):
        words = f"no example with all that it needs gives {needed.name.lower()}: add one"
        yield Problem(file=one.rule.file, line=one.rule.lines.get("examples", 1), text=words)


def example_input(example: RuleExample, one: CompiledRule) -> EvaluationInput:
    """The evidence of an example of this rule."""
    return hypothetical_input(example.scores, example.facts, one.labels, example.at, one.relations)


def _audience_problems(one: CompiledRule) -> Iterator[Problem]:
    for audience in one.rule.audiences:
        fitting = [example for example in one.rule.examples if audience.facts.items() <= example.facts.items()]
        if not any(example.gives is one.rule.then for example in fitting):
            words = f"no example of the audience {audience} gives {one.rule.then.name.lower()}: add one"
            yield Problem(file=one.rule.file, line=audience.line, text=words)


def _example_mismatch(example: RuleExample, one: CompiledRule, vocabulary: Vocabulary) -> str:
    for label in sorted(example.scores.keys() - one.labels):
        return f"this example scores '{label}', of which the rule does not speak"
    for label in sorted(example.at.keys() - example.scores.keys()):
        return f"this example says when '{label}' is found, and not with what score"
    for name, value in sorted(example.facts.items()):
        if name not in one.facts:
            return f"this example states '{name}', of which the rule does not speak"
        if not fits_fact_type(value, vocabulary.facts[name]):
            return f"the fact '{name}' is of type {vocabulary.facts[name].__name__}"
    return ""


def _result_text(result: RuleResult) -> str:
    return result.decision.name.lower() + (" because something it needs is not given" if result.missing else "")
