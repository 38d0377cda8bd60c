"""Whatever happens between any two steps, the laws hold; and where a part is broken on purpose, they say so."""

import logging
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from core.case import Case
from core.case import Phase as CasePhase
from core.ports import RecordedEvent
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import NoCompensation
from tests.unit.faults.struck_machine import StruckHouse, StruckMachine

SOUND = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
PLANTED = settings(SOUND, max_examples=300, phases=[Phase.generate], derandomize=True, database=None)


STEPS_OF_A_CASE = 26
"""Calls that reach outside the process while one case is carried from its order to the public, each counted twice."""


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Every fault is logged, thousands of times."""
    caplog.set_level(logging.CRITICAL, logger="assay")


def test_the_laws_hold_whatever_is_interleaved():
    run_state_machine_as_test(StruckMachine, settings=SOUND)


class ForgetfulLedger(MemoryLedger):
    """Looks at no revision and no transition: of two workers both win."""

    def append(self, case: Case, events, *, rest=timedelta(0)):
        there = self._cases.get(case.id, case)
        after, entries = there.apply(events), self._entries.setdefault(case.id, [])
        now = datetime.now(UTC)
        entries += [RecordedEvent(revision=n, at=now, event=e) for n, e in enumerate(events, there.revision + 1)]
        self._cases[case.id], self._due_at[case.id] = after, now + rest
        return after


class HouseWithTwoWinners(StruckHouse):
    def make_ledger(self):
        return ForgetfulLedger(first_retry_delay=timedelta(0))


class HouseThatLeavesCopiesUp(StruckHouse):
    def make_compensation(self, public):
        return NoCompensation()


class HouseThatLosesCases(StruckHouse):
    def make_ledger(self):
        ledger = MemoryLedger(first_retry_delay=timedelta(0))
        ledger.due = lambda *_, **__: ()
        return ledger


class HouseThatMarksAllAlike(StruckHouse):
    def seal(self, case, src, dst):
        sealed = super().seal(case, src, dst)
        dst.write_bytes(b"sealed 0000000000000000")
        return sealed


@pytest.mark.parametrize(
    "house, law",
    [(HouseThatLosesCases, "ended or waiting"), (HouseThatMarksAllAlike, "marked and signed")],
)
def test_a_planted_breach_is_found_by_lot(house, law):
    machine = type("Planted", (StruckMachine,), {"house_type": house})
    with pytest.raises(AssertionError) as found:
        run_state_machine_as_test(machine, settings=PLANTED)
    assert law in str(found.value)


def overtaken_at_each_step(house_type):
    """A case is taken down, by others, at each step of a worker that lost its lock and does not know it."""
    for step in range(STEPS_OF_A_CASE):
        with tempfile.TemporaryDirectory() as folder:
            machine = StruckMachine()
            machine.house = house_type(Path(folder))
            case_id = machine.somebody_orders(prompt="fine", shows=False)
            machine.others_act_while_a_worker_is_at_any_step(case_id=case_id, steps=step, who="zombie")
            machine.all_comes_to_rest()


def test_of_a_zombie_and_those_who_overtook_it_at_any_step_one_wins():
    overtaken_at_each_step(StruckHouse)


@pytest.mark.parametrize("house, law", [(HouseThatLeavesCopiesUp, "on the shelf"), (HouseWithTwoWinners, "allowed")])
def test_a_planted_breach_is_found_step_by_step(house, law):
    with pytest.raises(AssertionError) as found:
        overtaken_at_each_step(house)
    assert law in str(found.value)


def test_of_a_worker_killed_at_any_step_another_finds_the_case():
    for step in range(STEPS_OF_A_CASE):
        with tempfile.TemporaryDirectory() as folder:
            machine = StruckMachine()
            machine.house = StruckHouse(Path(folder))
            case_id = machine.somebody_orders(prompt="fine", shows=False)
            machine.a_worker_is_killed_at_any_step(case_id=case_id, steps=step)
            machine.all_comes_to_rest()
            assert machine.house.ledger.load(case_id).phase is CasePhase.PUBLISHED
