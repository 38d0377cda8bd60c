from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase, new_case
from core.errors import NotYet, SealBroken, Unavailable
from core.events import Judged, Measured, Published, Recalled, StageFailed, Submitted
from core.ports import Ticket
from core.verdicts import Decision, Gate, Verdict
from pipeline.advance import MaintenanceTasks, PipelineContext, advance
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.runners.local_bus import LocalBus
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import CalledCompensation, nothing_beside


@pytest.fixture
def ledger():
    return MemoryLedger(lambda: datetime.now(UTC))


def opened(ledger):
    return ledger.append(new_case(), [Submitted(author="a", prompt="t")])


def carried(case, ledger, tmp_path, stage, **more):
    vault = FsspecBlobStore((tmp_path / "vault").as_uri())
    given = {
        "ledger": ledger,
        "bus": LocalBus(),
        "blob_store": vault,
        "route": {Phase.SUBMITTED: stage, Phase.RECALLED: stage},
        "accepted_phases": tuple(Phase),
    }
    works = PipelineContext(**given | nothing_beside() | more)
    return advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), works)


def test_a_stage_that_says_nothing_fails_and_does_not_run_for_ever(ledger, tmp_path):
    case = carried(opened(ledger), ledger, tmp_path, lambda _case: [])
    assert (case.phase, case.failures) == (Phase.SUBMITTED, 1)


def test_what_broke_is_told_in_our_words_or_by_its_kind_alone(ledger, tmp_path):
    def ours(_case):
        raise SealBroken("the mark does not read back")

    def theirs(_case):
        raise RuntimeError("the words of a prompt might be in here")

    assert carried(opened(ledger), ledger, tmp_path, ours).last_failure.error == "the mark does not read back"
    assert carried(opened(ledger), ledger, tmp_path, theirs).last_failure.error == "RuntimeError"


class Doors:
    """A stage whose engine is away as long as `away`, then at work for one question, then done."""

    def __init__(self):
        self.away, self.asked = True, 0

    def __call__(self, _case):
        self.asked += 1
        if self.away:
            raise Unavailable("the engine does not answer")
        raise NotYet(5.0)


def test_what_is_away_is_waited_for_visibly_once_and_counts_as_no_failure(ledger, tmp_path):
    stage = Doors()
    case = carried(opened(ledger), ledger, tmp_path, stage)
    assert (case.phase, case.failures, case.waiting.reason) == (Phase.SUBMITTED, 0, "the engine does not answer")
    again = carried(case, ledger, tmp_path, stage)
    assert (again.revision, again.waiting, stage.asked) == (case.revision, case.waiting, 2)
    assert ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0)) == ()


def test_what_is_back_is_said_to_be_and_the_ticket_comes_again(ledger, tmp_path):
    stage = Doors()
    case = carried(opened(ledger), ledger, tmp_path, stage)
    stage.away, bus = False, LocalBus()
    case = carried(case, ledger, tmp_path, stage, bus=bus)
    assert case.waiting is None
    assert Ticket(case_id=case.id, revision=case.revision, phase=case.phase) in bus
    assert bus.waiting == 0
    assert 4 < bus.seconds_to_next <= 5
    assert ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0)) == ()


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_worker_whose_clock_is_wrong_wakes_no_case_early_and_gives_none_up(tmp_path, hours):
    ledger = MemoryLedger(lambda: datetime.now(UTC) + timedelta(hours=hours))
    stage = Doors()
    case = carried(opened(ledger), ledger, tmp_path, stage)
    assert abs(case.waiting.since - ledger.now()) < timedelta(minutes=1)
    assert carried(case, ledger, tmp_path, stage).phase is Phase.SUBMITTED  # it has not waited for a day
    assert ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0)) == ()
    stage.away = False
    case = carried(case, ledger, tmp_path, stage)
    assert ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0)) == ()
    ledger.postpone(case.id, pause=timedelta(0))
    assert [ticket.case_id for ticket in ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0))] == [case.id]


def test_whoever_waited_for_as_long_as_the_settings_allow_is_at_a_person(ledger, tmp_path):
    stage = Doors()
    case = carried(opened(ledger), ledger, tmp_path, stage)
    case = carried(case, ledger, tmp_path, stage, max_wait=timedelta(0))
    assert (case.phase, case.held_at, case.waiting) == (Phase.HELD, Phase.SUBMITTED, None)
    assert (case.last_failure.kind, case.last_failure.error) == ("WaitedTooLong", "the engine does not answer")


def test_a_withdrawal_waits_for_ever(ledger, tmp_path):
    case = ledger.append(opened(ledger), [Recalled(by="m", code="mistake")])
    stage = Doors()
    for _ in range(3):
        case = carried(case, ledger, tmp_path, stage, max_wait=timedelta(0))
    assert (case.phase, case.waiting.reason) == (Phase.RECALLED, "the engine does not answer")


