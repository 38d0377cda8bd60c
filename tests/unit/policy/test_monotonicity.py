"""The proof that more evidence never makes a condition less true, put to the test against CEL itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy.cel.compiled_rule import cel_environment
from policy.cel.monotonicity import label_violation
from policy.cel.syntax_tree import parse_syntax_tree
from tests.unit.policy.packs import VOCABULARY

ENV = cel_environment(VOCABULARY)
LABELS = VOCABULARY.labels

PROVED = [
    "gore >= 0.5",
    "gore > 0.5 || nudity >= 0.2",
    "0.5 <= gore && 0.2 < nudity",
    ".gore >= 0.5",
    "gore + nudity >= 1.2",
    "0.5 * gore + nudity * 0.25 >= 0.4",
    "math.greatest(gore, nudity) >= 0.5",
    "math.greatest(gore, nudity, sexual, hate) >= 0.5",
    "has_reference && nudity >= 0.5",
    "!has_reference && nudity >= 0.5",
    "author_strikes < 2 && gore >= 0.5",
    "gore >= (author_strikes > 2 ? 0.3 : 0.6)",
    "author_strikes > 2 ? gore >= 0.3 : gore >= 0.6",
    "(audience == 'teen' ? gore + 0.2 : gore) >= 0.5",
    "audience in ['teen', 'child'] && gore >= 0.2",
    "['teen', 'child'].exists(a, a == audience) && gore >= 0.2",
    "audience == 'gore' && nudity >= 0.2",
    "author_strikes >= 3",
    "true",
]

REFUSED = [
    "gore < 0.5",
    "gore <= 0.5",
    "0.5 >= gore",
    "!(gore >= 0.5)",
    "gore == 0.5",
    "gore != 0.5",
    "gore >= nudity",
    "gore - nudity >= 0.1",
    "0.9 - gore >= 0.1",
    "-gore >= -0.5",
    "gore * -1.0 >= -0.5",
    "gore * seconds >= 0.5",
    "gore * 11.0 >= 0.5",
    "gore / 2.0 >= 0.1",
    "(gore >= 0.5) == false",
    "(gore >= 0.5) != has_reference",
    "gore >= 0.5 ? nudity >= 0.9 : true",
    "math.least(gore, nudity) >= 0.1",
    "gore in [0.5]",
    "[gore].exists(x, x < 0.5)",
    "[0.1].exists(x, .gore < 0.5)",
    "[0.1].all(gore, .gore < 0.5)",
    "[gore >= 0.5].all(x, !x)",
    "{'a': gore}['a'] < 0.5",
    "string(gore) == '0.5'",
    "dyn(gore) < 1",
    "int(gore * 10.0) < 5",
    "has_reference && (nudity >= 0.5 || gore < 0.1)",
]


def proof(condition: str) -> tuple[int, str] | None:
    return label_violation(parse_syntax_tree(ENV.compile(condition).serialize()), LABELS)


@pytest.mark.parametrize("condition", PROVED)
def test_conditions_that_only_rise_with_scores_are_proved(condition: str) -> None:
    assert proof(condition) is None


@pytest.mark.parametrize("condition", REFUSED)
def test_conditions_that_might_fall_when_a_score_rises_are_refused(condition: str) -> None:
    assert proof(condition) is not None


def test_the_objection_points_at_what_is_wrong() -> None:
    condition = "has_reference && (nudity >= 0.5 || gore < 0.1)"
    found = proof(condition)
    assert found is not None
    assert condition[found[0]] == "<"
    assert "label >= threshold" in found[1]


numbers = st.sampled_from(["0.0", "0.3", "0.5", "1.0", "2.0", "-0.5", "seconds", "1.0 / seconds"])
labels = st.sampled_from(["gore", "nudity", "sexual"])
scores = st.recursive(
    labels | numbers,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "+", "+", "*", "-", "/"]), inner)
        | st.builds("({} * {})".format, st.sampled_from(["0.5", "0.0", "2.0", "-1.0"]), inner)
        | st.builds("math.{}({}, {})".format, st.sampled_from(["greatest", "greatest", "least"]), inner, inner)
        | st.builds("(has_reference ? {} : {})".format, inner, inner)
    ),
    max_leaves=3,
)
likely = st.builds("({} {} {})".format, scores, st.sampled_from([">=", ">"]), numbers)
wild = st.builds("({} {} {})".format, scores, st.sampled_from([">=", ">", "<", "<=", "=="]), scores)
facts = st.sampled_from(["has_reference", "!has_reference", "(author_strikes > 1)", "(1 / author_strikes > 0)", "true"])
conditions = st.recursive(
    likely | likely | wild | facts,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||", "&&", "||", "=="]), inner)
        | st.builds("({} ? {} : {})".format, facts | inner, inner, inner)
        | st.builds("!{}".format, inner)
    ),
    max_leaves=4,
)
unit = st.sampled_from([0.0, 0.25, 0.3, 0.5, 0.75, 1.0]) | st.floats(0.0, 1.0)
points = st.fixed_dictionaries({"gore": unit, "nudity": unit, "sexual": unit})
known = st.fixed_dictionaries(
    {}, optional={"has_reference": st.booleans(), "author_strikes": st.integers(0, 3), "seconds": st.floats(0.0, 9.0)}
)


def truth(condition: str, values: Mapping[str, object]) -> int:
    """false < error < true."""
    value = ENV.compile(condition).eval(data=dict(values)).value()
    return 2 if value is True else 0 if value is False else 1


@settings(max_examples=250, deadline=None)
@given(conditions, points, points, known)
def test_what_is_proved_never_becomes_less_true_when_scores_rise(
    condition: str, one: dict[str, float], other: dict[str, float], facts: dict[str, object]
) -> None:
    assume(proof(condition) is None)
    higher = {label: max(score, other[label]) for label, score in one.items()}
    assert truth(condition, {**facts, **one}) <= truth(condition, {**facts, **higher})


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["gore >= 0.5", "0.3 < nudity", "sexual * 0.5 + gore > 0.7"]), min_size=1, max_size=8),
    st.data(),
)
def test_proved_conditions_stay_proved_when_joined(parts: list[str], data: st.DataObject) -> None:
    condition = parts[0]
    for part in parts[1:]:
        condition = f"({condition} {data.draw(st.sampled_from(['&&', '||']))} {part})"
    assert proof(condition) is None
