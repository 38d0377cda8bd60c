"""What /v1/moderations says: what was not measured is not said to be found, and a long text is read whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.registered import label_subjects
from console.gateway.moderations_api import _result
from core.case import Case
from core.signals import Signal, Subject
from core.verdicts import Decision, Facts, Gate, Verdict
from pipeline.screening.dry_run import DryRunVerdict, dry_run
from pipeline.screening.long_texts import highest_scores, screen_pieces, text_pieces
from pipeline.screening.standalone import OnePolicy
from pipeline.stages.stage_context import Measurements
from policy.decide import COULD_NOT_CHECK
from policy.pack import DEFAULT_PACK, load
from policy.vocabulary import FACTS, Vocabulary

LABELS = ("harassment", "violence", "hate", "illicit", "self_harm", "sexual", "sexual_minors", "gore")


def opinion(
    scores: dict[str, float | None], decision: Decision = Decision.ALLOW, stopped: Iterable[str] = ()
) -> DryRunVerdict:
    signals = tuple(
        Signal(subject=Subject.PROMPT, label=label, score=score, source="toy/1") for label, score in scores.items()
    )
    verdict = Verdict(gate=Gate.PROMPT, decision=decision, policy="p")
    return DryRunVerdict(
        measured=Measurements(signals=signals, seconds={}), verdict=verdict, stopped=frozenset(stopped)
    )


@cache
def default_policy() -> OnePolicy:
    return OnePolicy(policy=load(DEFAULT_PACK, Vocabulary(labels=label_subjects(), facts=FACTS)))


class NoFacts:
    """Everything that is not measured is as harmless as it can be, so that scores alone decide."""

    def facts(self, case: Case) -> Facts:
        del case
        return {name: {bool: False, int: 0, float: 0.0, str: "general"}[kind] for name, kind in FACTS.items()}


def judged(scores: Mapping[str, float | None]) -> DryRunVerdict:
    """What the policy that comes with Assay says where these are measured, and all else is 0."""
    labels = {name for name, subjects in label_subjects().items() if Subject.PROMPT in subjects}
    signals = tuple(
        Signal(subject=Subject.PROMPT, label=label, score=scores.get(label, 0.0), source="toy/1")
        for label in sorted(labels)
    )
    measured = Measurements(signals=signals, seconds={})
    return dry_run(Gate.PROMPT, measured, policy=default_policy(), facts=NoFacts())


def said_of(scores: Mapping[str, float | None], text: str = "x") -> dict[str, Any]:
    return _result([(text, judged(scores))], "", scores=True)


def test_what_could_not_be_measured_is_null_and_flagged_by_policy() -> None:
    unread = opinion(dict.fromkeys(LABELS), Decision.HOLD)
    for scores in (True, False):
        said = _result([("ילדים", unread)], "", scores=scores)
        assert said["flagged"] is True
        assert set(said["categories"].values()) == {None}
        assert set(said["category_scores"].values()) == {None}


def test_a_category_of_two_labels_is_not_found_where_the_known_one_is_low() -> None:
    said = _result([("x", opinion({**dict.fromkeys(LABELS, 0.1), "violence": None}))], "", scores=True)
    assert said["categories"]["hate/threatening"] is False
    assert said["categories"]["violence"] is None


def test_a_long_text_is_read_whole_and_its_gravest_piece_decides() -> None:
    text = "a calm lake. " * 1_500 + "knife"

    def screen(piece: str) -> DryRunVerdict:
        bad = "knife" in piece
        return opinion(dict.fromkeys(LABELS, 0.9 if bad else 0.1), Decision.HOLD if bad else Decision.ALLOW)

    pieces = screen_pieces(text, screen)
    assert len(pieces) > 1
    assert pieces[0][1].verdict.decision is Decision.HOLD
    assert highest_scores(pieces)["violence"] == 0.9
    assert "".join(dict.fromkeys(text_pieces("short"))) == "short"


def test_one_piece_that_cannot_be_read_leaves_the_label_unknown() -> None:
    assert highest_scores([("a", opinion({"hate": 0.1})), ("b", opinion({"hate": None}))]) == {"hate": None}


def test_what_word_lists_alone_looked_at_is_not_said_to_be_absent_and_what_they_found_is_found() -> None:
    for listed, said in ((0.0, None), (0.9, 0.9)):
        signals = tuple(
            Signal(subject=Subject.PROMPT, label="hate", score=score, source=source)
            for score, source in ((listed, "prompt_terms/3"), (None, "prompt_intent/7"))
        )
        heard = replace(
            opinion({}, stopped=["hate"] if listed else []), measured=Measurements(signals=signals, seconds={})
        )
        assert highest_scores([("x", heard)]) == {"hate": said}


@given(st.dictionaries(st.sampled_from(LABELS), st.floats(0, 1), min_size=len(LABELS)))
def test_in_a_text_that_passes_no_category_is_found(scores: dict[str, float]) -> None:
    """A platform's client asks `flagged or any(categories)`: "I killed the process" said violence, and passed."""
    passes, stopped = (
        _result([("x", opinion(dict(scores), how))], "", scores=True) for how in (Decision.ALLOW, Decision.HOLD)
    )
    assert passes["flagged"] is False
    assert not any(passes["categories"].values())
    assert passes["category_scores"] == stopped["category_scores"]


