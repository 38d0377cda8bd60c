"""The video object has the fields of OpenAI's, whatever happened to the case."""

from datetime import UTC, datetime

import pytest

from console.gateway.video_object import video_object, video_status
from console.moderation.case_views import highlight_prompt
from core.case import Case, Phase
from core.events import EngineDeclined, Recalled, Submitted
from core.ports import RecordedEvent
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict

FIELDS = {
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "prompt", "size",
    "seconds", "remixed_from_video_id", "error", "assay",
}  # fmt: skip
ASKED = Submitted(author="ann", prompt="t1", model="wan", seconds=4.0, size="1280x720")
HISTORY = [RecordedEvent(revision=1, at=datetime(2026, 1, 1, tzinfo=UTC), event=ASKED)]


def case(phase, **more):
    return Case(id="ab" * 8, phase=phase, submitted=ASKED, revision=1, **more)


def verdict(decision):
    return Verdict(gate=Gate.PROMPT, decision=decision, rules=("calm",), policy="p", reason="Too calm.")


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_one_of_the_four_states(phase):
    shown = video_object(case(phase), HISTORY, "a cat")
    assert set(shown) == FIELDS
    assert shown["status"] in {"queued", "in_progress", "completed", "failed"}
    assert 0 <= shown["progress"] <= 100
    assert (shown["seconds"], shown["size"], shown["model"]) == ("4", "1280x720", "wan")
    assert (shown["error"] is not None) == (shown["status"] == "failed")


def test_only_what_is_published_is_completed():
    assert [p for p in Phase if video_status(case(p)) == "completed"] == [Phase.PUBLISHED]


def test_a_refusal_gives_its_reason():
    shown = video_object(case(Phase.REFUSED, verdicts=(verdict(Decision.REFUSE),)), HISTORY, None)
    assert shown["error"] == {"code": "policy_refused", "message": "Too calm."}


def test_the_engines_own_refusal_is_told_apart():
    shown = video_object(case(Phase.REFUSED, declined=EngineDeclined(engine="e", code="nsfw")), HISTORY, None)
    assert shown["error"]["code"] == "engine_declined"


def test_a_hold_is_in_progress_and_says_why():
    shown = video_object(case(Phase.HELD, held_at=Phase.SCREENED, verdicts=(verdict(Decision.HOLD),)), HISTORY, "x")
    assert shown["status"] == "in_progress"
    assert shown["assay"] == {
        "phase": "held", "decision": "hold", "rules": ["calm"], "reason": "Too calm.", "revision": 1,
    }  # fmt: skip


def test_a_recalled_video_says_so():
    shown = video_object(case(Phase.WITHDRAWN, recalled=Recalled(by="ann", code="author")), HISTORY, None)
    assert shown["error"]["code"] == "recalled"


def test_the_words_that_a_classifier_pointed_at_are_marked_and_none_is_lost():
    def pointed(start, end, score=0.9):
        at = Span(start=start, end=end, unit="chars")
        return Signal(subject=Subject.PROMPT, label="x", score=score, source="s/1", at=at)

    pieces = highlight_prompt("abcdef", [pointed(1, 3), pointed(2, 4), pointed(0, 6, score=0.4)])
    assert pieces == (("a", False), ("bcd", True), ("ef", False))
    assert highlight_prompt("", [pointed(0, 5)]) == ()
