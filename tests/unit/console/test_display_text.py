"""Nothing that can happen is without words."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from console.moderation.case_timeline import timeline_entry
from console.web import display_text
from console.web.http_errors import code_of, message_of, status_of
from core import errors
from core.assets import Asset
from core.case import Case, Phase
from core.events import (
    Appealed,
    Claimed,
    Commissioned,
    EngineDeclined,
    EngineFailed,
    Event,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Reversed,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.finding import FindingVerdict
from core.ports import RecordedEvent
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.moderation.reversal_desk import REVERSAL_CODES, SLIP
from pipeline.moderation.review_queue import SKIP_CODES
from pipeline.moderation.ruling_codes import RULING_CODES
from pipeline.moderation.sealed_hold import SEAL_CODES
from pipeline.service import RECALL_CODES

ASSET = Asset(digest="0" * 64, media_type="video/mp4", size=1)
VERDICT = Verdict(
    gate=Gate.VIDEO, decision=Decision.HOLD, rules=("calm",), missing=("calm",), policy="p", reason="Why."
)
RULING = Ruling(gate=Gate.VIDEO, decision=Decision.ALLOW, moderator="mod", over=("calm",), code="parody")
EVENTS = [
    Submitted(author="ann", prompt="t1", model="m", seconds=4, size="1x1", cameos=("bob",), references=(ASSET,)),
    Measured(signals=(Signal(subject=Subject.VIDEO, label="x", score=None, source="s/1"),)),
    Judged(verdict=VERDICT),
    Ruled(ruling=RULING),
    Commissioned(engine="e", engine_version="1", job="j"),
    Rendered(asset=ASSET, engine="e", engine_version="1", duration=2.0, width=4, height=2),
    EngineDeclined(engine="e", code="c"),
    EngineFailed(engine="e", code="out_of_memory"),
    Waiting(phase="admitted", reason="the engine is away", since=datetime.now(UTC)),
    Sealed(asset=ASSET, payload="aa", manifest_id="urn:1", manifest=ASSET, soft_binding="b"),
    Published(url="file:///x"),
    StageFailed(phase="rendered", kind="Unavailable", error="gone"),
    Resumed(by="mod"),
    Appealed(by="ann"),
    Recalled(by="ann", code="author"),
    Withdrawn(),
    Reversed(by="mod", code="mistake"),
    ViewSealed(by="mod", code="illegal_to_view"),
    Claimed(claim="C", kind="copyright", law="us_dmca_512", step="decided", by="mod", decision="upheld", code="c"),
]


def test_every_event_is_told_in_a_sentence():
    assert {type(e) for e in EVENTS} == set(get_args(Event))
    lines = [timeline_entry(RecordedEvent(revision=1, at=datetime.now(UTC), event=event)) for event in EVENTS]
    assert all(line.text and line.tone in {"allow", "hold", "refuse", "plain"} for line in lines)
    assert len({line.text for line in lines}) == len(lines)


def test_every_code_phase_and_finding_has_words():
    assert tuple(display_text.RULING_TEXTS) == RULING_CODES
    assert tuple(display_text.SKIP_TEXTS) == SKIP_CODES
    assert tuple(display_text.RECALL_TEXTS) == RECALL_CODES
    assert tuple(display_text.REVERSAL_TEXTS) == (*REVERSAL_CODES, SLIP)
    assert tuple(display_text.SEAL_TEXTS) == SEAL_CODES
    assert set(display_text.PHASE_TEXTS) == set(Phase)
    assert set(display_text.FINDING_HEADLINES) == set(FindingVerdict)


def test_no_headline_says_that_a_file_is_not_ai():
    said = " ".join(headline.lower() for headline, _ in display_text.FINDING_HEADLINES.values())
    assert "not made" not in said and "not ai" not in said and "real" not in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "under 1 min"), (59, "under 1 min"), (60, "1 min"), (3600, "1 h"), (11520, "3 h 12 min"), (3 * 86400, "3 days")],
)  # fmt: skip
def test_a_wait_is_said_in_its_two_largest_units(seconds, said):
    assert display_text.format_duration(seconds) == said


def test_a_place_is_said_in_its_own_unit():
    assert display_text.format_span(Span(start=1, end=2.5)) == "1.0–2.5 s"
    assert display_text.format_span(Span(start=1, end=4, unit="chars")) == "characters 1–4"
    assert display_text.format_span(None) == "as a whole"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.BadInput("x"), 400, "bad_input"),
        (errors.BadMedia("x"), 422, "bad_media"),
        (errors.Forbidden("x"), 403, "forbidden"),
        (errors.NotFound("x"), 404, "not_found"),
        (errors.Conflict("x"), 409, "conflict"),
        (errors.NotNow("x"), 409, "not_now"),
        (errors.Unavailable("x"), 503, "unavailable"),
    ],
)
def test_each_refusal_has_its_status_and_its_code(error, status, code):
    assert (status_of(error), code_of(error), message_of(error)) == (status, code, "x")


def test_of_an_unknown_error_nothing_is_passed_on():
    broken = ValueError("the prompt was: secret")
    assert (status_of(broken), code_of(broken)) == (500, "internal")
    assert "secret" not in message_of(broken)


def test_a_fresh_case_has_words():
    assert display_text.PHASE_TEXTS[Case(id="0" * 16).phase] == "new"
