"""A rule with its condition compiled and proved: what the gates ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from cel_expr_python import cel
from cel_expr_python.ext import ext_math

from core.verdicts import Decision, Gate
from policy.audience import RuleFact, audience_problems, threshold_bounds
from policy.cel.cel_types import CelActivation, CelEnvironment, CelProgram
from policy.cel.fast_path import FastPath, compile_fast_path
from policy.cel.monotonicity import MonotonicityViolation, label_violation, threshold_violation
from policy.cel.syntax_tree import SyntaxNode, parse_syntax_tree
from policy.cel.time_relations import (
    RELATION_FUNCTIONS,
    TimeRelation,
    function_declarations,
    relations_in,
    replace_relations,
)
from policy.evaluation_input import EvaluationInput
from policy.problems import Problem, with_caret
from policy.rule import Rule
from policy.vocabulary import THRESHOLD, Vocabulary

_CEL_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_NO_RELATION = re.compile(r"found no matching overload for '(?:within|before)'")
_INT_FOR_DOUBLE = re.compile(r"found no matching overload for .*\((?:double, int|int, double)\)'.*")
_UNKNOWN = re.compile(r"undeclared reference to '(\w+)'.*")
_TYPES = {bool: cel.Type.BOOL, int: cel.Type.INT, float: cel.Type.DOUBLE, str: cel.Type.STRING}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """The result of a rule for some evidence. `missing`: it is unknown whether its condition holds."""

    decision: Decision
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledRule:
    """A rule, the labels and facts it uses, its compiled condition, and its two answers.

    `programs` has one for each threshold that the rule or an audience names, or only one, under None; `fast_paths`
    likewise, where CEL is not needed. `strictest_condition` is the syntax of the one that is true most easily, and
    `text` what it says. `relations` are what it asks of the times of signals, at any of its thresholds.
    """

    rule: Rule
    labels: frozenset[str]
    facts: frozenset[str]
    programs: Mapping[float | None, CelProgram]
    fast_paths: Mapping[float | None, FastPath]
    strictest_condition: SyntaxNode
    text: str
    relations: frozenset[TimeRelation]
    fired_result: RuleResult
    missing_result: RuleResult

    def thresholds(self, facts: Mapping[str, RuleFact]) -> tuple[float | None, float | None]:
        """The strictest and the mildest threshold for an account of which these facts are known."""
        own = self.rule.threshold
        if own is None or not self.rule.audiences:
            return own, own
        return threshold_bounds(own, self.rule.audiences, facts)


class EvaluationContext:
    """Evidence in the forms in which conditions take it, made once for all rules; those for CEL when first asked."""

    def __init__(self, evidence: EvaluationInput, env: CelEnvironment) -> None:
        self.evidence = evidence
        self._env = env
        self._least: CelActivation | None = None
        self._most: CelActivation | None = None

    def lower(self, program: CelProgram) -> object:
        """What CEL says at the least scores: a bool, or something else where it cannot tell."""
        if self._least is None:
            self._least = self._env.Activation({**self.evidence.facts, **self.evidence.lower})
        return program.eval(self._least).value()

    def upper(self, program: CelProgram) -> object:
        """Likewise at the most."""
        if not self.evidence.unmeasured:
            return self.lower(program)
        if self._most is None:
            self._most = self._env.Activation({**self.evidence.facts, **self.evidence.upper})
        return program.eval(self._most).value()


NOT_FIRED = RuleResult(decision=Decision.ALLOW)


def cel_environment(vocabulary: Vocabulary, relations: Iterable[TimeRelation] = ()) -> CelEnvironment:
    """The CEL environment in which conditions are type-checked: labels are doubles, facts have their types.

    Relations in time are evaluated as variables, which only an environment that is made with them knows.
    """
    return _environment(_variables(vocabulary) | {one.variable: cel.Type.DOUBLE for one in relations})


def _environment(variables: Mapping[str, object]) -> CelEnvironment:
    extensions, functions = [ext_math.ExtMath()], function_declarations()
    env: CelEnvironment = cel.NewEnv(variables=variables, extensions=extensions, functions=functions)
    return env


def compile_rule(rule: Rule, vocabulary: Vocabulary, env: CelEnvironment) -> CompiledRule | list[Problem]:
    """The rule compiled, or everything that is wrong with its condition and its audiences."""
    try:
        program, root = _compiled(rule, vocabulary, env)
        if problems := [*_problems(rule, vocabulary, program, root), *_threshold_problems(rule, root)]:
            return problems
        texts = {value: _with_threshold(rule.when, root, value) for value in _thresholds(rule)}
        programs = {value: env.compile(text) for value, text in texts.items()}
        trees = {value: parse_syntax_tree(program.serialize()) for value, program in programs.items()}
        relations = frozenset[TimeRelation]().union(*(relations_in(tree, vocabulary.labels) for tree in trees.values()))
        if relations:
            env = cel_environment(vocabulary, relations)
            programs = {
                value: env.compile(replace_relations(text, trees[value], vocabulary.labels))
                for value, text in texts.items()
            }
    except RuntimeError as error:
        return list(_cel_problems(rule, vocabulary, str(error)))
    strictest = min(programs, key=lambda value: value or 0.0)
    natives = {value: compile_fast_path(tree, vocabulary.labels) for value, tree in trees.items()}
    return CompiledRule(
        rule=rule,
        labels=root.names(vocabulary.labels),
        facts=root.names(vocabulary.facts) | {name for tree in rule.audiences for name in tree.facts},
        programs=programs,
        fast_paths={value: tree for value, tree in natives.items() if tree is not None},
        strictest_condition=trees[strictest],
        text=texts[strictest],
        relations=relations,
        fired_result=RuleResult(decision=rule.then),
        missing_result=RuleResult(decision=rule.if_missing, missing=True),
    )


def evaluation_context(evidence: EvaluationInput, env: CelEnvironment) -> EvaluationContext:
    """The evidence, ready for answer()."""
    return EvaluationContext(evidence, env)


def evaluate_rule(compiled: CompiledRule, context: EvaluationContext) -> RuleResult:
    """What the rule says: `then` if its condition holds at the least scores, nothing if not even at the most.

    Likewise at the mildest threshold that may be the account's, and at the strictest. Otherwise, and where CEL cannot
    evaluate it (a fact is not known), `if_missing`.
    """
    evidence = context.evidence
    strictest = mildest = compiled.rule.threshold
    if compiled.rule.audiences:
        strictest, mildest = compiled.thresholds(evidence.facts)
    if compiled.fast_paths:
        if not compiled.fast_paths[strictest](evidence.upper):
            return NOT_FIRED
        return compiled.fired_result if compiled.fast_paths[mildest](evidence.lower) else compiled.missing_result
    least = context.lower(compiled.programs[mildest])
    if least is True:
        return compiled.fired_result
    exact = compiled.labels.isdisjoint(evidence.unmeasured) and not compiled.relations
    if least is False and strictest == mildest and exact:
        return NOT_FIRED
    if least is False and context.upper(compiled.programs[strictest]) is False:
        return NOT_FIRED
    return compiled.missing_result


def _variables(vocabulary: Vocabulary) -> dict[str, object]:
    variables = dict.fromkeys(vocabulary.labels, cel.Type.DOUBLE)
    return variables | {name: _TYPES[kind] for name, kind in vocabulary.facts.items()}


def _compiled(rule: Rule, vocabulary: Vocabulary, env: CelEnvironment) -> tuple[CelProgram, SyntaxNode]:
    """The condition with `threshold` still a name in it, where the rule has one. Raises RuntimeError, as CEL does."""
    if rule.threshold is not None:
        env = _environment(_variables(vocabulary) | {THRESHOLD: cel.Type.DOUBLE})
    program = env.compile(rule.when)
    return program, parse_syntax_tree(program.serialize())


def _thresholds(rule: Rule) -> set[float | None]:
    return {rule.threshold, *(audience.threshold for audience in rule.audiences)}


def _with_threshold(when: str, root: SyntaxNode, value: float | None) -> str:
    """The condition with a number in each place of `threshold`. Were one overlooked, it would not compile."""
    for offset in sorted(root.offsets_of(THRESHOLD), reverse=True):
        when = f"{when[:offset]}{float(value or 0.0)!r}{when[offset + len(THRESHOLD) :]}"
    return when


def _threshold_problems(rule: Rule, root: SyntaxNode) -> Iterator[Problem]:
    if rule.threshold is None:
        return
    if not root.names([THRESHOLD]):
        yield Problem(file=rule.file, line=rule.lines.get(THRESHOLD, 1), text="`when` does not use `threshold`")
    elif violation := threshold_violation(root, THRESHOLD):
        yield _violation_problem(rule, violation)
    for line, text in audience_problems(rule.threshold, rule.audiences):
        yield Problem(file=rule.file, line=line, text=text)


def _problems(rule: Rule, vocabulary: Vocabulary, program: CelProgram, root: SyntaxNode) -> Iterator[Problem]:
    if program.return_type() != cel.Type.BOOL:
        yield _at(rule, f"`when` must be true or false, not {program.return_type().name()}", 1, 1)
    elsewhere = root.names(vocabulary.labels) - vocabulary.labels_at(rule.gate)
    for label in sorted(elsewhere):
        yield _at(rule, f"'{label}' is not measured at the {rule.gate} gate", 1, 1 + max(0, rule.when.find(label)))
    if violation := label_violation(root, vocabulary.labels):
        yield _violation_problem(rule, violation)
    elif rule.gate is not Gate.VIDEO and _asks_for_times(root):
        names = " and ".join(f"`{name}`" for name in sorted(RELATION_FUNCTIONS))
        yield _at(rule, f"{names} are of seconds in a video: they are for the video gate", 1, 1)


def _asks_for_times(node: SyntaxNode) -> bool:
    return node.name in RELATION_FUNCTIONS or any(_asks_for_times(part) for part in node.parts)


def _cel_problems(rule: Rule, vocabulary: Vocabulary, error: str) -> Iterator[Problem]:
    matches = _CEL_ERROR.findall(error)
    for line, column, text in matches:
        yield _at(rule, _readable_error(text, vocabulary), int(line), int(column))
    if not matches:
        yield _at(rule, error.splitlines()[0], 1, 1)


def _readable_error(text: str, vocabulary: Vocabulary) -> str:
    unknown = _UNKNOWN.fullmatch(text)
    if unknown and unknown[1] == THRESHOLD:
        return "the condition uses `threshold`, and the rule sets none: threshold = 0.6"
    if _NO_RELATION.match(text):
        return "`within` and `before` take two comparisons and seconds with a point: `within(a >= 0.5, b >= 0.5, 2.0)`"
    if _INT_FOR_DOUBLE.fullmatch(text):
        return "a number beside a label, or a fact with a fraction, needs a point: write 20.0 for 20"
    if not unknown:
        return text.removesuffix(" [INVALID_ARGUMENT]")
    suggestions = get_close_matches(unknown[1], [*vocabulary.labels, *vocabulary.facts], n=1)
    hint = (
        f"; did you mean '{suggestions[0]}'?"
        if suggestions
        else "; rules speak only of labels and facts of the vocabulary"
    )
    return f"there is no label or fact '{unknown[1]}'{hint}"


def _violation_problem(rule: Rule, violation: MonotonicityViolation) -> Problem:
    offset, text = violation
    before = rule.when[:offset]
    return _at(rule, text, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _at(rule: Rule, text: str, line: int, column: int) -> Problem:
    line_number = rule.lines["when"] + line - 1
    return Problem(file=rule.file, line=line_number, text=with_caret(text, rule.when, line, column))
