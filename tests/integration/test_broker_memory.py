"""A broker that was killed and has forgotten all, its topics too: buses and workers go on, and nobody restarts them."""

import pytest

from core.case import Phase, new_case
from core.errors import Unavailable
from core.events import Submitted
from core.ports import Ticket
from evals.local_broker import free_port
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics
from pipeline.runners.topics import Topics
from tests.brokers.tansu import tansu
from tests.brokers.worker_processes import SWEEPER_OPTIONS, WorkerProcesses, embedded_ledger, wait_until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated:DeprecationWarning"),  # kafka-python's own
]
TICKET = Ticket(case_id="c" * 16, revision=3, phase=Phase.RENDERED)
SEEN = 12  # cases before the loss: offsets that the new topics do not reach for long


def taken(bus):
    try:
        bus.send(TICKET)
    except Unavailable:
        return False
    return True


def test_a_bus_goes_on_with_a_broker_that_lost_its_memory(tmp_path):
    port, topics = free_port(), Topics()
    connection = KafkaConnection(servers=f"127.0.0.1:{port}")
    bus = KafkaBus(connection, topics, seconds=3)
    with tansu(tmp_path, port=port):
        create_topics(connection, topics, partitions=2)
        assert taken(bus)
    assert not taken(bus)
    with tansu(tmp_path, port=port):
        create_topics(connection, topics, partitions=2)
        wait_until(lambda: taken(bus), 30)
    bus.close()


def order(ledger, prompt=""):
    """A case of which no ticket was sent: the sweep sends it, as soon as there are topics."""
    return ledger.append(new_case(), [Submitted(author="ana", prompt=prompt)])


def published(ledger, *cases):
    return lambda: {ledger.load(case.id).phase for case in cases} == {Phase.PUBLISHED}


@pytest.mark.postgres
def test_workers_go_on_with_a_broker_that_lost_its_memory(tmp_path):
    """Also the one whose stage outlasts the loss: Faust commits its offset of before to the broker of after."""
    port, topics = free_port(), Topics()
    with embedded_ledger(tmp_path) as (ledger, dsn):
        connection = KafkaConnection(servers=f"127.0.0.1:{port}")
        office = WorkerProcesses(connection.servers, dsn, tmp_path, topics, slow=8.0)
        with tansu(tmp_path, port=port):
            create_topics(connection, topics, partitions=1)
            made = ("--partitions=1", "--watch-every=2")
            workers = [office.start_worker("light", "render", "gpu", options=(*SWEEPER_OPTIONS, *made))]
            workers.append(office.start_worker("gpu", options=made))
            wait_until(published(ledger, *(order(ledger) for _ in range(SEEN))), 90)
            in_hand = order(ledger, "slow")
            wait_until(office.stage_log.read_text)
        with tansu(tmp_path, port=port):
            later = order(ledger)
            wait_until(published(ledger, in_hand, later), 90)
            assert [worker.poll() for worker in workers] == [None, None]
            office.close()
        assert [worker.returncode for worker in workers] == [0, 0]
        assert "starts over" in (tmp_path / "light-render-gpu-0.log").read_text()
