import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.assets import Asset
from core.case import Case, Phase, new_case
from core.events import (
    Appealed,
    Commissioned,
    EngineDeclined,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    Withdrawn,
)
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from tests.unit.core.strategies import events

ASSET = Asset(digest="0" * 64, media_type="video/mp4", size=1)


def measured(subject=Subject.PROMPT):
    return Measured(signals=(Signal(subject=subject, label="x", score=0.0, source="t/1"),))


def judged(decision, gate=Gate.PROMPT):
    return Judged(verdict=Verdict(gate=gate, decision=decision, rules=("r",), policy="p"))


def ruled(decision=Decision.ALLOW, gate=Gate.PROMPT):
    return Ruled(ruling=Ruling(gate=gate, decision=decision, moderator="m", over=("r",), code="context"))


ORDERED = Commissioned(engine="e", engine_version="1", job="j")
RENDERED = Rendered(asset=ASSET, engine="e", engine_version="1")
SEALED = Sealed(asset=ASSET, payload="00", manifest_id="m", manifest=ASSET, soft_binding="s")
BROKE = StageFailed(phase="submitted", kind="Unavailable", error="away")
THE_WAY = [
    (Submitted(author="a", prompt="t"), Phase.SUBMITTED),
    (measured(), Phase.SCREENED),
    (judged(Decision.ALLOW), Phase.ADMITTED),
    (ORDERED, Phase.COMMISSIONED),
    (RENDERED, Phase.RENDERED),
    (measured(Subject.VIDEO), Phase.INSPECTED),
    (judged(Decision.ALLOW, Gate.VIDEO), Phase.CLEARED),
    (SEALED, Phase.SEALED),
    (Published(url="u"), Phase.PUBLISHED),
]


def until(phase):
    case = new_case()
    for event, reached in THE_WAY:
        case = case.apply([event])
        if reached is phase:
            return case
    raise AssertionError(phase)


def test_the_way_through_names_each_phase_in_turn():
    case = new_case()
    for event, phase in THE_WAY:
        case = case.apply([event])
        assert case.phase is phase
    assert case.revision == len(THE_WAY)


def test_what_a_reference_is_a_copy_of_is_part_of_what_was_asked_for_once_it_was_measured():
    case = until(Phase.SUBMITTED)
    assert case.request.copies == ()
    assert case.apply([Measured(signals=(), copies=("c1",))]).request.copies == ("c1",)
    old = new_case().apply([Submitted(author="a", prompt="t", copies=("c2",)), Measured(signals=())])
    assert old.request.copies == ("c2",)


def test_a_hold_goes_back_to_its_gate_once_ruled_and_not_past_it():
    held = until(Phase.SCREENED).apply([judged(Decision.HOLD)])
    assert held.phase is Phase.HELD
    assert held.apply([ruled()]).phase is Phase.SCREENED


def test_an_appeal_holds_a_refusal_at_the_gate_that_refused():
    refused = until(Phase.INSPECTED).apply([judged(Decision.REFUSE, Gate.VIDEO)])
    appealed = refused.apply([Appealed(by="a")])
    assert (appealed.phase, appealed.held_at) == (Phase.HELD, Phase.INSPECTED)


def test_three_failures_end_at_a_person_and_mending_approves_nothing():
    case = until(Phase.SCREENED).apply([BROKE, BROKE])
    assert case.phase is Phase.SCREENED
    held = case.apply([BROKE])
    assert held.phase is Phase.HELD
    assert held.apply([Resumed(by="m")]).phase is Phase.SCREENED


def test_progress_wipes_failures_away():
    assert until(Phase.SCREENED).apply([BROKE, BROKE, judged(Decision.ALLOW)]).failures == 0


def test_three_jobs_that_came_to_nothing_end_at_a_person():
    lost = StageFailed(phase="commissioned", kind="EngineFault", error="no video")
    case = until(Phase.ADMITTED)
    for _ in range(2):
        case = case.apply([ORDERED, lost])
        assert case.phase is Phase.ADMITTED
    case = case.apply([ORDERED, lost])
    assert (case.phase, case.held_at, case.orders) == (Phase.HELD, Phase.ADMITTED, 3)


def test_an_engine_that_does_not_answer_is_asked_for_the_same_job_again():
    case = until(Phase.COMMISSIONED).apply([StageFailed(phase="commissioned", kind="Unavailable", error="away")])
    assert case.phase is Phase.COMMISSIONED


@pytest.mark.parametrize("phase", [phase for _, phase in THE_WAY])
def test_a_recall_reaches_a_case_in_any_phase(phase):
    recalled = until(phase).apply([Recalled(by="a", code="author")])
    assert recalled.phase is Phase.RECALLED
    assert recalled.apply([Withdrawn()]).phase is Phase.WITHDRAWN


