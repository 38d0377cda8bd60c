"""stopped_labels(): of which labels the rules of a verdict found enough to stop something."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.signals import Subject
from core.verdicts import Gate
from policy.decide import decide
from policy.pack import load
from policy.rule_description import describe_rules
from policy.stopped_labels import stopped_labels
from tests.unit.policy.packs import RULE, VOCABULARY, rule, signal, write_pack


def stopped(folder: Path, when: str, **scores: float | None) -> frozenset[str]:
    """By a rule with this condition, beside others that the scores do not reach."""
    ends = ("{ hate = 1.0, sexual = 1.0, gore = 1.0 }", "{ hate = 0.0, sexual = 0.0, gore = 0.0 }")
    named = [" ".join(end.split()) for end in ends]
    text = RULE.format(
        gate="prompt", when=f'"{when}"', then="hold", reason="No.", more="", fires=named[0], quiet=named[1]
    )
    policy = load(write_pack(folder, prompt_one=text, prompt_sexual=rule("sexual", at=0.99)), VOCABULARY)
    signals = [signal(label, score) for label, score in {"hate": 0.0, "sexual": 0.0, "gore": 0.0, **scores}.items()]
    verdict = decide(Gate.PROMPT, signals, {"has_reference": False}, (), policy)
    return stopped_labels(verdict, signals, describe_rules(policy, Gate.PROMPT))


@pytest.mark.parametrize(
    ("when", "scores", "expected"),
    [
        ("hate >= 0.5 || sexual >= 0.5 || gore >= 0.9", {"hate": 0.6, "sexual": 0.4, "gore": 0.5}, {"hate"}),
        ("hate >= 0.5 && sexual + gore >= 0.0", {"hate": 0.6, "gore": 0.4}, {"hate", "gore"}),
        ("hate >= 0.5 && sexual >= 0.2 && gore >= 0.0", {"hate": 0.6, "sexual": 0.3}, {"hate", "sexual"}),
        ("hate + sexual + gore >= 1.0", {"hate": 0.6, "sexual": 0.5, "gore": 0.1}, {"hate", "sexual"}),
        ("hate > 0.5 || sexual + gore >= 1.5", {"hate": 0.5}, set()),
    ],
)
def test_labels_that_reach_what_a_rule_asks_of_them_stopped_the_text(tmp_path, when, scores, expected) -> None:
    assert stopped(tmp_path, when, **scores) == frozenset(expected)


def test_what_could_not_be_measured_has_stopped_nothing_though_its_rule_counts(tmp_path) -> None:
    assert stopped(tmp_path, "hate >= 0.5 || sexual + gore >= 1.5", hate=None) == frozenset()


def test_a_label_that_is_enough_alone_counts_though_another_one_is_missing(tmp_path) -> None:
    """A word list found it, where the model could not read."""
    policy = load(write_pack(tmp_path), VOCABULARY)
    signals = [signal("sexual", None), signal("sexual", 0.8), signal("gore", 0.0), signal("hate", 0.0)]
    verdict = decide(Gate.PROMPT, signals, {"has_reference": False}, (), policy)
    assert stopped_labels(verdict, signals, describe_rules(policy, Gate.PROMPT)) == {"sexual"}


def test_what_other_gates_look_at_does_not_count(tmp_path) -> None:
    policy = load(write_pack(tmp_path), VOCABULARY)
    signals = [signal("sexual", 0.8), signal("gore", 0.9, Subject.VIDEO)]
    verdict = decide(Gate.PROMPT, signals, {"has_reference": False}, (), policy)
    assert stopped_labels(verdict, signals, describe_rules(policy, Gate.PROMPT)) == {"sexual"}
