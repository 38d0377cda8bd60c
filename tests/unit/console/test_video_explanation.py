"""What a creator is told: in the language of the prompt, with words and seconds, and without the detector."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from console.gateway.video_explanation import explanation_object, translated_reason
from console.web.translations import available_languages
from core.case import Case, Phase
from core.errors import BadInput, NotFound, PolicyError
from core.events import EngineDeclined, Submitted
from core.ports import RecordedEvent
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.actions import Action
from pipeline.case_explanation import CaseExplanation, ExplainedReason, explain_case, explained
from pipeline.case_record import CaseRecord
from pipeline.creator_texts import sentences
from pipeline.creator_texts.catalogs import ENGLISH_CATALOG, creator_catalog, creator_catalogs
from policy.decide import A_PERSON_REFUSED
from policy.explain import Reason

ASKED = Submitted(author="ann", prompt="t1")
PROMPT = "a naked man, naked again, near a lake"
SAID = "This prompt asks for sexual content, which is not made here."


class Explains:
    """A policy that gives these reasons for any verdict."""

    def __init__(self, *reasons):
        self.reasons = reasons

    def explain(self, _verdict, _signals):
        if isinstance(self.reasons[0] if self.reasons else None, Exception):
            raise self.reasons[0]
        return self.reasons


def record(phase, decision=Decision.REFUSE, gate=Gate.PROMPT, **more):
    verdict = Verdict(gate=gate, decision=decision, rules=("prompt_sexual",), policy="p", reason=SAID)
    case = Case(id="ab" * 8, phase=phase, submitted=ASKED, verdicts=(verdict,), **more)
    history = [RecordedEvent(revision=1, at=datetime(2026, 1, 1, tzinfo=UTC), event=ASKED)]
    return CaseRecord(case=case, history=history, prompt=PROMPT)


def test_the_words_are_told_once_each_and_not_where_they_stand():
    reason = Reason(rule="prompt_sexual", category="sexual", text=SAID, spans=((2, 7), (13, 18)), dsa="PORN")
    found = explain_case(record(Phase.REFUSED), Explains(reason))
    assert found == CaseExplanation(
        reasons=(ExplainedReason(rule="prompt_sexual", text=SAID, words=("naked",), dsa="PORN"),)
    )


def test_of_a_refusal_only_the_reasons_that_refused_it_are_told():
    held = Reason(rule="prompt_unsafe", category="unsafe", text="So a person will look at it first.")
    refused = Reason(rule="prompt_sexual", category="sexual", text=SAID)
    told = explain_case(record(Phase.REFUSED), Explains(held, refused))
    assert [one.rule for one in told.reasons] == ["prompt_sexual"]


def test_the_seconds_of_what_was_found_in_the_video_are_joined_where_they_touch():
    def seen(start, end, score):
        return Signal(subject=Subject.VIDEO, label="gore", score=score, source="f/1", at=Span(start=start, end=end))

    signals = [seen(0, 1, 0.9), seen(1.2, 2, 0.8), seen(4, 5, 0.7), seen(7, 8, 0.1)]
    [found] = explained([Reason(rule="video_gore", category="gore", text="x")], "", signals)
    assert found.seconds == ((0, 2), (4, 5))


@pytest.mark.parametrize("phase", [one for one in Phase if one not in (Phase.HELD, Phase.REFUSED)])
def test_there_is_nothing_to_explain_of_what_goes_on_or_is_over(phase):
    assert explain_case(record(phase), Explains()) is None


def test_what_the_engine_declined_is_not_explained_by_our_policy():
    declined = record(Phase.REFUSED, decision=Decision.ALLOW, declined=EngineDeclined(engine="e", code="c"))
    assert explain_case(declined, Explains()) is None


@pytest.mark.parametrize("error", [PolicyError(), NotFound(), BadInput()])
def test_a_policy_that_is_gone_leaves_the_sentence_of_the_verdict_which_is_translated_all_the_same(error):
    found = explain_case(record(Phase.REFUSED), Explains(error))
    assert found == CaseExplanation(reasons=())
    assert translated_reason(SAID, found, creator_catalog("fr")) == available_languages()["fr"](SAID) != SAID


@pytest.mark.parametrize("code", [*creator_catalogs(), "xx", ""])
def test_it_is_told_in_the_language_of_the_prompt_and_else_in_english(code):
    reason = ExplainedReason(rule="prompt_sexual", text=SAID, words=("nue",))
    explanation, language = CaseExplanation(reasons=(reason,)), code if code in creator_catalogs() else "en"
    catalog = creator_catalog(code)
    told = explanation_object(record(Phase.REFUSED).case, explanation, {Action.APPEAL}, catalog)
    assert told["language"] == language
    assert (
        told["reasons"][0] | {"rule": "prompt_sexual", "text": catalog.text(SAID), "words": ["nue"], "seconds": []}
        == told["reasons"][0]
    )
    assert told["change"] == [catalog.text(sentences.CHANGE_WORDS)]
    assert told["appeal"]["possible"] and told["appeal"]["text"] == catalog.text(sentences.APPEAL_POSSIBLE)
    assert (told["change"] == [sentences.CHANGE_WORDS]) == (language == "en")
    between = "" if language in ("ja", "zh") else " "
    assert translated_reason(f"{SAID} {A_PERSON_REFUSED}", explanation, catalog) == (
        f"{catalog.text(SAID)}{between}{catalog.text(A_PERSON_REFUSED)}"
    )


@pytest.mark.parametrize(
    ("rule", "more", "change"),
    [
        ("prompt_cameo_unleased", {}, "CHANGE_CONSENT"),
        ("reference_face_without_cameo", {}, "CHANGE_CONSENT"),
        ("reference_nudity", {}, "CHANGE_REFERENCE"),
        ("reference_work_likeness", {}, "CHANGE_REFERENCE"),
        ("prompt_work_parody", {"words": ("Pipkin",)}, "CHANGE_WORK"),
        ("video_work_unapproved", {}, "CHANGE_WORK"),
        ("author_flood", {}, "CHANGE_PACE"),
        ("video_gore", {"seconds": ((0.0, 1.0),)}, "CHANGE_SECONDS"),
        ("prompt_unsafe", {}, "CHANGE_DESCRIPTION"),
        ("prompt_gore", {"missing": True}, "CHANGE_NOTHING"),
    ],
)
def test_what_to_change_fits_what_was_found(rule, more, change):
    explanation = CaseExplanation(reasons=(ExplainedReason(rule=rule, text="x", **more),))
    told = explanation_object(record(Phase.REFUSED).case, explanation, (), ENGLISH_CATALOG)
    assert told["change"] == [getattr(sentences, change)]
    assert told["appeal"] == {
        "possible": False, "text": sentences.APPEAL_DECIDED, "method": None, "path": None
    }  # fmt: skip


def test_who_is_held_is_told_that_a_person_looks_already():
    held = replace(record(Phase.HELD, decision=Decision.HOLD).case, held_at=Phase.SCREENED)
    told = explanation_object(held, CaseExplanation(reasons=()), (), ENGLISH_CATALOG)
    assert told["appeal"]["text"] == sentences.APPEAL_RUNS


def test_where_no_words_carry_it_the_prompt_as_a_whole_is_named():
    reason = Reason(rule="prompt_sexual", category="sexual", text=SAID)
    measured = Signal(subject=Subject.PROMPT, label="sexual", score=0.9, source="p/1")
    [found] = explained([reason], PROMPT, [measured])
    assert found.whole_prompt
    told = explanation_object(record(Phase.REFUSED).case, CaseExplanation(reasons=(found,)), (), ENGLISH_CATALOG)
    assert told["reasons"][0]["where"] == sentences.WHOLE_PROMPT
    assert told["change"] == [sentences.CHANGE_DESCRIPTION]


@pytest.mark.parametrize(
    ("more", "measured"),
    [
        ({"spans": ((2, 7),)}, {}),
        ({"missing": True}, {}),
        ({}, {"field": "lora_text"}),
        ({}, {"subject": Subject.VIDEO}),
        ({}, {"label": "gore"}),
    ],
)
def test_it_is_not_named_where_words_or_something_else_carry_it(more, measured):
    reason = Reason(rule="prompt_sexual", category="sexual", text=SAID, **more)
    signal = replace(Signal(subject=Subject.PROMPT, label="sexual", score=0.9, source="p/1"), **measured)
    assert not explained([reason], PROMPT, [signal])[0].whole_prompt
