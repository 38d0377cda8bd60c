from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from core.case import Phase, new_case
from core.errors import Unavailable
from core.events import Recalled, StageFailed, Submitted
from core.retries import retry_delay
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.sweeper import collect_orphans, resend_due_tickets
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import EmptyVault
from tests.stub_pipeline.stages import ROUTE

START = datetime(2026, 11, 1, tzinfo=UTC)
FIRST = timedelta(seconds=30)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def after(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(clock):
    return MemoryLedger(clock)


def swept(ledger, clock, vault=None, older_than=timedelta(seconds=10)):
    bus = LocalBus()
    resend_due_tickets(ledger, bus, vault or EmptyVault(), tuple(ROUTE), older_than)
    tickets = []
    while ticket := bus.take():
        tickets.append(ticket.case_id)
    return tickets


def begun(ledger, *events):
    return ledger.append(new_case(), [Submitted(author="ana", prompt="p"), *events])


def failed(phase="submitted"):
    return StageFailed(phase=phase, kind="ValueError", error="")


def test_a_case_that_has_just_moved_is_left_alone(ledger, clock):
    case = begun(ledger)
    assert swept(ledger, clock) == []
    clock.after(seconds=10)
    assert swept(ledger, clock) == [case.id]


def test_a_case_that_failed_rests_longer_each_time(ledger, clock):
    case = begun(ledger, failed())
    clock.after(seconds=29)
    assert swept(ledger, clock) == []
    clock.after(seconds=1)
    assert swept(ledger, clock) == [case.id]
    ledger.append(case, [failed()])
    clock.after(seconds=59)
    assert swept(ledger, clock) == []
    clock.after(seconds=1)
    assert swept(ledger, clock) == [case.id]


def test_a_case_at_a_person_is_never_swept(ledger, clock):
    case = begun(ledger, failed(), failed(), failed())
    assert case.phase is Phase.HELD
    clock.after(days=1)
    assert swept(ledger, clock) == []


def test_a_withdrawal_is_never_given_up_and_never_hurried(ledger, clock):
    case = begun(ledger, Recalled(by="mod", code="likeness"), *[failed("recalled")] * 9)
    clock.after(minutes=59)
    assert swept(ledger, clock) == []
    clock.after(minutes=1)
    assert swept(ledger, clock) == [case.id]
    assert retry_delay(9, timedelta(0)) == timedelta(minutes=1)


def test_pauses_double_to_an_hour():
    pauses = [retry_delay(n, FIRST).total_seconds() for n in (0, 1, 2, 3, 4, 7, 8, 1000)]
    assert pauses == [0, 30, 60, 120, 240, 1920, 3600, 3600]


def test_hundreds_that_are_stuck_in_one_phase_hide_no_other(ledger, clock):
    for _ in range(1100):
        begun(ledger, Recalled(by="mod", code="likeness"), failed("recalled"))
    clock.after(seconds=1)
    other = begun(ledger)
    clock.after(seconds=10)
    assert swept(ledger, clock) == [other.id]


def test_a_case_that_cannot_be_read_does_not_stop_the_others(clock):
    class Puzzling(MemoryLedger):
        def load(self, case_id):
            if case_id == puzzle.id:
                raise Unavailable("a newer Assay wrote it")
            return super().load(case_id)

    ledger = Puzzling(clock)
    puzzle, case = begun(ledger), begun(ledger)
    clock.after(seconds=10)
    assert case.id in swept(ledger, clock)


def test_a_thousand_cases_that_cannot_be_read_hide_no_other_for_longer_than_a_sweep(clock):
    class Puzzling(MemoryLedger):
        def load(self, case_id):
            if case_id in puzzles:
                raise Unavailable("a newer Assay wrote it")
            return super().load(case_id)

    ledger, puzzles = Puzzling(clock), set()
    puzzles |= {begun(ledger).id for _ in range(1000)}
    clock.after(seconds=1)
    case = begun(ledger)
    clock.after(seconds=10)
    sweeps = [_leased(ledger, clock) for _ in range(2)]
    assert (set(sweeps[0]), sweeps[1]) == (puzzles, [case.id])


def test_a_sweep_with_a_lease_goes_on_where_the_last_one_stopped_and_comes_back(ledger, clock):
    cases = {begun(ledger).id for _ in range(2500)}
    clock.after(seconds=10)
    sweeps = [_leased(ledger, clock) for _ in range(4)]
    assert [len(sweep) for sweep in sweeps] == [1000, 1000, 500, 0]
    assert {case_id for sweep in sweeps for case_id in sweep} == cases
    clock.after(seconds=30)
    assert len(_leased(ledger, clock)) == 1000


def test_tickets_of_a_case_that_only_waits_in_a_queue_become_rarer_the_longer_it_waits(ledger, clock):
    case, sent = begun(ledger), []
    for second in range(0, 1800, 10):
        clock.after(seconds=10)
        sent += [second + 10] * _leased(ledger, clock).count(case.id)
    assert sent[:6] == [10, 40, 80, 160, 320, 620]  # and not sixty times
    assert all(later - sooner == 300 for sooner, later in pairwise(sent[4:]))
    clock.after(seconds=300)
    moved = ledger.append(case, [failed()])
    clock.after(seconds=30)
    assert _leased(ledger, clock) == [moved.id]


def _leased(ledger, clock):
    bus = LocalBus()
    older = timedelta(seconds=10)
    resend_due_tickets(ledger, bus, EmptyVault(), tuple(ROUTE), older, lease=timedelta(seconds=30))
    tickets = []
    while ticket := bus.take():
        tickets.append(ticket.case_id)
    return tickets


def test_a_ledger_that_is_away_is_said_to_be(clock):
    class Away(MemoryLedger):
        def due(self, *_, **__):
            raise Unavailable

    with pytest.raises(Unavailable):
        swept(Away(), clock)


class Vault:
    """Pending bytes, and what became of them."""

    def __init__(self, *pending):
        self.waiting, self.settled, self.discarded = list(pending), [], []

    def pending(self):
        return iter(self.waiting)

    def confirm(self, digest):
        self.settled.append(digest)

    def discard(self, digest):
        self.discarded.append(digest)


class Claims(MemoryLedger):
    """A ledger that refers to these bytes, and of which these cases are being worked on."""

    def __init__(self, *, is_referenced=(), busy=()):
        super().__init__()
        self._theirs, self._busy = is_referenced, busy

    def is_referenced(self, digest):
        return digest in self._theirs

    @contextmanager
    def try_lock(self, case_id):
        yield case_id not in self._busy


A, B = "a" * 64, "b" * 64


def test_bytes_that_no_case_refers_to_are_discarded_and_the_others_settled():
    vault = Vault((A, "one"), (B, "two"))
    collect_orphans(Claims(is_referenced=[B]), vault)
    assert (vault.settled, vault.discarded) == ([B], [A])


def test_bytes_of_a_case_that_is_being_worked_on_are_left_alone():
    vault = Vault((A, "one"))
    collect_orphans(Claims(busy=["one"]), vault)
    assert (vault.settled, vault.discarded) == ([], [])


def test_bytes_that_two_cases_put_are_left_alone_while_either_is_worked_on():
    vault = Vault((A, "crashed"), (A, "busy"))
    collect_orphans(Claims(busy=["busy"]), vault)
    assert vault.discarded == []
