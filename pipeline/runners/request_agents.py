"""Requests from topics and outcomes to topics, beside the ticket agents of a Faust worker.

At least once, one message at a time, acknowledged once the case is stored; the outbox is emptied by a timer. What Faust
does and does not hold to is in faust_worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import Unavailable
from core.ports import Ledger
from pipeline.runners.faust_worker import raw_topic
from pipeline.topic_contract.outcome_document import DeadLetterReason, DeadLetterV1, OutcomeDocumentV1
from pipeline.topic_contract.outcome_sender import BATCH, encode_outcome, send_outcomes
from pipeline.topic_contract.request_document import NotARequest
from pipeline.topic_contract.request_intake import RequestIntake
from pipeline.topic_contract.request_topics import RequestTopic

log = logging.getLogger("assay.requests")

_OUTCOME_SECONDS = 0.5  # how often the outbox is looked at
_SEND_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds between two attempts
_MAX_TRIES = 3  # of a message at which something of ours breaks


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBridge:
    """What the agents need: where requests come from, what is done with one, and where outcomes are read."""

    topics: tuple[RequestTopic, ...]
    intake: RequestIntake
    ledger: Ledger


def add_request_agents(app: Any, bridge: RequestBridge) -> None:
    """Have a worker's app read these topics, an agent each, and tell outcomes."""
    for topic in bridge.topics:
        agent = _agent(app, topic, bridge.intake)
        app.agent(raw_topic(app, topic.name), name=f"assay.{topic.name}", concurrency=1)(agent)
    app.timer(interval=_OUTCOME_SECONDS, name="assay.outcomes")(_outcome_sender(app, bridge))


def _agent(app: Any, topic: RequestTopic, intake: RequestIntake) -> Callable[[Any], AsyncIterator[str]]:
    outcomes, dead_letters = raw_topic(app, topic.outcomes), raw_topic(app, topic.dead_letters)

    async def carry(stream: Any) -> AsyncIterator[str]:
        async for event in stream.noack().events():
            try:
                rejected = await _receive(event.value, topic, intake)
            except NotARequest as error:
                log.error("%s: it goes to the dead letters", error)
                letter = _dead_letter(topic, event.message, error.reason, error.field)
                await _send(dead_letters, None, letter.model_dump_json().encode())
            else:
                if rejected is not None:
                    await _send(outcomes, f"{rejected.account}:{rejected.request}".encode(), encode_outcome(rejected))
            event.ack()
            yield "done"

    return carry


async def _receive(message: bytes | None, topic: RequestTopic, intake: RequestIntake) -> OutcomeDocumentV1 | None:
    """As RequestIntake.receive, for as long as the ledger is away. What breaks three times is a dead letter."""
    pause, tries = _FIRST_PAUSE, 0
    while True:
        try:
            return await asyncio.to_thread(intake.receive, message, topic)
        except NotARequest:
            raise
        except Unavailable as error:
            log.warning("waiting %.1f s to open a case: %s", pause, error)
        except Exception as error:
            tries += 1
            log.error("a request broke: %s", type(error).__name__, exc_info=error)
            if tries == _MAX_TRIES:
                raise NotARequest("internal_error") from None
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _send(topic: Any, key: bytes | None, value: bytes) -> None:
    """Send until the broker has it: nothing else says what became of the message."""
    pause = _FIRST_PAUSE
    while True:
        try:
            await asyncio.wait_for(await topic.send(key=key, value=value), timeout=_SEND_SECONDS)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the message in hand is not let go
            log.warning("waiting %.1f s to send: %s", pause, type(error).__name__)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _dead_letter(topic: RequestTopic, message: Any, reason: DeadLetterReason, field: str) -> DeadLetterV1:
    return DeadLetterV1(
        topic=topic.name,
        partition=message.partition,
        offset=message.offset,
        reason=reason,
        field=field,
        at=datetime.now(UTC),
    )


def _outcome_sender(app: Any, bridge: RequestBridge) -> Callable[[], Any]:
    async def tell() -> None:
        loop = asyncio.get_running_loop()

        async def send_once(topic: str, key: bytes, value: bytes) -> None:
            await asyncio.wait_for(await raw_topic(app, topic).send(key=key, value=value), timeout=_SEND_SECONDS)

        def send(topic: str, *, key: bytes, value: bytes) -> Future[object]:
            return asyncio.run_coroutine_threadsafe(send_once(topic, key, value), loop)

        try:
            while await asyncio.to_thread(send_outcomes, bridge.intake.outbox, bridge.ledger, send) == BATCH:
                pass
        except Unavailable as error:
            log.warning("outcomes are not told yet: %s", error)
        except Exception as error:  # noqa: BLE001 - they stay in the outbox
            log.error("outcomes are not told yet: %s", type(error).__name__)

    return tell
