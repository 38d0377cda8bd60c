"""The story of a video, as whoever wanted it is told: what was decided and when, whatever happened, by nobody."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Case, Phase
from core.events import (
    Appealed,
    Judged,
    Published,
    Recalled,
    Resumed,
    Reversed,
    Ruled,
    StageFailed,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.ports import RecordedEvent
from core.transitions import allowed
from core.verdicts import Decision, Gate
from pipeline.creator.link_key import link_digest, link_secret, load_link_key
from pipeline.creator.video_story import STEP_CODES, appeal_outcome, video_steps
from tests.lawful import judged, possible, ruled, upheld_on_appeal, way_to

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
REFUSED = [*way_to(Phase.SCREENED), judged(Gate.PROMPT, Decision.REFUSE, "r")]
APPEALED = [*REFUSED, Appealed(by="ana")]


def told(*events):
    """The codes of the steps of a case to which these events happened."""
    return [step.code for step in video_steps(recorded(events))]


def recorded(events):
    return [RecordedEvent(revision=n, at=NOON + timedelta(minutes=n), event=e) for n, e in enumerate(events, 1)]


def on_appeal(decision, gate=Gate.PROMPT):
    ruling = ruled(gate, decision, "r").ruling
    return Ruled(ruling=replace(ruling, on_appeal=True))


def test_a_video_that_nothing_stops_is_told_from_the_order_to_the_publication():
    assert told(*way_to(Phase.PUBLISHED)) == [
        "asked",
        "prompt_checked",
        "ordered",
        "made",
        "video_checked",
        "marked",
        "published",
    ]


def test_who_refused_is_told_a_rule_or_a_person():
    held = [*way_to(Phase.SCREENED), judged(Gate.PROMPT, Decision.HOLD, "r")]
    assert told(*REFUSED)[-1] == "prompt_refused"
    by_person = [*held, ruled(Gate.PROMPT, Decision.REFUSE, "r"), judged(Gate.PROMPT, Decision.REFUSE, "r")]
    assert told(*by_person)[1:] == ["prompt_held", "prompt_refused_by_person"]
    allowed_by = [*held, ruled(Gate.PROMPT, Decision.ALLOW, "r"), judged(Gate.PROMPT)]
    assert told(*allowed_by)[1:] == ["prompt_held", "prompt_allowed_by_person"]


@pytest.mark.parametrize(
    ("decision", "code", "outcome"), [("ALLOW", "appeal_won", "won"), ("REFUSE", "appeal_lost", "lost")]
)
def test_what_became_of_an_appeal_is_told_once_its_gate_has_weighed_the_ruling(decision, code, outcome):
    way = Decision[decision]
    assert told(*APPEALED)[-1] == told(*APPEALED, on_appeal(way))[-1] == "appealed"
    assert appeal_outcome(video_steps(recorded(APPEALED))) == "runs"
    done = [*APPEALED, on_appeal(way), judged(Gate.PROMPT, way, *("r" * (way > Decision.ALLOW)))]
    assert told(*done)[-1] == code
    assert appeal_outcome(video_steps(recorded(done))) == outcome


def test_a_ruling_that_was_taken_back_is_told_by_nothing():
    taken_back = [*APPEALED, on_appeal(Decision.REFUSE), Reversed(by="m", code="slip")]
    assert told(*taken_back) == told(*APPEALED)
    assert told(*taken_back, on_appeal(Decision.ALLOW), judged(Gate.PROMPT))[-1] == "appeal_won"


def test_two_persons_are_told_as_two():
    waits = judged(Gate.PROMPT, Decision.HOLD, "r", two_person=("r",), awaiting=("r",))
    first = [*APPEALED, on_appeal(Decision.ALLOW), waits]
    assert told(*first)[-1] == "second_person"
    assert told(*first, on_appeal(Decision.ALLOW), judged(Gate.PROMPT))[-1] == "appeal_won"


def test_consent_that_ends_after_a_granted_appeal_is_no_answer_to_it():
    won = [*APPEALED, on_appeal(Decision.ALLOW), judged(Gate.PROMPT)]
    later = told(*won, judged(Gate.PROMPT, Decision.REFUSE, "prompt_cameo_unleased"))
    assert later[-2:] == ["appeal_won", "prompt_refused"]


def test_a_recall_that_is_undone_is_told_with_the_second_publication():
    down = [*way_to(Phase.WITHDRAWN), Reversed(by="m", code="mistake")]
    again = told(*down, *way_to(Phase.PUBLISHED, after=Phase.SEALED))
    assert again[-4:] == ["recalled_mistake", "gone", "decision_undone", "published_again"]


def test_a_recall_with_a_code_that_is_not_known_here_is_told_as_one():
    assert told(*way_to(Phase.PUBLISHED), Recalled(by="m", code="of_the_future"))[-1] == "recalled"


def test_what_only_waits_fails_once_or_is_sealed_is_not_a_step():
    quiet = [
        StageFailed(phase="submitted", kind="Unavailable", error="e"),
        Waiting(phase="submitted", reason="away", since=NOON),
    ]
    assert told(*way_to(Phase.SUBMITTED), *quiet) == ["asked"]
    broken = [*way_to(Phase.SUBMITTED), *quiet[:1] * 3]
    assert told(*broken) == ["asked", "broke"]
    assert told(*broken, ViewSealed(by="m", code="illegal_to_view"), Resumed(by="m")) == ["asked", "broke", "went_on"]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_may_happen_to_a_case_is_told_in_known_words_and_in_order(seed):
    chance, case, events = random.Random(seed), Case(id="c"), []
    for _ in range(40):
        may = [event for event in possible(case) if allowed(case, event)]
        if not may:
            break
        events.append(chance.choice(may))
        case = case.apply(events[-1:])
    steps = video_steps(recorded(events))
    assert steps[0].code == "asked" and {step.code for step in steps} <= set(STEP_CODES)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    settled = [e for e in events if isinstance(e, Judged) and e.verdict.decision is not Decision.HOLD]
    settled += [e for e in events if e in (Reversed(by="m", code="appeal_granted"), upheld_on_appeal())]
    assert not appeal_outcome(steps) or any(isinstance(event, Appealed) for event in events)
    assert sum("published" in step.code for step in steps) == sum(type(e).__name__ == "Published" for e in events)
    assert len(settled) >= sum(step.code.startswith("appeal_") for step in steps)


def test_secrets_of_links_differ_by_case_number_and_key_and_tell_none_of_them(tmp_path):
    key = load_link_key(tmp_path)
    assert load_link_key(tmp_path) == key and (tmp_path / "creator_links.key").stat().st_mode & 0o077 == 0
    secrets = {link_secret(k, c, n) for k in (key, b"k" * 32) for c in ("a1", "a11") for n in (1, 11)}
    assert len(secrets) == 8 and all(len(one) == 43 for one in secrets)
    assert link_digest("x") != link_digest("y") and len(link_digest("x")) == 64


DOWN = [*way_to(Phase.PUBLISHED), Recalled(by="m", code="rights"), Withdrawn(), Appealed(by="ana")]


@pytest.mark.parametrize(
    ("answer", "code", "outcome"),
    [(Reversed(by="m2", code="appeal_granted"), "appeal_won", "won"), (upheld_on_appeal("m2"), "appeal_lost", "lost")],
)
def test_the_appeal_of_what_was_taken_down_runs_until_a_person_answers_it(answer, code, outcome):
    assert appeal_outcome(video_steps(recorded(DOWN))) == "runs"
    assert told(*DOWN, answer)[-3:] == ["gone", "appealed", code]
    assert appeal_outcome(video_steps(recorded([*DOWN, answer]))) == outcome
    if code == "appeal_won":
        back = [answer, Published(url="u"), Recalled(by="m", code="policy"), Withdrawn()]
        assert told(*DOWN, *back)[-4:] == ["appeal_won", "published_again", "recalled_policy", "gone"]
