"""kafka-python sends tickets; what consumes them is Faust (faust_worker.py)."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock

from kafka import KafkaProducer
from kafka.errors import KafkaError

from core.errors import Unavailable
from core.ports import Ticket
from pipeline.runners.delayed_sends import DelayedSends
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.ticket_codec import encode_ticket
from pipeline.runners.topics import Topics


class KafkaBus:
    """Tickets through Kafka, keyed by case: those of one case stay in order. Any thread may send."""

    def __init__(self, connection: KafkaConnection, topics: Topics, *, seconds: float = 10.0) -> None:
        """Connects with the first ticket. `seconds` is how long a ticket may take to arrive."""
        self._connection = connection
        self._topics = topics
        self._seconds = seconds
        self._producer: Future[KafkaProducer] | None = None
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
            made, self._producer = self._producer, None
        if made is not None and not made.exception(timeout=2 * self._seconds):
            made.result().close(timeout=self._seconds)

    def _connected(self) -> KafkaProducer:
        """The producer. Of many who ask while there is none, one connects, and all learn what became of it."""
        with self._lock:
            making, mine = self._producer, self._producer is None
            if making is None:
                making = self._producer = Future()
        if mine:
            self._connect(making)
        return making.result()

    def _connect(self, making: Future[KafkaProducer]) -> None:
        try:
            making.set_result(self._new_producer())
        except BaseException as error:  # noqa: BLE001 - whatever it was: those who wait for it hear of it
            with self._lock:  # the next one tries anew
                if self._producer is making:
                    self._producer = None
            making.set_exception(error)

    def _new_producer(self) -> KafkaProducer:
        milliseconds = int(self._seconds * 1000)
        return KafkaProducer(
            bootstrap_servers=self._connection.addresses,
            client_id=f"{self._topics.prefix}-bus",
            acks="all",
            # A doubled ticket changes nothing, and an idempotent producer whose broker forgot it never works again.
            enable_idempotence=False,
            allow_auto_create_topics=False,
            max_block_ms=milliseconds,
            bootstrap_timeout_ms=milliseconds,
            request_timeout_ms=milliseconds,
            delivery_timeout_ms=milliseconds,
            **self._connection.client_options(),
        )
