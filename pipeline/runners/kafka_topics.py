"""Topics are made by whoever starts first; where the broker is away, that is waited for."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    KafkaError,
    NotLeaderForPartitionError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from core.errors import Unavailable
from pipeline.runners.broker_memory import Look, TopicLook
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
        admin = _admin_client(connection, topics, seconds)
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


class TopicObserver:
    """Asks what the broker knows of these topics, over one connection that is made again when it has broken."""

    def __init__(self, connection: KafkaConnection, topics: Topics, *, seconds: float = 10.0) -> None:
        """Connects with the first question. `seconds` is how long an answer may take."""
        self._connection, self._topics, self._seconds = connection, topics, seconds
        self._admin: KafkaAdminClient | None = None

    def look(self) -> Look:
        """Which topics there are, and where their partitions end. Raises Unavailable, or BadInput."""
        try:
            if self._admin is None:
                self._admin = _admin_client(self._connection, self._topics, self._seconds)
            told = self._admin.describe_topics(list(self._topics.all()))
            ends = self._ends(self._admin, told)
        except (KafkaError, OSError) as error:
            self.close()
            raise Unavailable(f"the broker does not tell of topics ({type(error).__name__}): is Kafka up?") from error
        return dict(_looks(told, ends))

    def close(self) -> None:
        """Let go of the connection."""
        admin, self._admin = self._admin, None
        if admin is not None:
            with suppress(KafkaError, OSError):
                admin.close()

    def _ends(self, admin: KafkaAdminClient, told: list[dict[str, Any]]) -> Mapping[str, Mapping[int, int]]:
        asked = {
            TopicPartition(topic["name"], one["partition_index"]): OffsetSpec.LATEST
            for topic in told
            for one in topic["partitions"]
            if not one["error_code"]
        }
        found: dict[str, dict[int, int]] = {topic["name"]: {} for topic in told}
        with suppress(UnknownTopicOrPartitionError, NotLeaderForPartitionError):  # in an election: no end is known
            answer = admin.list_partition_offsets(asked, timeout_ms=int(self._seconds * 1000)) if asked else {}
            for at, end in answer.items():
                found[at.topic][at.partition] = end.offset
        return found


def _looks(told: list[dict[str, Any]], ends: Mapping[str, Mapping[int, int]]) -> Iterator[tuple[str, TopicLook | None]]:
    for topic in told:
        if for_code(topic["error_code"]) is UnknownTopicOrPartitionError:
            yield topic["name"], None
        elif not topic["error_code"]:
            yield topic["name"], TopicLook(topic_id=str(topic.get("topic_id") or ""), ends=ends[topic["name"]])


def _admin_client(connection: KafkaConnection, topics: Topics, seconds: float) -> KafkaAdminClient:
    milliseconds = int(seconds * 1000)
    return KafkaAdminClient(
        bootstrap_servers=connection.addresses,
        client_id=f"{topics.prefix}-admin",
        bootstrap_timeout_ms=milliseconds,
        request_timeout_ms=milliseconds,
        **connection.client_options(),
    )
