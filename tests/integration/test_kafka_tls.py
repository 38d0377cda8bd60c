"""A broker that speaks TLS only: kafka-python makes topics and sends, Faust's client reads, and strangers are refused."""

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer

from core.case import Phase
from core.errors import BadInput, Unavailable
from core.ports import Ticket
from evals.local_broker import free_port
from pipeline.runners.faust_worker import WorkerConfig, make_app
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics, wait_for_topics
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.ticket_codec import decode_ticket
from pipeline.runners.topics import Topics
from pipeline.testing.memory_ledger import MemoryLedger
from tests.brokers.tansu import tansu
from tests.brokers.tls_relay import tls_relay, write_certificate
from tests.brokers.worker_processes import wait_until
from tests.stub_pipeline.context import stub_context

TICKET = Ticket(case_id="c" * 16, revision=3, phase=Phase.RENDERED)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The address of a broker with a certificate of its own, and the file of the root behind it."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, port, door = write_certificate(folder), free_port(), free_port()
    with tansu(folder, port=port, advertised=door), tls_relay(door, port, certificate):
        yield f"127.0.0.1:{door}", certificate


@pytest.mark.kafka
def test_topics_and_tickets_go_over_tls(house):
    address, root = house
    connection, topics = KafkaConnection(servers=address, protocol="SSL", ca_file=root), Topics(prefix="tls")
    create_topics(connection, topics, partitions=1)
    bus = KafkaBus(connection, topics)
    bus.send(TICKET)
    bus.close()
    reader = KafkaConsumer(
        "tls.tickets.gpu",
        bootstrap_servers=address,
        auto_offset_reset="earliest",
        consumer_timeout_ms=20_000,
        security_protocol="SSL",
        ssl_context=ssl.create_default_context(cafile=root),
    )
    assert decode_ticket(next(reader).value) == TICKET
    reader.close()


@pytest.mark.kafka
@pytest.mark.parametrize("how", ["PLAINTEXT", "SSL"])
def test_a_client_without_tls_or_without_the_root_learns_that_there_is_no_broker_for_it(house, how):
    address, _ = house
    with pytest.raises(Unavailable):
        create_topics(KafkaConnection(servers=address, protocol=how), Topics(prefix="none"), seconds=2.0)


def test_a_root_that_cannot_be_read_is_named(tmp_path):
    connection = KafkaConnection(servers="127.0.0.1:1", protocol="SSL", ca_file=tmp_path / "absent.pem")
    with pytest.raises(BadInput, match="certificates for Kafka"):
        create_topics(connection, Topics())


def test_faust_is_told_the_same_as_kafka_python():
    connection = KafkaConnection(servers="a:1, b:2", protocol="SASL_SSL", username="assay", password="a secret")
    app = make_app(WorkerConfig(connection=connection, roles=("light",)), stub_context(MemoryLedger(), LocalBus()))
    assert [str(url) for url in app.conf.broker] == ["kafka://a:1", "kafka://b:2"]
    told, ours = app.conf.broker_credentials, connection.client_options()
    assert (told.protocol.value, told.mechanism.value) == (ours["security_protocol"], ours["sasl_mechanism"])
    assert (told.username, told.password) == (ours["sasl_plain_username"], ours["sasl_plain_password"])
    assert told.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert "a secret" not in repr(connection)


def test_of_many_who_send_at_once_while_the_broker_is_away_one_connects(monkeypatch):
    bus = KafkaBus(KafkaConnection(servers="127.0.0.1:1"), Topics(), seconds=1.0)
    tries, ready = [], threading.Barrier(6)
    connect = bus._new_producer
    monkeypatch.setattr(bus, "_new_producer", lambda: (tries.append(1), connect())[1])

    def send(_number):
        ready.wait(10)
        with pytest.raises(Unavailable):
            bus.send(TICKET)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, range(6)))
    assert len(tries) == 1
    with pytest.raises(Unavailable):
        bus.send(TICKET)
    assert len(tries) == 2, "the next one tries anew"
    bus.close()


@pytest.mark.kafka
def test_a_worker_that_starts_before_its_broker_waits_for_it(tmp_path: Path, caplog):
    port = free_port()
    connection, topics = KafkaConnection(servers=f"127.0.0.1:{port}"), Topics(prefix="early")
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(wait_for_topics, connection, topics, partitions=1, replicas=1, longest=0.5)
        wait_until(lambda: "asking again" in caplog.text)
        assert not waits.done()
        with tansu(tmp_path, port=port):
            waits.result(60)
            admin = KafkaAdminClient(bootstrap_servers=connection.addresses)
            assert set(topics.all()) <= set(admin.list_topics())
            admin.close()
