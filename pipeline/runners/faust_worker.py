"""Faust workers: an agent per queue of their roles, over the same advance() that the local runner calls.

Faust 0.15 as it really is decides how. It forgets what an agent raised at, and with concurrency above one
it commits past messages that are still in work; its exactly-once does not survive a restart. So here: at least
once, one message at a time, acknowledged by hand after the append, nothing raised, topics made beforehand.
Postgres makes it once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

import faust
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

from core.case import Phase
from core.errors import BadInput, Unavailable
from core.ports import Ticket
from pipeline.advance import PipelineContext
from pipeline.observability.json_logs import json_log_config
from pipeline.runners.broker_watch import BrokerWatch
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import TopicObserver, create_topics
from pipeline.runners.known_offsets import known_offsets_consumer
from pipeline.runners.order_back_pressure import OrderBackPressure, without_queues
from pipeline.runners.shutdown import stop_accepting_when
from pipeline.runners.sweeper import resend_due_tickets
from pipeline.runners.ticket_codec import decode_ticket
from pipeline.runners.ticket_handler import handle_ticket
from pipeline.runners.topics import Topics

log = logging.getLogger("assay.workers")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """What the workers of some roles have in common.

    `sweeps` says whether they sweep too: enough if one role does.
    `older_than` is how long a case may lie before it counts as forgotten; `longest_stage` bounds one stage.
    A member of which the broker hears nothing for `session` counts as dead. One with an `instance_id` of its own that
    is back by then gets its partitions again, and nobody else waits for it meanwhile (Kafka's static membership).
    Every `watch_every` it is looked whether the broker still has its memory (broker_watch.py); topics that it has lost
    are made again with `partitions` and `replicas`. `options` go to faust.App as they are. With `json_logs` each line
    of the log is a JSON object.
    """

    connection: KafkaConnection
    roles: tuple[str, ...]
    topics: Topics = field(default_factory=Topics)
    sweeps: bool = False
    sweep_every: timedelta = timedelta(seconds=10)
    older_than: timedelta = timedelta(seconds=30)
    longest_stage: timedelta = timedelta(hours=2)
    group: str = ""
    session: timedelta = timedelta(seconds=30)
    instance_id: str = ""
    partitions: int = 12
    replicas: int = 1
    watch_every: timedelta = timedelta(seconds=10)
    json_logs: bool = False
    options: dict[str, object] = field(default_factory=dict)


def make_app(config: WorkerConfig, works: PipelineContext, has_forgotten: Callable[[], bool] = lambda: False) -> Any:
    """The Faust app of one worker. Raises BadInput for a role that does not exist.

    Once the broker `has_forgotten()` what it knew, no offset is committed any more.
    """
    app = faust.App(config.group or config.topics.group(config.roles), **_faust_settings(config), **config.options)
    app.transport.Consumer = known_offsets_consumer(has_forgotten)
    willing = replace(works, accepted_phases=config.topics.phases_of(config.roles))
    dead_letters = raw_topic(app, config.topics.dead_letters)
    pressure = OrderBackPressure()
    for queue in config.topics.queues_of(config.roles):
        tickets, orders = raw_topic(app, queue.topic), Phase.ADMITTED in queue.phases
        here = pressure.watch(willing) if orders else without_queues(willing)
        # Faust waits for what is in hand when it stops: then no further stage may begin.
        here = stop_accepting_when(lambda: app.should_stop, here)
        pause = pressure.seconds if orders else _no_pause
        app.agent(tickets, name=f"assay.{queue.name}", concurrency=1)(_agent(here, dead_letters.send, pause))
    if config.sweeps:
        app.timer(interval=config.sweep_every.total_seconds(), name="assay.sweep")(_sweeper(config, works))
    return app


def run_worker(
    config: WorkerConfig, build: Callable[[], PipelineContext], extend: Callable[[Any], None] = lambda _app: None
) -> None:
    """Run a worker until it is told to stop; then what runs is finished and appended. Does not return.

    It stops in the same way, and starts over, when its broker has lost its memory. `extend` adds to each app what it
    does beside its tickets.
    """
    works, observer = build(), TopicObserver(config.connection, config.topics)
    while True:
        _run_until_forgotten(config, works, observer, extend)
        log.warning("the broker has lost its memory: topics made again, this worker starts over")


def _run_until_forgotten(
    config: WorkerConfig, works: PipelineContext, observer: TopicObserver, extend: Callable[[Any], None]
) -> None:
    """As Faust runs a worker, which ends with SystemExit; returns if it is to start over."""
    loop = asyncio.new_event_loop()  # Faust closes the one that it ran on
    asyncio.set_event_loop(loop)
    watch = BrokerWatch(observer.look, partial(_make_topics, config), config.watch_every)
    app = make_app(config, works, watch.has_forgotten)
    extend(app)
    logs = {"logging_config": json_log_config("INFO")} if config.json_logs else {}
    worker = _Worker(app, loop=loop, loglevel="INFO", redirect_stdouts=False, **logs)
    watch.start(worker.stop_from_thread)
    try:
        worker.execute_from_commandline()
    except SystemExit:
        if worker.told_to_stop or not watch.has_forgotten():
            raise
    finally:
        watch.stop()


def _make_topics(config: WorkerConfig) -> None:
    create_topics(config.connection, config.topics, partitions=config.partitions, replicas=config.replicas)


class _Worker(faust.Worker):  # type: ignore[misc]
    """Faust's, which knows whether somebody told it to stop."""

    told_to_stop = False

    def stop_from_thread(self) -> None:
        """Stop as at SIGTERM, and for another reason."""
        with suppress(RuntimeError):  # it has stopped, and its loop is closed
            self.loop.call_soon_threadsafe(self._schedule_shutdown, signal.SIGTERM)

    def _on_sigterm(self) -> None:
        self.told_to_stop = True
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self.told_to_stop = True
        super()._on_sigint()


def _agent(
    works: PipelineContext, bury: Callable[..., object], pause: Callable[[], float]
) -> Callable[[object], AsyncIterator[str]]:
    async def carry(stream: Any) -> AsyncIterator[str]:
        async for event in stream.noack().events():
            if seconds := pause():
                await asyncio.sleep(seconds)
            try:
                await _run_with_retry(decode_ticket(event.value), works)
            except BadInput as error:
                log.error("%s: it goes to the dead letters", error)
                await _send_dead_letter(event.value, bury)
            event.ack()
            yield "done"

    return carry


def _no_pause() -> float:
    return 0.0


async def _run_with_retry(ticket: Ticket, works: PipelineContext) -> None:
    """Run a ticket; while the ledger is away wait and hold on to the ticket."""
    patiently = AsyncRetrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_exponential(multiplier=0.5, max=30.0),
        sleep=asyncio.sleep,
        before_sleep=_log_wait,
    )
    await patiently(_run, ticket, works)


