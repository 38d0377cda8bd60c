"""Nothing stands behind what takes long: not behind engines at work, not behind seals."""

import threading
from time import monotonic

import pytest

from core.case import Phase, new_case
from core.errors import NotYet
from core.events import Recalled, Submitted
from core.ports import Ticket
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import DEFAULT_LANES, LocalRunner
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import stub_context
from tests.stub_pipeline.stages import ROUTE


def ticket_of(case):
    return Ticket(case_id=case.id, revision=case.revision, phase=case.phase)


class Running:
    """A runner at work for as long as the context lasts; `blocked` is what a stage may wait for."""

    def __init__(self, **stages):
        self.ledger, self.bus, self.stop = MemoryLedger(), LocalBus(), threading.Event()
        self.blocked = threading.Event()
        route = ROUTE | {Phase[name.upper()]: stage for name, stage in stages.items()}
        self.runner = LocalRunner(stub_context(self.ledger, self.bus, route=route))
        self.thread = threading.Thread(target=self.runner.run_forever, args=(self.stop,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.blocked.set()
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def submitted(self, prompt="a hedgehog"):
        return self._sent(new_case(), Submitted(author="ana", prompt=prompt))

    def recalled(self, case):
        return self._sent(self.ledger.load(case.id), Recalled(by="m", code="mistake"))

    def comes_to(self, case, *phases):
        for _ in range(1500):  # on a busy machine threads wait for each other
            if (now := self.ledger.load(case.id)).phase in phases:
                return now
            threading.Event().wait(0.01)
        raise AssertionError(f"{now.phase} and not {phases}")

    def _sent(self, case, event):
        case = self.ledger.append(case, [event])
        self.bus.send(ticket_of(case))
        return case


def still_rendering(_case):
    raise NotYet(0.05)


def test_behind_a_hundred_renders_under_way_prompts_are_judged_and_takedowns_done():
    with Running(commissioned=still_rendering) as running:
        renders = [running.submitted() for _ in range(100)]
        for case in renders:
            running.comes_to(case, Phase.COMMISSIONED)
        running.comes_to(running.submitted("refuse prompt"), Phase.REFUSED)
        running.comes_to(running.recalled(renders[0]), Phase.WITHDRAWN)
        assert {running.ledger.load(case.id).phase for case in renders[1:]} == {Phase.COMMISSIONED}
        assert {running.ledger.load(case.id).failures for case in renders} == {0}


def test_behind_seals_that_take_every_core_prompts_are_judged_and_takedowns_done():
    running = Running()

    def seal(case):
        running.blocked.wait(20)
        return ROUTE[Phase.CLEARED](case)

    running = Running(cleared=seal)
    with running:
        sealing = [running.submitted() for _ in range(DEFAULT_LANES["videos"].threads + 3)]
        for case in sealing:  # those whose turn has not come when the first is sealed are not inspected yet
            running.comes_to(case, Phase.RENDERED, Phase.CLEARED)
        running.comes_to(running.submitted("refuse prompt"), Phase.REFUSED)
        running.comes_to(running.recalled(sealing[-1]), Phase.WITHDRAWN)
        running.blocked.set()
        running.comes_to(sealing[0], Phase.PUBLISHED)


def test_phases_of_no_lane_are_run_all_the_same():
    ledger, bus, stop = MemoryLedger(), LocalBus(), threading.Event()
    runner = LocalRunner(stub_context(ledger, bus), lanes={})
    thread = threading.Thread(target=runner.run_forever, args=(stop,))
    thread.start()
    case = ledger.append(new_case(), [Submitted(author="ana", prompt="p")])
    runner.submit(ticket_of(case))
    for _ in range(500):
        if ledger.load(case.id).phase is Phase.PUBLISHED:
            break
        threading.Event().wait(0.01)
    stop.set()
    thread.join(10)
    assert ledger.load(case.id).phase is Phase.PUBLISHED


def test_draining_waits_for_engines_and_keeps_no_order_among_renders():
    asked = {}

    def slow_engine(case):
        asked[case.id] = asked.get(case.id, 0) + 1
        if asked[case.id] < 3:
            raise NotYet(0.05)
        return ROUTE[Phase.COMMISSIONED](case)

    ledger, bus = MemoryLedger(), LocalBus()
    runner = LocalRunner(stub_context(ledger, bus, route=ROUTE | {Phase.COMMISSIONED: slow_engine}))
    cases = [ledger.append(new_case(), [Submitted(author="ana", prompt="p")]) for _ in range(3)]
    began = monotonic()
    runner.drain()
    assert {ledger.load(case.id).phase for case in cases} == {Phase.PUBLISHED}
    assert set(asked.values()) == {3}
    assert monotonic() - began >= 0.1


# The bus


def test_a_ticket_for_later_comes_when_it_is_due_and_once():
    bus, case = LocalBus(), MemoryLedger().append(new_case(), [Submitted(author="a", prompt="t")])
    for _ in range(2):
        bus.send(ticket_of(case), after=0.05)
    bus.send(ticket_of(case))
    assert bus.take() is None
    assert bus.take(5.0) == ticket_of(case)
    assert (bus.take(0.1), bus.seconds_to_next) == (None, None)


def test_a_taker_gets_the_phases_it_asks_for_in_the_order_they_were_sent():
    bus, ledger = LocalBus(), MemoryLedger()
    case = ledger.append(new_case(), [Submitted(author="a", prompt="t")])
    tickets = [
        Ticket(case_id=case.id, revision=number, phase=phase)
        for number, phase in enumerate([Phase.CLEARED, Phase.SCREENED, Phase.SUBMITTED])
    ]
    for ticket in tickets:
        bus.send(ticket)
    assert bus.take(phases=(Phase.SUBMITTED, Phase.SCREENED)) == tickets[1]
    bus.put_back(tickets[1])
    assert bus.take(phases=(Phase.SUBMITTED, Phase.SCREENED)) == tickets[1]
    assert bus.take(phases=(Phase.SUBMITTED, Phase.SCREENED)) == tickets[2]
    assert bus.take(phases=(Phase.SUBMITTED, Phase.SCREENED)) is None
    assert bus.take() == tickets[0]


@pytest.mark.parametrize("waiting", [0.0, 0.05])
def test_a_ticket_that_comes_meanwhile_ends_the_waiting(waiting):
    bus, case = LocalBus(), MemoryLedger().append(new_case(), [Submitted(author="a", prompt="t")])
    sender = threading.Timer(0.05, bus.send, args=(ticket_of(case),), kwargs={"after": waiting})
    sender.start()
    assert bus.take(10.0) == ticket_of(case)
    sender.join()
