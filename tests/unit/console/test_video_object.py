"""The video object has the fields and types of OpenAI's, whatever happened to the case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from openai.types import Video
from pydantic import TypeAdapter

from console.gateway.video_object import UnstatedValues, video_object, video_status
from console.moderation.case_views import highlight_prompt
from core.case import Case, Phase
from core.events import Commissioned, EngineDeclined, EngineFailed, Recalled, Rendered, StageFailed, Submitted
from core.ports import RecordedEvent
from core.signals import Signal, Span, Subject
from core.transitions import allowed
from core.verdicts import Decision, Gate, Verdict
from pipeline.case_record import CaseRecord
from pipeline.creator_texts import sentences
from pipeline.creator_texts.catalogs import creator_catalog
from tests.lawful import VIDEO, possible, way_to

STRICT = TypeAdapter(Video)
FIELDS = {
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "prompt", "size",
    "seconds", "remixed_from_video_id", "error", "assay",
}  # fmt: skip
ASKED = Submitted(author="ann", prompt="t1", model="wan", seconds=4.0, size="1280x720")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HISTORY = [RecordedEvent(revision=1, at=BEGIN, event=ASKED)]


def shown(case, prompt, history=HISTORY):
    return video_object(CaseRecord(case=case, history=history, prompt=prompt))


def told(*events):
    """The answer about a case to which this happened, a second apart, with UnstatedValues of an engine."""
    history = [RecordedEvent(revision=n, at=BEGIN + timedelta(seconds=n), event=e) for n, e in enumerate(events, 1)]
    record = CaseRecord(case=Case(id="ab" * 8).apply(events), history=history, prompt="a cat")
    return video_object(record, UnstatedValues(model="wan"))


def case(phase, **more):
    return Case(id="ab" * 8, phase=phase, submitted=ASKED, revision=1, **more)


def verdict(decision):
    return Verdict(gate=Gate.PROMPT, decision=decision, rules=("calm",), policy="p", reason="Too calm.")


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_one_of_the_four_states(phase):
    answer = shown(case(phase), "a cat")
    assert set(answer) == FIELDS
    assert answer["status"] in {"queued", "in_progress", "completed", "failed"}
    assert 0 <= answer["progress"] <= 100
    assert (answer["seconds"], answer["size"], answer["model"]) == ("4", "1280x720", "wan")
    assert (answer["error"] is not None) == (answer["status"] == "failed")


def test_only_what_is_published_is_completed():
    assert [p for p in Phase if video_status(case(p)) == "completed"] == [Phase.PUBLISHED]


def test_a_refusal_gives_its_reason():
    answer = shown(case(Phase.REFUSED, verdicts=(verdict(Decision.REFUSE),)), None)
    assert answer["error"] == {"code": "policy_refused", "message": "Too calm."}


def test_the_engines_own_refusal_is_told_apart():
    answer = shown(case(Phase.REFUSED, declined=EngineDeclined(engine="e", code="nsfw")), None)
    assert answer["error"]["code"] == "engine_declined"


def test_a_hold_is_in_progress_and_says_why():
    answer = shown(case(Phase.HELD, held_at=Phase.SCREENED, verdicts=(verdict(Decision.HOLD),)), "x")
    assert answer["status"] == "in_progress"
    assert answer["assay"] == {
        "language": "en", "phase": "held", "decision": "hold", "rules": ["calm"], "reason": "Too calm.", "revision": 1,
        "unstated": [],
        "reply": None,
        "waiting": None,
        "explanation": None,
    }  # fmt: skip


def test_a_recalled_video_says_so():
    answer = shown(case(Phase.WITHDRAWN, recalled=Recalled(by="ann", code="author")), None)
    assert answer["error"]["code"] == "recalled"


def reachable():
    """Every state that differs in what an answer is made of, with one of the ways there."""
    waiting, seen = [way_to(Phase.SUBMITTED)], {}
    while waiting:
        events = waiting.pop(0)
        case = Case(id="ab" * 8).apply(events)
        state = (
            case.phase,
            case.held_at,
            min(case.failures, 3),
            case.rendered,
            case.declined,
            case.recalled,
            case.verdict,
        )
        if repr(state) in seen:
            continue
        seen[repr(state)] = events
        waiting += [[*events, event] for event in possible(case) if allowed(case, event)]
    return list(seen.values())


def test_a_strict_client_accepts_the_answer_in_every_state_that_a_case_can_be_in():
    phases = set()
    for events in reachable():
        answer = told(*events)
        video = STRICT.validate_python(answer, strict=True)
        assert video.error is None or (video.error.code and video.error.message)
        assert (video.error is not None) == (video.status == "failed")
        assert video.model and video.seconds
        phases.add(answer["assay"]["phase"])
    assert phases == {phase.value for phase in Phase} - {"new"}


def test_what_was_made_is_said_before_what_was_asked_and_both_before_what_is_usual():
    asked = replace(ASKED, model="sora-2")
    made = Rendered(
        asset=VIDEO, engine="e", engine_version="1", model="wan-2.2", width=720, height=1280, duration=4.0417
    )
    before, after = told(asked), told(*way_to(Phase.RENDERED, submitted=asked, rendered=made))
    nothing = told(Submitted(author="a", prompt="t"))
    assert (before["model"], before["size"], before["seconds"]) == ("sora-2", "1280x720", "4")
    assert (after["model"], after["size"], after["seconds"]) == ("wan-2.2", "720x1280", "4.04")
    assert (nothing["model"], nothing["size"], nothing["seconds"]) == ("wan", "720x1280", "4")
    assert nothing["assay"]["unstated"] == ["model", "size", "seconds"]
    assert before["assay"]["unstated"] == after["assay"]["unstated"] == []


def test_an_engine_that_names_no_model_is_named_itself():
    made = Rendered(asset=VIDEO, engine="folder", engine_version="1")
    assert told(*way_to(Phase.RENDERED, rendered=made))["model"] == "folder"


def test_progress_does_not_fall_when_an_order_is_lost_and_given_again():
    ordered = way_to(Phase.COMMISSIONED)
    lost = [*ordered, StageFailed(phase="commissioned", kind="EngineFault", error="")]
    again = [*lost, Commissioned(engine="e", engine_version="1", job="k")]
    assert [told(*events)["progress"] for events in (ordered, lost, again)] == [20, 20, 20]


def test_the_words_that_a_classifier_pointed_at_are_marked_and_none_is_lost():
    def pointed(start, end, score=0.9):
        at = Span(start=start, end=end, unit="chars")
        return Signal(subject=Subject.PROMPT, label="x", score=score, source="s/1", at=at)

    pieces = highlight_prompt("abcdef", [pointed(1, 3), pointed(2, 4), pointed(0, 6, score=0.4)])
    assert pieces == (("a", False), ("bcd", True), ("ef", False))
    assert highlight_prompt("", [pointed(0, 5)]) == ()


FAILED = EngineFailed(engine="wan", code="out_of_memory", reason="t2")


def in_language(case, language, accept="", failure="", explanation=None):
    record = CaseRecord(case=replace(case, language=language), history=HISTORY, prompt="x", failure=failure)
    return video_object(record, accept_language=accept, explanation=explanation)


@pytest.mark.parametrize(
    ("language", "accept", "code"), [("de", "fr", "de"), ("", "fr", "fr"), ("sv", "fr", "fr"), ("", "", "en")]
)
def test_an_answer_is_in_the_language_of_the_prompt_else_of_the_reader(language, accept, code):
    answer = in_language(case(Phase.RECALLED, recalled=Recalled(by="m", code="policy")), language, accept)
    assert answer["assay"]["language"] == code
    assert answer["error"]["message"] == creator_catalog(code).text(sentences.RECALLED, code="policy")


def test_a_failure_is_told_in_the_language_of_the_prompt_with_the_words_of_the_engine_behind_it():
    failed = case(Phase.FAILED, failed=FAILED)
    message = {code: in_language(failed, code, failure="CUDA OOM")["error"]["message"] for code in ("en", "de", "ar")}
    assert message["en"] == "The engine could not make this video: CUDA OOM."
    assert message["de"] == (
        "Die Engine konnte dieses Video nicht erstellen: der Speicher reichte nicht aus (CUDA OOM)."
    )
    assert "\u2068CUDA OOM\u2069" in message["ar"] and "The engine" not in message["ar"]
    assert in_language(failed, "de")["error"]["message"].endswith("der Speicher reichte nicht aus.")


def test_a_case_that_a_failure_holds_says_so_in_the_language_of_the_prompt():
    broken = case(Phase.HELD, held_at=Phase.ADMITTED, last_failure=StageFailed(phase="admitted", kind="x", error="x"))
    assert in_language(broken, "ko")["assay"]["reason"] == creator_catalog("ko").text(sentences.HELD_BY_FAILURE)
