"""kafka-python sends tickets and makes topics; it does not consume (workers.py does)."""

from __future__ import annotations

from threading import Lock
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from core.errors import Unavailable
from core.ports import Ticket
from pipeline.runners.delayed_sends import DelayedSends
from pipeline.runners.ticket_codec import encode_ticket
from pipeline.runners.topics import Topics


class KafkaBus:
    """Tickets through Kafka, keyed by case: those of one case stay in order. Any thread may send."""

    def __init__(self, servers: str, topics: Topics, *, seconds: float = 10.0, **options: Any) -> None:
        """`servers` are host:port, comma-separated; `options` go to KafkaProducer (security_protocol, sasl_…).

        Connects with the first ticket. `seconds` is how long a ticket may take to arrive.
        """
        self._servers = servers
        self._topics = topics
        self._seconds = seconds
        self._options = options
        self._producer: Any = None
        self._lock = Lock()
        self._delayed = DelayedSends(self.send)

    def send(self, ticket: Ticket, *, after: float = 0.0) -> None:
        """Hand a ticket on; without `after` it has arrived when this returns.

        With it, it is sent from this process in so many seconds. Raises Unavailable, or BadInput if no role takes it.
        """
        topic = self._topics.of(ticket.phase)
        if after > 0:
            self._delayed.add(ticket, after)
            return
        try:
            sent = self._connected().send(topic, key=ticket.case_id.encode(), value=encode_ticket(ticket))
            sent.get(timeout=self._seconds)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"the broker does not take tickets ({type(error).__name__}): is Kafka up?") from error

    def close(self) -> None:
        """Let go of the connection."""
        self._delayed.close()
        with self._lock:
            if self._producer is not None:
                self._producer.close(timeout=self._seconds)
                self._producer = None

    def _connected(self) -> Any:
        with self._lock:
            if self._producer is None:
                milliseconds = int(self._seconds * 1000)
                self._producer = KafkaProducer(
                    bootstrap_servers=self._servers.split(","),
                    client_id=f"{self._topics.prefix}-bus",
                    acks="all",
                    allow_auto_create_topics=False,
                    max_block_ms=milliseconds,
                    bootstrap_timeout_ms=milliseconds,
                    request_timeout_ms=milliseconds,
                    delivery_timeout_ms=milliseconds,
                    **self._options,
                )
            return self._producer


def create_topics(
    servers: str, topics: Topics, *, partitions: int = 12, replicas: int = 1, seconds: float = 10.0, **options: Any
) -> None:
    """Make the topics that do not exist yet. Raises Unavailable.

    `partitions` bounds how many workers of a role can be busy at once; existing topics stay as they are.
    """
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=servers.split(","),
            client_id=f"{topics.prefix}-admin",
            bootstrap_timeout_ms=int(seconds * 1000),
            **options,
        )
        try:
            missing = set(topics.all()) - set(admin.list_topics())
            shape = {"num_partitions": partitions, "replication_factor": replicas}
            made = admin.create_topics(dict.fromkeys(sorted(missing), shape), raise_errors=False) if missing else {}
        finally:
            admin.close()
    except (KafkaError, OSError) as error:
        raise Unavailable(f"the broker does not make topics ({type(error).__name__}): is Kafka up?") from error
    for topic in made.get("topics", ()):
        kind = for_code(topic["error_code"])
        if topic["error_code"] and kind is not TopicAlreadyExistsError:  # another process may have been faster
            raise Unavailable(f"the broker does not make the topic {topic['name']} ({kind.__name__})")
