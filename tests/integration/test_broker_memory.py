"""A broker that was killed and has forgotten all, its topics too: the same bus goes on with it, without a restart."""

import pytest

from core.case import Phase
from core.errors import Unavailable
from core.ports import Ticket
from evals.local_broker import free_port
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics
from pipeline.runners.topics import Topics
from tests.brokers.tansu import tansu
from tests.brokers.worker_processes import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
TICKET = Ticket(case_id="c" * 16, revision=3, phase=Phase.RENDERED)


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
