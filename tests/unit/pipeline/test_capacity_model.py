"""The capacity model says what can be worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.case import Phase
from evals.capacity.scale_up import BUSY, DAY, PEAK, plan_day
from evals.capacity.service_times import ServiceTime
from evals.capacity.simulate import Plant, SimulatedLane, simulate

SECOND = ServiceTime(cpu=1.0, wall=1.0)
ONE = {Phase.SUBMITTED: SECOND}
LANE = SimulatedLane(phases=(Phase.SUBMITTED,), threads=4)


def plant(processors=2, lanes=(LANE,), **more):
    return Plant(processors=processors, lanes=lanes, **more)


def test_threads_share_the_processors_and_more_of_them_make_nothing_faster():
    assert simulate(plant(), ONE, [0.0] * 8).makespan == pytest.approx(4.0)
    assert simulate(plant(processors=8), ONE, [0.0] * 8).makespan == pytest.approx(2.0)  # four at once
    assert simulate(plant(), ONE, [0.0] * 8).busy == pytest.approx(1.0)


def test_a_stage_that_keeps_two_processors_busy_has_neither_for_others():
    both = {Phase.SUBMITTED: ServiceTime(cpu=2.0, wall=1.0)}
    assert simulate(plant(), both, [0.0]).makespan == pytest.approx(1.0)
    assert simulate(plant(), both, [0.0, 0.0]).makespan == pytest.approx(2.0)


@pytest.mark.parametrize("parallel", [1.1, 1.33, 1.8, 2.0])
def test_a_stage_alone_takes_as_long_as_it_took_however_many_processors_it_kept_busy(parallel):
    alone = {Phase.SUBMITTED: ServiceTime(cpu=4.0 * parallel, wall=4.0)}
    assert simulate(plant(), alone, [0.0]).makespan == pytest.approx(4.0)


def test_waiting_takes_a_thread_and_no_processor():
    waiting = {Phase.SUBMITTED: ServiceTime(cpu=0.0, wall=5.0)}
    found = simulate(plant(processors=1), waiting, [0.0] * 8)
    assert found.makespan == pytest.approx(10.0) and found.busy == 0


def test_the_engine_has_slots_and_costs_no_processor():
    route = {Phase.ADMITTED: ServiceTime(cpu=0.1, wall=0.1)}
    lane = SimulatedLane(phases=(Phase.ADMITTED,), threads=1)
    found = simulate(plant(lanes=(lane,), render_seconds=60.0, engine_slots=2), route, [0.0] * 4)
    assert found.makespan == pytest.approx(120, abs=1)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20), st.integers(1, 4), st.integers(1, 4))
def test_nothing_is_published_before_it_was_worked_on_nor_processors_busier_than_they_can_be(arrivals, cores, threads):
    lanes = (SimulatedLane(phases=(Phase.SUBMITTED,), threads=threads),)
    found = simulate(plant(processors=cores, lanes=lanes), ONE, arrivals)
    assert len(found.published) == len(arrivals) and found.busy <= 1 + 1e-9
    assert min(found.waited) >= 1 - 1e-6
    assert found.makespan >= len(arrivals) / min(cores, threads) - 1e-6


def test_a_day_is_planned_for_its_busiest_minute():
    services = dict.fromkeys(Phase, SECOND)
    day = plan_day(int(DAY), services, events=9, database_bytes=1e4, video_bytes=1e6)
    assert day.cores == pytest.approx(PEAK * len(services) / BUSY, rel=0.01)
    assert day.workers["render"] == pytest.approx(PEAK / BUSY, abs=1)
    assert (day.events_a_second, day.video_gigabytes) == (9 * PEAK, pytest.approx(DAY * 30 / 1e3, rel=0.01))