def test_a_case_on_which_somebody_works_is_tried_again_in_a_moment(ledger, tmp_path):
    case, bus = opened(ledger), LocalBus()
    with ledger.try_lock(case.id):
        carried(case, ledger, tmp_path, lambda _case: [], bus=bus)
    assert ledger.load(case.id).revision == case.revision
    assert Ticket(case_id=case.id, revision=case.revision, phase=case.phase) in bus


def test_work_on_a_case_that_moved_meanwhile_is_void_and_taken_back(ledger, tmp_path):
    case, voided = opened(ledger), []

    def slow(seen):
        ledger.append(seen, [StageFailed(phase="submitted", kind="X", error="someone else was faster")])
        return [StageFailed(phase="submitted", kind="Y", error="mine")]

    after = carried(
        case, ledger, tmp_path, slow, compensation=CalledCompensation(lambda now, events: voided.append((now, events)))
    )
    assert after.last_failure.error == "someone else was faster"
    assert [events[0].error for _, events in voided] == ["mine"]


def test_a_stage_that_says_what_may_not_follow_has_failed_like_any_other(ledger, tmp_path):
    case = carried(opened(ledger), ledger, tmp_path, lambda _case: [Published(url="u")])
    assert (case.phase, case.published, case.last_failure.kind) == (Phase.SUBMITTED, None, "IllegalTransition")
    assert case.last_failure.error == "Published may not follow in phase submitted"


class WatchedLedger(MemoryLedger):
    """Notes how many events each append stored, and whether anybody works on a case."""

    def __init__(self):
        super().__init__(lambda: datetime.now(UTC))
        self.writes, self.locked = [], False

    def append(self, case, events, **rest):
        self.writes.append([type(event).__name__ for event in events])
        return super().append(case, events, **rest)

    @contextmanager
    def try_lock(self, case_id):
        with super().try_lock(case_id) as mine:
            self.locked = True
            try:
                yield mine
            finally:
                self.locked = False


def admitted(_case):
    return [Judged(verdict=Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, rules=(), policy="p", reason=""))]


def test_what_is_measured_of_a_prompt_and_decided_on_it_is_one_write(tmp_path):
    ledger = WatchedLedger()
    route = {Phase.SUBMITTED: lambda _case: [Measured(signals=())], Phase.SCREENED: admitted}
    case = carried(opened(ledger), ledger, tmp_path, None, route=route)
    assert ledger.writes == [["Submitted"], ["Measured", "Judged"]]
    assert ledger.load(case.id).phase is Phase.ADMITTED


def test_what_was_measured_is_kept_where_the_decision_has_to_wait(tmp_path):
    ledger = WatchedLedger()

    def away(_case):
        raise Unavailable("the registry does not answer")

    route = {Phase.SUBMITTED: lambda _case: [Measured(signals=())], Phase.SCREENED: away}
    case = carried(opened(ledger), ledger, tmp_path, None, route=route)
    assert ledger.writes == [["Submitted"], ["Measured"], ["Waiting"]]
    assert (case.phase, case.waiting.reason) == (Phase.SCREENED, "the registry does not answer")


def test_a_worker_that_only_measures_decides_nothing(tmp_path):
    ledger = WatchedLedger()
    route = {Phase.SUBMITTED: lambda _case: [Measured(signals=())], Phase.SCREENED: admitted}
    carried(opened(ledger), ledger, tmp_path, None, route=route, accepted_phases=(Phase.SUBMITTED,))
    assert ledger.writes == [["Submitted"], ["Measured"]]


def test_a_ticket_is_handed_on_once_nobody_works_on_the_case_any_more(tmp_path):
    ledger, sent = WatchedLedger(), []

    class Bus(LocalBus):
        def send(self, ticket, *, after=0.0):
            sent.append((ticket.phase, ledger.locked))
            super().send(ticket, after=after)

    route = {Phase.SUBMITTED: lambda _case: [Measured(signals=())], Phase.SCREENED: admitted}
    carried(opened(ledger), ledger, tmp_path, None, route=route, accepted_phases=(Phase.SUBMITTED,), bus=Bus())
    assert sent == [(Phase.SCREENED, False)]


class Chore:
    """A maintenance task that fails in some way, or is done."""

    def __init__(self, error=None):
        self.error, self.done = error, 0

    def run_maintenance(self):
        if self.error:
            raise self.error
        self.done += 1


def test_a_chore_that_breaks_stops_no_other_and_one_whose_store_is_away_is_told():
    other = Chore()
    MaintenanceTasks(tasks=(Chore(KeyError("a law that is gone")), other)).run_maintenance()
    assert other.done == 1
    with pytest.raises(Unavailable):
        MaintenanceTasks(tasks=(Chore(Unavailable("away")), other)).run_maintenance()
    assert other.done == 1
