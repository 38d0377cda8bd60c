"""The view is put together from whatever was measured."""

from dataclasses import dataclass, replace

from core.signals import Signal, Span, Subject
from core.verdicts import Decision
from pipeline.inspection.build_inspection import telling_moments
from pipeline.inspection.inspection_view import LabelState, RuleOutcome
from policy.decide import COULD_NOT_CHECK
from tests.unit.inspection.views import HOSTILE, RULES, SIGNALS, VERDICT, rule, signal, view


def of(found, label):
    return next(one for one in found.labels if one.label == label)


def test_a_label_that_nobody_has_heard_of_has_its_score_its_thresholds_and_its_places():
    new = of(view(), "never_seen_before")
    assert (new.state, new.score, new.rules, new.sources) == (LabelState.FIRED, 0.9, ("video_new",), ("test/1",))
    assert [(one.rule, one.score, one.decision, one.mode) for one in new.thresholds] == [
        ("video_new", 0.5, "hold", "enforce")
    ]
    assert [(hit.start, hit.end, hit.score) for hit in new.hits] == [(1.0, 1.0, 0.6), (2.0, 3.0, 0.9)]


def test_what_could_not_be_measured_says_why_and_is_no_accusation():
    found = view()
    assert of(found, "unknown_thing").unmeasured == ("missing_model",)
    assert of(found, "unknown_thing").state is LabelState.FIRED
    assert of(found, "shadowed").state is LabelState.UNMEASURED
    lines = {line.rule: line for line in found.rules}
    assert (lines["video_unknown"].outcome, lines["video_unknown"].sentence) == (RuleOutcome.MISSING, COULD_NOT_CHECK)
    assert lines["video_shadowed"].outcome is RuleOutcome.SHADOW_MISSING
    assert lines["video_new"].sentence == "It seems to be never_seen_before."


def test_a_rule_in_shadow_that_was_measured_and_found_is_told_apart():
    found = view((*SIGNALS, signal("shadowed", 0.8)))
    assert {line.rule: line.outcome for line in found.rules}["video_shadowed"] is RuleOutcome.SHADOW
    assert of(found, "shadowed").score == 0.8


def test_labels_that_came_to_something_are_first_and_those_of_the_prompt_are_not_there():
    assert [one.label for one in view().labels] == [
        "never_seen_before",
        "heard_threat",
        "unknown_thing",
        "shadowed",
        "whole_file",
        "harmless",
    ]


def test_words_are_in_order_and_marked_where_a_label_about_their_kind_came_to_a_rule():
    words = view().words
    assert [one.text for one in words] == ["hello there", HOSTILE, "I will find you"]
    assert [one.labels for one in words] == [(), (), ("heard_threat",)]
    assert words[1].box == (0.1, 0.2, 0.5, 0.4)


def test_what_else_is_known_of_words_is_shown_by_its_name():
    assert [one.details for one in view().words] == [{}, {}, {"speaker": 2, "doubt": "noise"}]


def test_without_a_verdict_no_rule_counts():
    found = view(verdict=None)
    assert (found.decision, found.rules) == ("", ())
    assert {one.state for one in found.labels} == {LabelState.UNMEASURED, LabelState.QUIET}


def test_where_the_policy_is_kept_nowhere_its_rules_are_named_without_a_sentence():
    found = view(rules=())
    assert [(line.rule, line.sentence, line.decision) for line in found.rules if line.outcome is RuleOutcome.FIRED] == [
        ("video_new", "", ""),
        ("video_threat", "", ""),
    ]


def test_a_rule_that_a_ruling_lifted_marks_its_label_as_lifted():
    lifted = replace(VERDICT, rules=(), missing=(), shadow=(), lifted=("video_new",), decision=Decision.ALLOW)
    assert of(view(verdict=lifted), "never_seen_before").state is LabelState.LIFTED


def test_a_label_below_the_threshold_of_a_rule_that_fired_for_another_is_quiet():
    both = replace(rule("video_new", "never_seen_before"), labels=frozenset({"never_seen_before", "harmless"}))
    high = replace(both, thresholds=(*both.thresholds, replace(both.thresholds[0], label="harmless")))
    assert of(view(rules=(high, *RULES[1:])), "harmless").state is LabelState.QUIET


@dataclass(frozen=True, kw_only=True)
class Recognised(Signal):
    """A kind of signal that names a region and what was recognised."""

    box: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4)
    evidence: str = "entry-7"


def test_a_region_and_what_was_recognised_are_shown_where_a_signal_names_them():
    seen = Recognised(subject=Subject.VIDEO, label="work", score=0.9, source="test/1", at=Span(start=1.0, end=2.0))
    [hit] = of(view((seen,)), "work").hits
    assert (hit.box, hit.evidence) == ((0.1, 0.2, 0.3, 0.4), "entry-7")
    [plain] = of(view((signal("work", 0.9, (1.0, 2.0)),)), "work").hits
    assert (plain.box, plain.evidence) == (None, "")


def test_the_most_telling_moments_are_those_of_labels_that_came_to_a_rule():
    assert telling_moments(view()) == [6.5, 2.5, 1.0]
    assert telling_moments(view((signal("low", 0.05, (1.0, 2.0)), signal("high", 0.4, (3.0, 4.0))), None)) == [3.5]
