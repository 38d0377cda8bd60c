"""decide(), example by example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.signals import Signal
from core.verdicts import Decision, Gate, Ruling, Verdict
from policy import decide as words
from policy.decide import decide
from policy.pack import Policy
from tests.unit.policy.packs import PROMPT, REFERENCE, VIDEO, signal

FACTS = {"author_strikes": 0, "has_reference": False}
CLEAN = (signal("sexual", 0.0), signal("hate", 0.0), signal("gore", 0.0), signal("nudity", 0.0, REFERENCE))


def judged(
    policy: Policy,
    *changed: Signal,
    facts: Mapping[str, object] = FACTS,
    rulings: Sequence[Ruling] = (),
    gate: Gate = Gate.PROMPT,
) -> Verdict:
    """The verdict on a clean prompt but for what changed."""
    said = {(s.subject, s.label) for s in changed}
    clean = [s for s in CLEAN if (s.subject, s.label) not in said]
    return decide(gate, [*clean, *changed], facts, rulings, policy)


def ruling(decision: Decision, *over: str, gate: Gate = Gate.PROMPT) -> Ruling:
    return Ruling(gate=gate, decision=decision, moderator="mod-7", over=over, code="context")


def test_a_clean_prompt_is_allowed_and_the_verdict_names_the_policy(policy: Policy) -> None:
    clean = Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, policy=policy.digest, sources=("test/1",))
    assert judged(policy) == clean


def test_the_gravest_answer_counts_and_gives_the_reason(policy: Policy) -> None:
    verdict = judged(policy, signal("sexual", 0.6), signal("hate", 0.8))
    assert verdict.decision is Decision.REFUSE
    assert verdict.rules == ("prompt_hate", "prompt_sexual")
    assert verdict.reason == "It is about hate."


def test_the_highest_of_several_scores_counts(policy: Policy) -> None:
    verdict = judged(policy, signal("sexual", 0.1), signal("sexual", 0.5), signal("sexual", 0.2))
    assert verdict.rules == ("prompt_sexual",)


def test_a_label_that_nobody_measured_holds(policy: Policy) -> None:
    verdict = judged(policy, signal("sexual", None))
    assert (verdict.decision, verdict.rules, verdict.missing) == (Decision.HOLD, ("prompt_sexual",), ("prompt_sexual",))
    assert verdict.reason == words.COULD_NOT_CHECK


def test_one_measurement_that_failed_beside_a_harmless_one_holds(policy: Policy) -> None:
    assert judged(policy, signal("sexual", 0.1), signal("sexual", None)).missing == ("prompt_sexual",)


def test_what_was_found_counts_although_another_measurement_failed(policy: Policy) -> None:
    verdict = judged(policy, signal("sexual", 0.6), signal("sexual", None))
    assert (verdict.rules, verdict.missing) == (("prompt_sexual",), ())


def test_a_missing_label_is_allowed_only_where_the_rule_says_so_and_why(policy: Policy) -> None:
    assert judged(policy, signal("hate", None)).decision is Decision.ALLOW


def test_missing_evidence_can_refuse(policy: Policy) -> None:
    verdict = judged(policy, signal("gore", 0.0, VIDEO), signal("nudity", None, VIDEO), gate=Gate.VIDEO)
    assert verdict.decision is Decision.REFUSE
    assert verdict.reason == words.COULD_NOT_CHECK_AT_ALL


def test_a_fact_that_is_missing_holds_only_where_it_matters(policy: Policy) -> None:
    assert judged(policy, facts={"has_reference": False}).decision is Decision.ALLOW
    verdict = judged(policy, signal("hate", 0.5), facts={"has_reference": False})
    assert verdict.missing == ("prompt_strikes",)


def test_a_fact_of_the_wrong_type_is_not_known(policy: Policy) -> None:
    for odd in ("0", 0.0, False, None, 2**63):
        facts = {"author_strikes": odd, "has_reference": False}
        assert judged(policy, signal("hate", 0.5), facts=facts).missing == ("prompt_strikes",), odd


def test_a_reference_that_was_given_must_be_measured_too(policy: Policy) -> None:
    given = {"author_strikes": 0, "has_reference": True}
    assert judged(policy, facts=given).missing == ("prompt_gore",)
    assert judged(policy, signal("gore", 0.0), signal("gore", 0.0, REFERENCE), facts=given).decision is Decision.ALLOW
    refused = judged(policy, signal("gore", 0.0), signal("gore", 0.95, REFERENCE), facts=given)
    assert refused.rules == ("prompt_gore",)


def test_whether_there_is_a_reference_must_be_known(policy: Policy) -> None:
    assert judged(policy, facts={"author_strikes": 0}).missing == ("prompt_gore",)


def test_a_gate_looks_only_at_what_it_is_about(policy: Policy) -> None:
    found_in_video = judged(policy, signal("gore", 1.0, VIDEO))
    assert found_in_video.decision is Decision.ALLOW
    measured_of_prompt = decide(Gate.VIDEO, [signal("gore", 0.0), signal("nudity", 0.0, REFERENCE)], {}, [], policy)
    assert measured_of_prompt.missing == ("video_gore", "video_nudity")


def test_a_rule_in_shadow_is_listed_and_does_not_count(policy: Policy) -> None:
    verdict = judged(policy, signal("nudity", 0.9, REFERENCE))
    assert (verdict.decision, verdict.shadow) == (Decision.ALLOW, ("prompt_nudity",))


def test_a_ruling_to_allow_lifts_what_it_names(policy: Policy) -> None:
    verdict = judged(policy, signal("sexual", 0.6), rulings=[ruling(Decision.ALLOW, "prompt_sexual")])
    assert (verdict.decision, verdict.rules, verdict.lifted) == (Decision.ALLOW, (), ("prompt_sexual",))
    assert verdict.reason == words.A_PERSON_ALLOWED


def test_a_ruling_at_one_gate_says_nothing_at_the_other(policy: Policy) -> None:
    elsewhere = ruling(Decision.ALLOW, "prompt_sexual", gate=Gate.VIDEO)
    assert judged(policy, signal("sexual", 0.6), rulings=[elsewhere]).decision is Decision.HOLD


def test_what_fires_later_holds_in_spite_of_an_earlier_ruling(policy: Policy) -> None:
    verdict = judged(
        policy, signal("sexual", 0.6), signal("hate", 0.8), rulings=[ruling(Decision.ALLOW, "prompt_sexual")]
    )
    assert (verdict.rules, verdict.lifted) == (("prompt_hate",), ("prompt_sexual",))


def test_no_ruling_lifts_a_final_rule(policy: Policy) -> None:
    allow = ruling(Decision.ALLOW, "prompt_gore")
    assert judged(policy, signal("gore", 0.95), rulings=[allow]).decision is Decision.REFUSE
    assert judged(policy, signal("gore", None), rulings=[allow]).decision is Decision.HOLD


def test_the_last_ruling_about_a_rule_counts(policy: Policy) -> None:
    allow, hold = ruling(Decision.ALLOW, "prompt_sexual"), ruling(Decision.HOLD, "prompt_sexual")
    assert judged(policy, signal("sexual", 0.6), rulings=[hold, allow]).decision is Decision.ALLOW
    assert judged(policy, signal("sexual", 0.6), rulings=[allow, hold]).decision is Decision.HOLD


def test_a_ruling_to_refuse_stands_until_another_lifts_all_it_names(policy: Policy) -> None:
    refuse = ruling(Decision.REFUSE, "prompt_sexual", "prompt_hate")
    refused = judged(policy, rulings=[refuse])
    assert (refused.decision, refused.reason) == (Decision.REFUSE, words.A_PERSON_REFUSED)
    half = judged(policy, rulings=[refuse, ruling(Decision.ALLOW, "prompt_sexual")])
    assert (half.decision, half.rules) == (Decision.REFUSE, ("prompt_hate",))
    assert judged(policy, rulings=[refuse, ruling(Decision.ALLOW, *refused.rules)]).decision is Decision.ALLOW


def test_a_refusal_that_names_no_rule_stands_until_the_next_ruling(policy: Policy) -> None:
    refuse = ruling(Decision.REFUSE)
    assert judged(policy, rulings=[refuse]).decision is Decision.REFUSE
    assert judged(policy, rulings=[refuse, ruling(Decision.ALLOW)]).decision is Decision.ALLOW


def test_a_ruling_to_allow_that_names_nothing_lifts_nothing(policy: Policy) -> None:
    verdict = judged(policy, signal("sexual", 0.6), rulings=[ruling(Decision.ALLOW)])
    assert verdict.decision is Decision.HOLD


def test_every_subject_of_a_prompt_is_weighed_together(policy: Policy) -> None:
    verdict = judged(policy, signal("gore", 0.95, PROMPT), signal("gore", 0.0, REFERENCE))
    assert verdict.rules == ("prompt_gore",)