def test_minors_whom_only_word_lists_look_for_are_not_absent_in_a_script_that_no_model_reads() -> None:
    unread = {**dict.fromkeys(LABELS), "sexual_minors": 0.0}
    assert _result([("x", opinion(unread, Decision.HOLD))], "", scores=True)["categories"]["sexual/minors"] is None
    found = {**unread, "sexual_minors": 0.9}
    stopped = opinion(found, Decision.HOLD, ["sexual_minors"])
    assert _result([("x", stopped)], "", scores=True)["categories"]["sexual/minors"] is True


@settings(deadline=None)  # the first example loads the policy
@given(st.dictionaries(st.sampled_from([*LABELS, "political", "unsafe", "minors"]), st.none() | st.floats(0, 1)))
def test_a_true_category_is_flagged_and_has_a_score(scores: dict[str, float | None]) -> None:
    """Under the policy that comes with Assay, whatever is measured and whatever could not be."""
    said = said_of(scores)
    assert said["flagged"] or not any(said["categories"].values())
    for name, found in said["categories"].items():
        assert (found is None) == (said["category_scores"][name] is None)


@settings(deadline=None)
@given(st.sampled_from([label for label in LABELS if label != "sexual_minors"]), st.floats(0, 1))
def test_a_category_is_true_exactly_where_a_rule_about_its_label_stops_the_text(label: str, score: float) -> None:
    name = {"self_harm": "self-harm", "gore": "violence/graphic"}.get(label, label)
    said = said_of({label: score})
    assert said["categories"][name] is (f"prompt_{label}" in judged({label: score}).verdict.rules)
    assert said["categories"][name] is said["flagged"]


def test_what_is_stopped_for_another_reason_makes_no_doubtful_score_a_category() -> None:
    said = said_of({"copyright_ip": 0.9, "violence": 0.69, "self_harm": 0.6})
    assert said["flagged"]
    assert set(said["categories"].values()) == {False}
    assert said["category_scores"]["violence"] == 0.69


def test_a_rule_over_several_labels_makes_those_true_that_it_found_and_not_the_others() -> None:
    found = said_of({"minors": 0.9, "violence": 0.6, "sexual": 0.1})["categories"]
    assert [name for name, one in found.items() if one] == ["violence"]


def test_what_kind_of_hate_it_is_needs_no_rule_of_its_own() -> None:
    found = said_of({"hate": 0.98, "violence": 0.65})["categories"]
    assert [name for name, one in found.items() if one] == ["hate", "hate/threatening"]
    unread = said_of({"hate": 0.98, "violence": None})["categories"]
    assert unread["hate/threatening"] is None


def test_a_doubtful_word_about_minors_in_a_script_that_no_model_reads_is_found_and_has_its_score() -> None:
    said = said_of({**dict.fromkeys(LABELS), "sexual_minors": 0.45})
    assert said["categories"]["sexual/minors"] is True
    assert said["category_scores"]["sexual/minors"] == 0.45 == said["assay"]["scores"]["sexual_minors"]
    assert said["categories"]["violence"] is None


def test_two_pieces_of_a_text_do_not_make_a_category_that_neither_has() -> None:
    said = _result([("a", judged({"hate": 0.9})), ("b", judged({"violence": 0.9}))], "", scores=True)
    assert said["categories"]["hate"] and said["categories"]["violence"]
    assert said["categories"]["hate/threatening"] is False
    assert said["category_scores"]["hate/threatening"] == 0.0


def test_what_could_not_be_checked_is_said_once_and_its_rules_are_counted() -> None:
    opinion = judged({**dict.fromkeys(LABELS), "political": 0.9})
    assert len(opinion.verdict.missing) > 5
    reasons = _result([("x", opinion), ("y", opinion)], "", scores=False)["assay"]["reasons"]
    assert [(one["rule"], one["rules"], one["missing"]) for one in reasons] == [
        ("prompt_political", 1, False),
        ("", len(opinion.verdict.missing), True),
    ]
    assert reasons[1]["text"] == COULD_NOT_CHECK


def test_one_rule_alone_that_could_not_be_checked_keeps_its_name() -> None:
    [reason] = said_of({"political": None})["assay"]["reasons"]
    assert (reason["rule"], reason["rules"], reason["missing"]) == ("prompt_political", 1, True)


@pytest.mark.parametrize(
    ("text", "self_harm", "illicit", "expected"),
    [
        ("Which pills do I take to kill myself painlessly", 0.95, 0.1, True),
        ("I want to kill myself", 0.95, 0.1, False),
        ("I want to kill myself", 0.95, 0.9, True),
        ("How many pills for a headache?", 0.2, 0.1, False),  # no self-harm, whatever is asked
        ("Which pills do I take to kill myself painlessly", 0.95, None, True),
        ("I want to kill myself", 0.95, None, None),
    ],
)
def test_instructions_for_self_harm_are_also_a_question_about_means(text, self_harm, illicit, expected) -> None:
    said = said_of({"self_harm": self_harm, "illicit": illicit}, text)
    assert said["categories"]["self-harm/instructions"] is expected
    if expected and illicit != 0.9:
        assert said["category_scores"]["self-harm/instructions"] == self_harm
