"""The index leaves out only rules that would have nothing to say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.verdicts import Gate
from policy.cel.compiled_rule import (
    NOT_FIRED,
    CompiledRule,
    cel_environment,
    compile_rule,
    evaluate_rule,
    evaluation_context,
)
from policy.cel.fast_path import compile_fast_path
from policy.cel.rule_index import build_index, required_scores
from policy.cel.syntax_tree import parse_syntax_tree
from policy.evaluation_input import build_input
from policy.pack import load
from policy.rule import Rule
from policy.rule_files import read_rules
from tests.unit.policy.packs import VOCABULARY, rule, signal, write_pack

ENV = cel_environment(VOCABULARY)
SEXUAL, HATE = ("sexual", 0.5), ("hate", 0.7)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("sexual >= 0.5", {SEXUAL}),
        ("0.5 <= sexual", {SEXUAL}),
        ("sexual > 0.5 && hate >= 0.7", {HATE}),
        ("sexual >= 0.5 || hate >= 0.7", {SEXUAL, HATE}),
        ("author_strikes >= 2 && sexual >= 0.5", {SEXUAL}),
        ("math.greatest(sexual, hate) >= 0.5", {SEXUAL, ("hate", 0.5)}),
        ("author_strikes >= 2 || sexual >= 0.5", None),
        ("author_strikes >= 2", None),
        ("sexual >= seconds", None),
        ("sexual + seconds >= 0.5", None),
        ("(has_reference ? sexual : hate) >= 0.5", None),
        ("sexual >= 0.0", None),
    ],
)
def test_what_a_condition_needs(when: str, expected: set[tuple[str, float]] | None) -> None:
    found = required_scores(parse_syntax_tree(ENV.compile(when).serialize()), VOCABULARY.labels)
    rounded = found and {(label, round(score, 6)) for label, score in found}
    assert rounded == expected


labels = st.sampled_from(["sexual", "hate", "gore"])
numbers = st.sampled_from(["-0.1", "0.0", "0.3", "0.5", "0.9", "1.0", "1.2"])
sums = st.recursive(
    labels,
    lambda inner: (
        st.tuples(inner, inner).map(lambda p: f"({p[0]} + {p[1]})")
        | inner.map(lambda one: f"0.5 * {one}")
        | st.tuples(inner, inner).map(lambda p: f"math.greatest({p[0]}, {p[1]})")
        | st.tuples(inner, inner).map(lambda p: f"(has_reference ? {p[0]} : {p[1]})")
    ),
    max_leaves=3,
)
atoms = (
    st.tuples(sums, st.sampled_from([">=", ">"]), numbers).map(" ".join)
    | st.tuples(numbers, st.sampled_from(["<=", "<"]), sums).map(" ".join)
    | st.sampled_from(["author_strikes >= 2", "has_reference", "seconds / 0.0 > 1.0", "sexual >= seconds"])
)
conditions = st.recursive(
    atoms,
    lambda inner: st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
    max_leaves=5,
)
scores = st.dictionaries(labels, st.none() | st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]), max_size=3)
facts = st.fixed_dictionaries(
    {},
    optional={
        "author_strikes": st.integers(0, 3),
        "has_reference": st.booleans(),
        "seconds": st.sampled_from([0.0, 0.4, 5.0]),
    },
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Rule:
    rules, _ = read_rules(write_pack(tmp_path_factory.mktemp("pack"), prompt_hate=rule("hate")))
    return next(one for one in rules if one.name == "prompt_hate")


@settings(max_examples=250, deadline=None)
@given(conditions, scores, facts)
def test_a_rule_that_is_left_out_has_nothing_to_say(
    template: Rule, when: str, said: dict[str, float | None], known: dict[str, object]
) -> None:
    one = compile_rule(replace(template, when=when), VOCABULARY, ENV)
    if not isinstance(one, CompiledRule):  # a condition that no pack may hold
        return
    evidence = build_input(Gate.PROMPT, [signal(label, score) for label, score in said.items()], known, VOCABULARY)
    if one not in build_index([one], VOCABULARY.labels).candidates(evidence.upper):
        assert evaluate_rule(one, evaluation_context(evidence, ENV)) == NOT_FIRED


def test_a_rule_with_audiences_is_asked_from_the_strictest_threshold_on(tmp_path: Path) -> None:
    text = rule("hate").replace('"hate >= 0.5"', '"hate >= threshold"\nthreshold = 0.5')
    audience = "[[audiences]]\naccount_minor = true\nthreshold = 0.2\n\n[[examples]]\nscores = { hate = 0.2 }\n"
    audience += 'facts = { account_minor = true }\ngives = "hold"\n'
    policy = load(write_pack(tmp_path, prompt_hate=text + "\n" + audience), VOCABULARY)
    evidence = {"sexual": 0.0, "gore": 0.0, "nudity": 0.0}
    asked = [
        [one.rule.name for one in policy.index[Gate.PROMPT].candidates(evidence | {"hate": s})] for s in (0.19, 0.2)
    ]
    assert asked == [[], ["prompt_hate"]]


@settings(max_examples=250, deadline=None)
@given(conditions, scores)
def test_a_condition_in_python_says_what_cel_says(when: str, said: dict[str, float | None]) -> None:
    program = ENV.compile(when)
    function = compile_fast_path(parse_syntax_tree(program.serialize()), VOCABULARY.labels)
    if function is None:
        return
    every = dict.fromkeys(VOCABULARY.labels, 0.0) | {label: score or 0.0 for label, score in said.items()}
    assert function(every) is program.eval(ENV.Activation(every)).value()


@pytest.mark.parametrize(
    ("when", "taken"),
    [
        ("sexual >= 0.5 && (hate > 0.2 || 0.9 < gore)", True),
        ("0.5 * sexual + math.greatest(hate, gore, 0.3) >= 0.5", True),
        ("sexual >= 0.5 && has_reference", False),
        ("sexual >= seconds", False),
        ("(has_reference ? sexual : hate) >= 0.5", False),
        ("sexual / 2.0 >= 0.5", False),
    ],
)
def test_only_labels_in_plain_forms_are_taken_from_cel(when: str, taken: bool) -> None:
    assert (compile_fast_path(parse_syntax_tree(ENV.compile(when).serialize()), VOCABULARY.labels) is not None) is taken
