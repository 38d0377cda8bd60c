"""Requests from topics and outcomes to topics, beside the ticket agents of a Faust worker.

At least once, one message at a time, acknowledged once the case is stored; the outbox is emptied by a timer. What Faust
does and does not hold to is in faust_worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential

from core.errors import Unavailable
from core.ports import Ledger
from pipeline.runners.faust_worker import raw_topic
from pipeline.topic_contract.outcome_document import DeadLetterReason, DeadLetterV1, OutcomeDocumentV1
from pipeline.topic_contract.outcome_sender import BATCH, encode_outcome, send_outcomes
from pipeline.topic_contract.request_document import NotARequest
from pipeline.topic_contract.request_intake import RequestIntake
from pipeline.topic_contract.request_topics import RequestTopic

T = TypeVar("T")

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
    broken = 0

    async def once() -> OutcomeDocumentV1 | None:
        nonlocal broken
        try:
            return await asyncio.to_thread(intake.receive, message, topic)
        except (NotARequest, Unavailable):
            raise
        except Exception as error:
            broken += 1
            log.error("a request broke: %s", type(error).__name__, exc_info=error)
            if broken == _MAX_TRIES:
                raise NotARequest("internal_error") from None
            raise

    return await _patiently(once, "open a case", give_up_at=(NotARequest,))


async def _send(topic: Any, key: bytes | None, value: bytes) -> None:
    """Send until the broker has it: nothing else says what became of the message, so it is never let go."""

    async def once() -> None:
        await asyncio.wait_for(await topic.send(key=key, value=value), timeout=_SEND_SECONDS)

    await _patiently(once, "send")


async def _patiently(once: Callable[[], Awaitable[T]], what: str, give_up_at: tuple[type[Exception], ...] = ()) -> T:
    """What it answers, after as many attempts as that takes."""

    def say_wait(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("waiting %.1f s to %s: %s", state.upcoming_sleep, what, type(error).__name__)

    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, Exception) and not isinstance(error, give_up_at)),
        wait=wait_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE),
        sleep=asyncio.sleep,
        before_sleep=say_wait,
    )
    return await retrying(once)


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
