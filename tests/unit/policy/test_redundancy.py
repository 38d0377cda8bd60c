"""Rules that add nothing are found, and none that adds something is called so."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.verdicts import Gate
from policy.cel.compiled_rule import evaluate_rule, evaluation_context
from policy.evaluation_input import build_input
from policy.lint.pack_check import check_pack
from policy.lint.redundancy import redundant_rules
from policy.pack import load
from tests.unit.policy.packs import VOCABULARY, rule, signal, write_pack

QUIET = "{ hate = 0.0, sexual = 0.0 }"


def about(when: str, *, then: str = "hold", more: str = "") -> str:
    """A rule about hate and sexual, with examples that fit whichever of the two it speaks of."""
    text = rule("hate", then=then, more=more).replace('"hate >= 0.5"', f'"{when}"')
    fires, quiet = (
        "{ " + ", ".join(f"{label} = {score}" for label in ("hate", "sexual") if label in when) + " }"
        for score in ("1.0", "0.0")
    )
    return text.replace("{ hate = 0.5 }", fires).replace("{ hate = 0.0 }", quiet)


def warned(folder: Path, **rules: str) -> list[str]:
    rules = {"prompt_sexual": rule("sexual", at=1.0)} | rules  # guards the gate, and nothing here is its shadow
    report = check_pack(write_pack(folder, **rules), VOCABULARY)
    assert report.errors == ()
    found = [warning for warning in report.warnings if warning.text.startswith(("shadowed", "unreachable"))]
    return [str(warning) for warning in found if warning.file != "prompt_sexual.toml"]


def test_a_narrower_rule_as_grave_as_another_is_shadowed(tmp_path: Path) -> None:
    found = warned(tmp_path, wide=about("hate >= 0.5"), narrow=about("hate >= 0.8"))
    assert found == ["narrow.toml:2: shadowed: whenever it holds, 'wide' (wide.toml) holds and is as grave"]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("hate >= 0.5", "hate >= 0.6 && sexual >= 0.1"),
        ("hate >= 0.5 || sexual >= 0.9", "hate >= 0.5"),
        ("hate + sexual >= 0.9", "hate >= 0.5 && sexual >= 0.5"),
        ("math.greatest(hate, sexual) >= 0.5", "hate >= 0.5 || sexual >= 0.7"),
        ("hate >= 0.5", "hate > 0.5"),
    ],
)
def test_shadows_are_found_in_what_the_conditions_mean(tmp_path: Path, wide: str, narrow: str) -> None:
    assert [line.split(":")[0] for line in warned(tmp_path, a=about(wide), b=about(narrow))] == ["b.toml"]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (about("hate >= 0.5"), about("hate >= 0.8", then="refuse")),
        (about("hate >= 0.5"), about("hate >= 0.8", more="final = true\n")),
        (about("hate >= 0.5"), about("hate >= 0.8", more="two_person = true\n")),
        (about("hate >= 0.5", more='mode = "shadow"\n'), about("hate >= 0.8")),
        (about("hate >= 0.5 && sexual >= 0.5"), about("hate >= 0.8")),
        (about("hate >= 0.9", then="refuse"), about("hate >= 0.5")),
    ],
)
def test_a_rule_that_adds_something_is_not_called_shadowed(tmp_path: Path, wide: str, narrow: str) -> None:
    assert warned(tmp_path, a=wide, b=narrow) == []


def test_of_two_alike_one_is_named(tmp_path: Path) -> None:
    assert len(warned(tmp_path, a=about("hate >= 0.5"), b=about("hate >= 0.5"))) == 1


def test_a_part_that_no_score_reaches_is_named_with_its_line(tmp_path: Path) -> None:
    text = about("X").replace('"X"', '"""\nhate >= 0.5\n  || 0.5 * sexual >= 0.6\n"""')
    text = text.replace("{  }", "{ hate = 0.5, sexual = 0.0 }", 1).replace("{  }", QUIET, 1)
    [found] = warned(tmp_path, prompt_hate=text)
    assert found == "prompt_hate.toml:4: unreachable: the scores add up to 0.5 at the most, and 0.6 is asked for"


some_whens = st.lists(
    st.tuples(st.sampled_from(["hate", "sexual"]), st.sampled_from(["0.2", "0.5", "0.8"])), min_size=1, max_size=3
).flatmap(
    lambda atoms: st.sampled_from([" && ", " || "]).map(
        lambda join: join.join(f"{label} >= {score}" for label, score in atoms)
    )
)
unit = st.sampled_from([0.0, 0.2, 0.5, 0.7, 0.8, 1.0])


@settings(max_examples=30, deadline=None)
@given(some_whens, some_whens, st.lists(st.tuples(unit, unit), min_size=5, max_size=5))
def test_what_is_shadowed_never_fires_alone(
    tmp_path_factory: pytest.TempPathFactory, one: str, other: str, points: list[tuple[float, float]]
) -> None:
    policy = load(write_pack(tmp_path_factory.mktemp("p"), a=about(one), b=about(other)), VOCABULARY)
    named = {problem.file for problem in redundant_rules(policy)} & {"a.toml", "b.toml"}
    clauses = {clause.rule.file: clause for clause in policy.compiled_rules[Gate.PROMPT]}
    for hate, sexual in points:
        weighed = build_input(Gate.PROMPT, [signal("hate", hate), signal("sexual", sexual)], {}, VOCABULARY)
        fires = {
            file
            for file, clause in clauses.items()
            if evaluate_rule(clause, evaluation_context(weighed, policy.env)).decision
        }
        assert not (fires & named) or fires - named