def _log_wait(state: RetryCallState) -> None:
    log.warning(
        "waiting %.1f s for the ledger: %s", state.upcoming_sleep, state.outcome.exception() if state.outcome else ""
    )


async def _run(ticket: Ticket, works: PipelineContext) -> None:
    cancelled = Event()
    try:
        await asyncio.to_thread(handle_ticket, ticket, stop_accepting_when(cancelled.is_set, works))
    except asyncio.CancelledError:  # Faust gave up waiting; the thread cannot, but it begins no further stage
        cancelled.set()
        raise
    except Unavailable:
        raise
    except Exception as error:
        log.error("an errand broke: %s", type(error).__name__, extra={"case": ticket.case_id}, exc_info=error)


async def _send_dead_letter(message: bytes | None, send: Callable[..., Any]) -> None:
    try:
        await asyncio.wait_for(await send(value=message or b""), timeout=10)
    except Exception as error:  # noqa: BLE001 - what is no ticket must not stop what is one
        log.error("the dead letter is lost: %s", type(error).__name__)


def _sweeper(config: WorkerConfig, works: PipelineContext) -> Callable[[], object]:
    async def sweeping() -> None:
        try:
            sent = await asyncio.to_thread(_sweep, config, works)
        except Unavailable as error:
            log.warning("not swept: %s", error)
        except Exception as error:
            log.error("the sweep broke: %s", type(error).__name__, exc_info=error)
        else:
            if sent:
                log.info("swept: %d tickets sent again", sent)

    return sweeping


def _sweep(config: WorkerConfig, works: PipelineContext) -> int:
    works.maintenance.run_maintenance()
    return resend_due_tickets(
        works.ledger, works.bus, works.blob_store, tuple(works.route), config.older_than, lease=config.older_than
    )


def raw_topic(app: Any, name: str) -> Any:
    """A topic of this app whose keys and values are bytes."""
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    return app.topic(name, allow_empty=True, **raw)


def _faust_settings(config: WorkerConfig) -> dict[str, object]:
    """Faust's own defaults let a dead member cost minutes, and take a render of an hour for a dead one."""
    longest, session = config.longest_stage.total_seconds(), config.session.total_seconds()
    return {
        "broker": [f"kafka://{server}" for server in config.connection.addresses],
        "broker_credentials": config.connection.faust_credentials(),
        "store": "memory://",
        "processing_guarantee": "at_least_once",
        "consumer_auto_offset_reset": "earliest",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "broker_session_timeout": session,
        "broker_heartbeat_interval": session / 10,
        "broker_rebalance_timeout": session,
        "consumer_group_instance_id": config.instance_id or None,
        "broker_max_poll_interval": longest,
        "broker_max_poll_records": 16,
        "broker_commit_every": 1,
        "broker_commit_livelock_soft_timeout": longest,
        "stream_processing_timeout": longest,
        "producer_linger": 0.01,
    }
