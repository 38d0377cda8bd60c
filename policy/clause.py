"""A rule with its condition compiled and proved: what the gates ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math

from core.verdicts import Decision
from policy.evidence import Evidence
from policy.monotone import objection
from policy.problems import Problem, pointed
from policy.rule import Rule
from policy.syntax import Node, tree
from policy.vocabulary import Vocabulary

_CEL_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNKNOWN = re.compile(r"undeclared reference to '(\w+)'.*")
_TYPES = {bool: cel.Type.BOOL, int: cel.Type.INT, float: cel.Type.DOUBLE, str: cel.Type.STRING}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clause:
    """A rule, the labels and facts it speaks of, and its compiled condition."""

    rule: Rule
    labels: frozenset[str]
    facts: frozenset[str]
    program: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a rule says to some evidence. `missing`: it could not be told whether its condition holds."""

    decision: Decision
    missing: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """Evidence in the form in which CEL takes it, made once for all rules."""

    least: Any
    most: Any
    gaps: frozenset[str]


QUIET = Answer(decision=Decision.ALLOW)


def environment(vocabulary: Vocabulary) -> Any:
    """The CEL environment in which conditions are type-checked: labels are doubles, facts have their types."""
    variables = dict.fromkeys(vocabulary.labels, cel.Type.DOUBLE)
    variables |= {name: _TYPES[kind] for name, kind in vocabulary.facts.items()}
    return cel.NewEnv(variables=variables, extensions=[ext_math.ExtMath()])


def clause(rule: Rule, vocabulary: Vocabulary, env: Any) -> Clause | list[Problem]:
    """The rule compiled, or everything that is wrong with its condition."""
    try:
        program = env.compile(rule.when)
    except RuntimeError as error:
        return list(_cel_problems(rule, vocabulary, str(error)))
    root = tree(program.serialize())
    if problems := list(_problems(rule, vocabulary, program, root)):
        return problems
    return Clause(rule=rule, labels=root.names(vocabulary.labels), facts=root.names(vocabulary.facts), program=program)


def ask(evidence: Evidence, env: Any) -> Ask:
    """The evidence, ready for answer()."""
    least = env.Activation({**evidence.facts, **evidence.least})
    most = env.Activation({**evidence.facts, **evidence.most}) if evidence.gaps else least
    return Ask(least, most, evidence.gaps)


def answer(asked: Clause, evidence: Ask) -> Answer:
    """What the rule says: `then` if its condition holds at the least scores, nothing if not even at the most.

    Otherwise, and where CEL cannot evaluate it (a fact is not known), `if_missing`.
    """
    least = asked.program.eval(evidence.least).value()
    if least is True:
        return Answer(decision=asked.rule.then)
    if least is False and asked.labels.isdisjoint(evidence.gaps):
        return QUIET
    if least is False and asked.program.eval(evidence.most).value() is False:
        return QUIET
    return Answer(decision=asked.rule.if_missing, missing=True)


def _problems(rule: Rule, vocabulary: Vocabulary, program: Any, root: Node) -> Iterator[Problem]:
    if program.return_type() != cel.Type.BOOL:
        yield _at(rule, f"`when` must be true or false, not {program.return_type().name()}", 1, 1)
    elsewhere = root.names(vocabulary.labels) - vocabulary.labels_at(rule.gate)
    for label in sorted(elsewhere):
        yield _at(rule, f"'{label}' is not measured at the {rule.gate} gate", 1, 1 + max(0, rule.when.find(label)))
    if found := objection(root, vocabulary.labels):
        offset, words = found
        before = rule.when[:offset]
        yield _at(rule, words, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _cel_problems(rule: Rule, vocabulary: Vocabulary, error: str) -> Iterator[Problem]:
    found = _CEL_ERROR.findall(error)
    for line, column, words in found:
        yield _at(rule, _friendlier(words, vocabulary), int(line), int(column))
    if not found:
        yield _at(rule, error.splitlines()[0], 1, 1)


def _friendlier(words: str, vocabulary: Vocabulary) -> str:
    unknown = _UNKNOWN.fullmatch(words)
    if not unknown:
        return words.removesuffix(" [INVALID_ARGUMENT]")
    near = get_close_matches(unknown[1], [*vocabulary.labels, *vocabulary.facts], n=1)
    hint = f"; did you mean '{near[0]}'?" if near else "; rules speak only of labels and facts of the vocabulary"
    return f"there is no label or fact '{unknown[1]}'{hint}"


def _at(rule: Rule, words: str, line: int, column: int) -> Problem:
    where = rule.lines["when"] + line - 1
    return Problem(file=rule.file, line=where, text=pointed(words, rule.when, line, column))
