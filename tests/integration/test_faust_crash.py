"""Workers that are killed, and workers that are told to stop, in the middle of a stage."""

import signal

import pytest

from core.case import Phase, new_case
from core.events import Submitted
from core.ports import Ticket
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics
from tests.brokers.any_broker import any_broker, own_topics
from tests.brokers.worker_processes import SWEEPER_OPTIONS, WorkerProcesses, embedded_ledger, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]
ROLES = ("light", "render", "gpu")
STORY = ["Submitted", "Measured", "Judged", "Commissioned", "Rendered", "Measured", "Judged", "Sealed", "Published"]


@pytest.fixture
def scene(tmp_path):
    """A ledger, a bus, and an office in which inspecting a slow case takes four seconds."""
    topics = own_topics()
    with embedded_ledger(tmp_path) as (ledger, dsn), any_broker(tmp_path) as servers:
        create_topics(KafkaConnection(servers=servers), topics, partitions=4)
        office, bus = (
            WorkerProcesses(servers, dsn, tmp_path, topics, slow=4.0),
            KafkaBus(KafkaConnection(servers=servers), topics),
        )
        yield ledger, bus, office
        bus.close()
        office.close()


def submit(ledger, bus, prompt):
    case = ledger.append(new_case(), [Submitted(author="ana", prompt=prompt)])
    bus.send(Ticket(case_id=case.id, revision=case.revision, phase=case.phase))
    return case


def words_of(office, case):
    lines = [line.split() for line in office.stage_log.read_text().splitlines()]
    return [word for word, case_id, _ in lines if case_id == case.id]


def story(ledger, case):
    return [type(entry.event).__name__ for entry in ledger.history(case.id)]


def published(ledger, *cases):
    return lambda: all(ledger.load(case.id).phase is Phase.PUBLISHED for case in cases)


def test_the_broker_gives_the_ticket_of_a_killed_worker_to_the_next(scene):
    ledger, bus, office = scene
    office.start_worker("light", "render")
    worker = office.start_worker("gpu")
    before, struck, behind = (submit(ledger, bus, prompt) for prompt in ("", "slow", ""))
    wait_until(lambda: words_of(office, struck) == ["began"])
    worker.kill()
    worker.wait()
    assert ledger.load(struck.id).phase is Phase.RENDERED
    office.start_worker("gpu")  # no one sweeps here
    wait_until(published(ledger, before, struck, behind), 120)
    assert words_of(office, struck) == ["began", "began", "ended"]
    assert [story(ledger, case) for case in (before, struck, behind)] == [STORY] * 3


def test_the_sweeper_finds_a_case_that_had_moved_on_since_the_ticket_of_a_killed_worker(scene):
    ledger, bus, office = scene
    worker = office.start_worker(*ROLES)
    case = submit(ledger, bus, "slow")
    wait_until(lambda: words_of(office, case) == ["began"])
    worker.kill()
    worker.wait()
    office.start_worker(
        *ROLES, options=["--group=fresh", *SWEEPER_OPTIONS]
    )  # which reads all tickets from the first on
    wait_until(published(ledger, case), 120)
    assert words_of(office, case) == ["began", "began", "ended"]
    assert story(ledger, case) == STORY


def test_a_worker_told_to_stop_finishes_its_stage_and_no_more(scene):
    ledger, bus, office = scene
    worker = office.start_worker(*ROLES)
    case = submit(ledger, bus, "slow")
    wait_until(lambda: words_of(office, case) == ["began"])
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    assert words_of(office, case) == ["began", "ended"]
    assert ledger.load(case.id).phase is Phase.INSPECTED
    office.start_worker(*ROLES)
    wait_until(published(ledger, case), 120)
    assert words_of(office, case) == ["began", "ended"]
    assert story(ledger, case) == STORY