def test_a_withdrawal_is_never_given_up():
    case = until(Phase.PUBLISHED).apply([Recalled(by="a", code="author"), *[BROKE] * 9])
    assert case.phase is Phase.RECALLED


def test_what_is_measured_anew_replaces_what_was_measured_before():
    case = until(Phase.PUBLISHED)
    assert len(case.apply([measured(Subject.VIDEO)]).signals) == 2


@given(st.lists(events, max_size=8), st.integers(0, 8))
def test_a_case_is_the_fold_of_its_events_however_they_are_cut(story, cut):
    assert Case(id="x").apply(story) == Case(id="x").apply(story[:cut]).apply(story[cut:])


@given(st.lists(events, max_size=12))
def test_no_story_without_an_allow_at_the_video_gate_is_cleared(story):
    seen = Case(id="x")
    for event in story:
        seen = seen.apply([event])
        if seen.phase is Phase.CLEARED:
            assert any(v.gate is Gate.VIDEO and v.decision is Decision.ALLOW for v in seen.verdicts)


@pytest.mark.parametrize("score", [float("nan"), -0.01, 1.7, float("inf")])
def test_a_signal_refuses_what_is_no_score(score):
    with pytest.raises(ValueError, match="score"):
        Signal(subject=Subject.PROMPT, label="x", score=score, source="t/1")


@pytest.mark.parametrize("span", [(2, 1), (-1, 0), (0, float("inf"))])
def test_a_span_refuses_what_is_no_span(span):
    with pytest.raises(ValueError, match="span"):
        Span(start=span[0], end=span[1])


def test_an_asset_is_named_by_a_sha256():
    with pytest.raises(ValueError, match="SHA-256"):
        Asset(digest="abc", media_type="video/mp4", size=1)


@pytest.mark.parametrize(
    ("gate", "held_at", "back_to"),
    [
        (Gate.PROMPT, Phase.SCREENED, Phase.SUBMITTED),
        (Gate.VIDEO, Phase.INSPECTED, Phase.RENDERED),
    ],
)
def test_a_case_held_for_want_of_a_measurement_can_be_measured_anew(gate, held_at, back_to):
    held = until(held_at).apply([judged(Decision.HOLD, gate)])
    assert held.apply([Resumed(by="m", again=True)]).phase is back_to


def test_a_ruling_about_one_video_says_nothing_about_the_next():
    case = until(Phase.INSPECTED).apply([judged(Decision.HOLD, Gate.VIDEO), ruled(gate=Gate.VIDEO)])
    assert case.apply([RENDERED]).rulings == ()


def test_an_engine_is_given_what_was_prepared_and_in_old_logs_what_was_handed_in():
    received = Asset(digest="a" * 64, media_type="image/heic", size=3)
    sent = Asset(digest="b" * 64, media_type="image/png", size=5)
    old = Submitted(author="a", prompt="t", references=(received,))
    new = Submitted(author="a", prompt="t", references=(received,), references_sent=(sent,))
    assert (old.engine_inputs, new.engine_inputs) == ((received,), (sent,))
    assert set(new_case().apply([new]).assets()) == {received, sent}


DECLINED = EngineDeclined(engine="e", code="nsfw")


def declined_and_appealed():
    return until(Phase.ADMITTED).apply([ORDERED, DECLINED, Appealed(by="a")])


def test_what_an_engine_declined_is_known_while_a_person_looks_at_it():
    assert until(Phase.COMMISSIONED).apply([DECLINED]).declined == DECLINED
    assert declined_and_appealed().declined == DECLINED


@pytest.mark.parametrize("decision", list(Decision))
def test_a_new_verdict_ends_what_an_engine_declined_before(decision):
    case = declined_and_appealed().apply([ruled(), judged(decision)])
    assert case.declined is None


def test_a_video_that_its_gate_refuses_was_not_declined_by_the_engine_that_made_it():
    case = declined_and_appealed().apply([ruled(), judged(Decision.ALLOW), ORDERED, RENDERED])
    case = case.apply([measured(Subject.VIDEO), judged(Decision.REFUSE, Gate.VIDEO)])
    assert (case.phase, case.declined) == (Phase.REFUSED, None)


def test_an_engine_that_declines_again_is_known_again():
    again = EngineDeclined(engine="e", code="violence")
    case = declined_and_appealed().apply([ruled(), judged(Decision.ALLOW), ORDERED, again])
    assert (case.phase, case.declined) == (Phase.REFUSED, again)
