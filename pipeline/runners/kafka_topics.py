"""Topics are made by whoever starts first; where the broker is away, that is waited for."""

from __future__ import annotations

import logging

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from core.errors import Unavailable
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.topics import Topics

log = logging.getLogger("assay.workers")


def wait_for_topics(
    connection: KafkaConnection, topics: Topics, *, partitions: int, replicas: int, longest: float = 30.0
) -> None:
    """Make the topics that do not exist yet, asking again every `longest` seconds at most until the broker has them:
    a worker that started before its broker has nothing else to do. Raises BadInput.
    """
    patient = Retrying(
        retry=retry_if_exception_type(Unavailable), wait=wait_exponential(max=longest), before_sleep=_say_that_we_wait
    )
    patient(create_topics, connection, topics, partitions=partitions, replicas=replicas)


def _say_that_we_wait(attempt: RetryCallState) -> None:
    if attempt.outcome is not None and attempt.next_action is not None:
        log.warning("%s; asking again in %.0f s", attempt.outcome.exception(), attempt.next_action.sleep)


def create_topics(
    connection: KafkaConnection, topics: Topics, *, partitions: int = 12, replicas: int = 1, seconds: float = 10.0
) -> None:
    """Make the topics that do not exist yet. Raises Unavailable.

    `partitions` bounds how many workers of a role can be busy at once; existing topics stay as they are.
    """
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=connection.addresses,
            client_id=f"{topics.prefix}-admin",
            bootstrap_timeout_ms=int(seconds * 1000),
            **connection.client_options(),
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
