"""librdkafka's mock cluster: real session time-outs and rebalances, so workers may be killed here.

It lives in this process and other processes reach it over TCP. Topics come by themselves, with four
partitions. kafka-python cannot speak to it, so the bus that feeds it is librdkafka's own.
"""

from contextlib import contextmanager

from confluent_kafka import Producer

from pipeline.runners.ticket_codec import encode_ticket


@contextmanager
def mock_cluster(*topics):
    """A running cluster with these topics; gives its address."""
    owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    brokers = owner.list_topics(timeout=10).brokers.values()
    for topic in topics:
        owner.list_topics(topic, timeout=10)
    try:
        yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    finally:
        owner.flush(1)
        del owner


class ConfluentBus:
    """A Bus over librdkafka. For the mock cluster only."""

    def __init__(self, servers, topics):
        self._topics = topics
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 0, "log_level": 0})

    def send(self, ticket, *, after=0.0):
        self._producer.produce(self._topics.of(ticket.phase), key=ticket.case_id, value=encode_ticket(ticket))
        if self._producer.flush(10):
            raise AssertionError("the mock cluster took no ticket")
