"""reasons(): what a verdict rests on, in which words."""

from __future__ import annotations

from core.signals import Signal, Span
from core.verdicts import Decision, Ruling
from policy.decide import COULD_NOT_CHECK
from policy.explain import reasons
from policy.pack import Policy
from tests.unit.policy.packs import PROMPT, signal
from tests.unit.policy.test_decide import judged, ruling


def at(label: str, score: float, start: int, end: int) -> Signal:
    return Signal(subject=PROMPT, label=label, score=score, source="toy/1", at=Span(start=start, end=end, unit="chars"))


def test_each_rule_names_its_label_its_words_and_what_to_tell_the_person(policy: Policy) -> None:
    found = [at("hate", 0.8, 4, 9), at("sexual", 0.6, 20, 25), signal("gore", 0.0)]
    verdict = judged(policy, *found)
    said = reasons(verdict, found, policy)
    assert [(one.rule, one.category, one.spans) for one in said] == [
        ("prompt_hate", "hate", ((4, 9),)),
        ("prompt_sexual", "sexual", ((20, 25),)),
    ]
    assert said[0].text == "It is about hate."


def test_the_narrower_words_stand_for_the_wider_and_faint_ones_are_left_out(policy: Policy) -> None:
    found = [at("hate", 0.8, 0, 30), at("hate", 0.7, 4, 9), at("hate", 0.1, 12, 15), signal("gore", 0.0)]
    assert reasons(judged(policy, *found), found, policy)[0].spans == ((4, 9),)


def test_a_rule_that_could_not_be_checked_says_so_and_names_no_words(policy: Policy) -> None:
    found = [signal("gore", None)]
    (said,) = reasons(judged(policy, *found), found, policy)
    assert said.missing and said.text == COULD_NOT_CHECK and not said.spans and said.category == "gore"


def test_an_allowed_prompt_has_no_reasons_and_a_persons_refusal_has_one_without_words(policy: Policy) -> None:
    assert reasons(judged(policy), [], policy) == ()
    rulings: list[Ruling] = [ruling(Decision.REFUSE, "prompt_somewhere")]
    (said,) = reasons(judged(policy, rulings=rulings), [], policy)
    assert said.rule == "prompt_somewhere" and not said.spans
