import os
import signal
import threading
from datetime import timedelta

import pytest

from core.case import Phase, new_case
from core.errors import Unavailable
from core.events import Submitted
from core.ports import Ticket
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import LocalRunner
from pipeline.runners.shutdown import stop_on_signals
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import CalledListener, stub_context
from tests.stub_pipeline.stages import ROUTE


def begun(ledger):
    return ledger.append(new_case(), [Submitted(author="ana", prompt="p")])


def ticket_of(case):
    return Ticket(case_id=case.id, revision=case.revision, phase=case.phase)


class Flickering(MemoryLedger):
    """A ledger that is away for the first so many questions."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def try_lock(self, case_id):
        self._flicker()
        return super().try_lock(case_id)

    def due(self, phases, **given):
        self._flicker()
        return super().due(phases, **given)

    def _flicker(self):
        self.times -= 1
        if self.times >= 0:
            raise Unavailable("the database does not answer")


def in_background(runner, stop):
    thread = threading.Thread(target=runner.run_forever, args=(stop,), kwargs={"sweep_every": timedelta(seconds=0.05)})
    thread.start()
    return thread


def wait_for(ledger, case, phase):
    for _ in range(500):
        if ledger.load(case.id).phase is phase:
            return
        threading.Event().wait(0.02)
    raise AssertionError(ledger.load(case.id).phase)


def test_the_queue_holds_a_ticket_once():
    bus, ticket = LocalBus(), ticket_of(begun(MemoryLedger()))
    bus.send(ticket)
    bus.send(ticket)
    assert bus.waiting == 1
    assert bus.take() == ticket
    assert bus.take() is None


def test_a_runner_without_a_local_bus_is_a_mistake():
    with pytest.raises(TypeError, match="LocalBus"):
        LocalRunner(stub_context(MemoryLedger(), object()))


def test_draining_says_that_the_ledger_is_away_and_keeps_the_ticket():
    ledger, bus = Flickering(0), LocalBus()
    runner = LocalRunner(stub_context(ledger, bus))
    runner.submit(ticket_of(begun(ledger)))
    ledger.times = 2
    with pytest.raises(Unavailable):
        runner.drain()
    assert bus.waiting == 1
    runner.drain()
    assert bus.waiting == 0


def test_running_waits_for_the_ledger_and_loses_nothing():
    ledger, stop = Flickering(0), threading.Event()
    case = begun(ledger)
    ledger.times = 2
    thread = in_background(LocalRunner(stub_context(ledger, LocalBus())), stop)
    wait_for(ledger, case, Phase.PUBLISHED)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_an_error_of_ours_in_the_runner_stops_no_other_case():
    ledger, stop, told = MemoryLedger(), threading.Event(), []

    def tell(case, _events):
        told.append(case.id)
        if len(told) == 1:
            raise RuntimeError("nobody listens")

    first, second = begun(ledger), begun(ledger)
    thread = in_background(LocalRunner(stub_context(ledger, LocalBus(), listener=CalledListener(tell))), stop)
    wait_for(ledger, first, Phase.PUBLISHED)
    wait_for(ledger, second, Phase.PUBLISHED)
    stop.set()
    thread.join(10)


def test_after_stop_what_runs_is_appended_and_nothing_else_begins():
    ledger, stop, bus = MemoryLedger(), threading.Event(), LocalBus()

    def render_and_stop(case):
        stop.set()
        return ROUTE[Phase.COMMISSIONED](case)

    case = begun(ledger)
    route = {**ROUTE, Phase.COMMISSIONED: render_and_stop}
    in_background(LocalRunner(stub_context(ledger, bus, route=route)), stop).join(10)
    assert ledger.load(case.id).phase is Phase.RENDERED


def test_a_signal_sets_the_stop_and_the_old_ways_return():
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5)
    assert signal.getsignal(signal.SIGTERM) is before


def test_two_processes_of_other_phases_share_a_ledger_without_a_broker():
    ledger = MemoryLedger()
    phases = tuple(ROUTE)
    case = begun(ledger)
    one = LocalRunner(stub_context(ledger, LocalBus(), accepted_phases=phases[::2]))
    two = LocalRunner(stub_context(ledger, LocalBus(), accepted_phases=phases[1::2]))
    for _ in range(5):
        one.drain()
        two.drain()
    assert ledger.load(case.id).phase is Phase.PUBLISHED


def test_a_case_of_a_newer_assay_is_left_and_the_others_go_on():
    class Puzzling(MemoryLedger):
        def load(self, case_id):
            if case_id == puzzle.id:
                raise Unavailable("a newer Assay wrote it")
            return super().load(case_id)

    ledger = Puzzling()
    puzzle, case = begun(ledger), begun(ledger)
    LocalRunner(stub_context(ledger, LocalBus())).drain()
    assert ledger.load(case.id).phase is Phase.PUBLISHED


def test_a_case_whose_claim_could_not_be_asked_for_once_is_drained_all_the_same():
    class Shaky(MemoryLedger):
        asked = 0

        def try_lock(self, case_id):
            self.asked += 1
            if self.asked == 1:
                raise Unavailable("no connection in time")
            return super().try_lock(case_id)

    ledger, bus = Shaky(), LocalBus()
    case = begun(ledger)
    runner = LocalRunner(stub_context(ledger, bus))
    runner.submit(ticket_of(case))
    runner.drain()
    assert ledger.load(case.id).phase is Phase.PUBLISHED
