from datetime import UTC, datetime

import pytest

from core.case import Phase, new_case
from core.errors import Unavailable
from core.events import Published, StageFailed, Submitted
from core.ports import Ticket
from pipeline.advance import PipelineContext, advance
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.runners.local_runner import LocalBus
from pipeline.testing.memory_ledger import MemoryLedger


@pytest.fixture
def ledger():
    return MemoryLedger(lambda: datetime.now(UTC))


def opened(ledger):
    return ledger.append(new_case(), [Submitted(author="a", prompt="t")])


def carried(case, ledger, tmp_path, stage, **more):
    vault = FsspecBlobStore((tmp_path / "vault").as_uri())
    works = PipelineContext(
        ledger=ledger,
        bus=LocalBus(),
        blob_store=vault,
        route={Phase.SUBMITTED: stage},
        accepted_phases=tuple(Phase),
        **more,
    )
    return advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), works)


def test_a_stage_that_says_nothing_fails_and_does_not_run_for_ever(ledger, tmp_path):
    case = carried(opened(ledger), ledger, tmp_path, lambda _case: [])
    assert (case.phase, case.failures) == (Phase.SUBMITTED, 1)


def test_what_broke_is_told_in_our_words_or_by_its_kind_alone(ledger, tmp_path):
    def ours(_case):
        raise Unavailable("the engine does not answer")

    def theirs(_case):
        raise RuntimeError("the words of a prompt might be in here")

    assert carried(opened(ledger), ledger, tmp_path, ours).last_failure.error == "the engine does not answer"
    assert carried(opened(ledger), ledger, tmp_path, theirs).last_failure.error == "RuntimeError"


def test_work_on_a_case_that_moved_meanwhile_is_void_and_taken_back(ledger, tmp_path):
    case, voided = opened(ledger), []

    def slow(seen):
        ledger.append(seen, [StageFailed(phase="submitted", kind="X", error="someone else was faster")])
        return [StageFailed(phase="submitted", kind="Y", error="mine")]

    after = carried(case, ledger, tmp_path, slow, compensate=lambda now, events: voided.append((now, events)))
    assert after.last_failure.error == "someone else was faster"
    assert [events[0].error for _, events in voided] == ["mine"]


def test_a_stage_that_says_what_may_not_follow_has_failed_like_any_other(ledger, tmp_path):
    case = carried(opened(ledger), ledger, tmp_path, lambda _case: [Published(url="u")])
    assert (case.phase, case.published, case.last_failure.kind) == (Phase.SUBMITTED, None, "IllegalTransition")
    assert case.last_failure.error == "Published may not follow in phase submitted"
