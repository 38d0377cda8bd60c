"""kafka-python makes the topics and sends, Faust consumes, over a broker that answers as Kafka does."""

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from core.case import Phase, new_case
from core.errors import BadInput, Unavailable
from core.events import Submitted
from core.ports import Ticket
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics
from pipeline.runners.ticket_codec import decode_ticket
from pipeline.runners.topics import Topics
from tests.brokers.any_broker import any_broker, own_topics
from tests.brokers.worker_processes import SWEEPER_OPTIONS, WorkerProcesses, embedded_ledger, wait_until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated:DeprecationWarning"),  # kafka-python's own
]
TICKET = Ticket(case_id="c" * 16, revision=3, phase=Phase.RENDERED)

AWAY = KafkaConnection(servers="127.0.0.1:1")


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with any_broker(tmp_path_factory.mktemp("broker")) as address:
        yield address


def messages(servers, topic):
    consumer = KafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest", consumer_timeout_ms=1500)
    found = [(message.key, message.value) for message in consumer]
    consumer.close()
    return found


def test_topics_are_made_once_and_stay_as_they_are(servers):
    topics = own_topics()
    create_topics(KafkaConnection(servers=servers), topics, partitions=3)
    create_topics(KafkaConnection(servers=servers), topics, partitions=5)
    admin = KafkaAdminClient(bootstrap_servers=servers)
    made = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(list(topics.all()))}
    admin.close()
    assert made == dict.fromkeys(topics.all(), 3)


def test_a_ticket_goes_to_the_topic_of_its_role_under_the_key_of_its_case(servers):
    topics = own_topics()
    create_topics(KafkaConnection(servers=servers), topics, partitions=2)
    bus = KafkaBus(KafkaConnection(servers=servers), topics)
    bus.send(TICKET)
    bus.close()
    ((key, value),) = messages(servers, topics.of_role("gpu"))
    assert key == TICKET.case_id.encode()
    assert decode_ticket(value) == TICKET


def test_a_bus_goes_on_after_it_was_closed(servers):
    topics = own_topics()
    create_topics(KafkaConnection(servers=servers), topics)
    bus = KafkaBus(KafkaConnection(servers=servers), topics)
    bus.send(TICKET)
    bus.close()
    bus.send(TICKET)
    bus.close()
    assert len(messages(servers, topics.of_role("gpu"))) == 2


def test_a_phase_that_no_role_takes_is_refused(servers):
    with pytest.raises(BadInput, match="no role"):
        KafkaBus(KafkaConnection(servers=servers), Topics(roles={"gpu": (Phase.SEALED,)})).send(TICKET)


def test_a_broker_that_is_away_is_unavailable_and_says_so():
    with pytest.raises(Unavailable, match="is Kafka up"):
        KafkaBus(AWAY, Topics(), seconds=0.5).send(TICKET)
    with pytest.raises(Unavailable, match="is Kafka up"):
        create_topics(AWAY, Topics(), seconds=0.5)


def commit_beyond_the_end(servers, topics, roles):
    """As a member does that had read from a broker which then lost its memory."""
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=topics.group(roles), enable_auto_commit=False)
    of_queues = [TopicPartition(queue.topic, number) for queue in topics.queues_of(roles) for number in (0, 1)]
    consumer.assign(of_queues)
    consumer.commit({partition: OffsetAndMetadata(5000, "", -1) for partition in of_queues})
    consumer.close()


@pytest.mark.postgres
@pytest.mark.slow
def test_two_workers_publish_what_is_sent_and_bury_what_is_no_ticket(servers, tmp_path):
    topics = own_topics()
    create_topics(KafkaConnection(servers=servers), topics, partitions=2)
    for roles in (("light", "render"), ("gpu",)):
        commit_beyond_the_end(servers, topics, roles)
    with embedded_ledger(tmp_path) as (ledger, dsn):
        office, bus = (
            WorkerProcesses(servers, dsn, tmp_path, topics),
            KafkaBus(KafkaConnection(servers=servers), topics),
        )
        office.start_worker("light", "render", options=SWEEPER_OPTIONS)
        office.start_worker("gpu")
        garbage = KafkaProducer(bootstrap_servers=servers)
        for value in (b"not json", b'{"case_id": 1}', b"", b"\xff" * 100):
            garbage.send(topics.of_role("light"), value=value).get(10)
        cases = [ledger.append(new_case(), [Submitted(author="ana", prompt="")]) for _ in range(5)]
        for case in cases:
            bus.send(Ticket(case_id=case.id, revision=1, phase=case.phase))
        wait_until(lambda: {ledger.load(case.id).phase for case in cases} == {Phase.PUBLISHED}, 120)
        wait_until(lambda: len(messages(servers, topics.dead_letters)) == 4)
        garbage.close()
        bus.close()
        office.close()
