"""What the log of exposure promises, in memory and on Postgres, and what the desk makes of it."""

from datetime import UTC, datetime, timedelta

import pytest

from core.case import Case
from core.errors import Forbidden
from core.events import Submitted
from core.roles import Principal, Role
from core.signals import Signal, Subject
from pipeline.moderation.exposure import (
    ExposureDesk,
    ExposureLimits,
    ExposureStep,
    Step,
    severity_of,
    summarise_exposure,
)

MO, ED = (Principal(id=name, roles=frozenset({Role.MODERATOR})) for name in ("mo", "ed"))
LEAD, AUTHOR = (
    Principal(id=name, roles=frozenset({role})) for name, role in (("op", Role.OPERATOR), ("ana", Role.PLATFORM))
)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def case_of(label, case_id="c1"):
    signal = Signal(subject=Subject.VIDEO, label=label, score=0.9, source="t/1")
    return Case(id=case_id, submitted=Submitted(author="ana", prompt="t"), signals=(signal,))


def stepped(minutes, severity=4, step=Step.CLIP, case_id="c"):
    at = NOW - timedelta(minutes=minutes)
    return ExposureStep(person="mo", case_id=case_id, step=step, severity=severity, at=at)


def test_a_step_counts_once_an_hour_by_its_weight_and_the_severity_of_the_case(bench):
    desk = ExposureDesk(log=bench.exposure)
    for _ in range(3):
        desk.shown(MO, case_of("gore"), Step.CLIP)
    desk.shown(MO, case_of("calm", "c2"), Step.STILL)
    desk.shown(ED, case_of("nudity"), Step.STILL)
    desk.shown(AUTHOR, case_of("gore"), Step.CLIP)
    mine = desk.mine(MO)
    assert (mine.day_points, mine.cases, mine.severe_cases) == (5 * 4 + 1, 2, 1)
    assert mine.by_step == {Step.CLIP: 1, Step.STILL: 1} and mine.by_severity == {4: 1, 1: 1}
    assert [one.person for one in desk.exposures(LEAD)] == ["mo", "ed"]
    assert desk.exposure_of(LEAD, "ed").day_points == 3 and desk.exposure_of(LEAD, "nobody").cases == 0


def test_what_others_looked_at_is_for_leads(bench):
    desk = ExposureDesk(log=bench.exposure)
    desk.shown(MO, case_of("gore"), Step.CLIP)
    for asked in (lambda: desk.exposure_of(ED, "mo"), lambda: desk.exposures(MO), lambda: desk.erase(ED, "mo")):
        with pytest.raises(Forbidden):
            asked()
    assert desk.exposure_of(MO, "mo").cases == 1


def test_it_is_erased_for_a_person_and_deleted_once_it_is_old(bench):
    desk = ExposureDesk(log=bench.exposure)
    desk.shown(MO, case_of("gore"), Step.CLIP)
    desk.shown(ED, case_of("gore"), Step.CLIP)
    assert desk.erase(MO, "mo") == 1 and desk.mine(MO).day_points == 0 and desk.mine(ED).cases == 1
    assert ExposureDesk(log=bench.exposure, limits=ExposureLimits(keep=timedelta(0))).mine(ED).cases == 0


def test_severity_follows_what_was_found():
    assert [severity_of(case_of(label)) for label in ("self_harm", "nudity", "weapon_visual", "copyright_ip")] == [
        4,
        3,
        2,
        1,
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([stepped(n) for n in (59, 51, 43, 35, 27, 19, 11, 3)], "59 minutes without a break"),
        ([stepped(n, case_id=str(n)) for n in (3, 2, 1, 1, 1)], "last hour was heavy"),
        ([stepped(60 * n, case_id=str(n), step=Step.STILL) for n in range(20, 0, -1)], "20 cases today were hard"),
        ([stepped(60 * n, case_id=str(n)) for n in range(15, 0, -1)], "until tomorrow"),
        ([stepped(300), stepped(60 * 30)], ""),
    ],
)
def test_the_house_suggests_a_break_another_queue_or_an_end(steps, said):
    limits = ExposureLimits(day_points=300, hour_points=90, minutes=50, severe_cases=20)
    advice = summarise_exposure("mo", steps, limits, now=NOW).advice
    assert any(said in one for one in advice) if said else advice == ()
