"""Faust workers: an agent per role, over the same advance() that the local runner calls.

Faust 0.15 as it really is decides how. It forgets what an agent raised at, and with concurrency above one
it commits past messages that are still in work; its exactly-once does not survive a restart. So here: at least
once, one message at a time, acknowledged by hand after the append, nothing raised, topics made beforehand.
Postgres makes it once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from typing import Any

import faust
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

from core.errors import BadInput, Unavailable
from core.ports import Ticket
from pipeline.advance import PipelineContext
from pipeline.runners.shutdown import stop_accepting_when
from pipeline.runners.sweeper import resend_due_tickets
from pipeline.runners.ticket_codec import decode_ticket
from pipeline.runners.ticket_handler import handle_ticket
from pipeline.runners.topics import Topics

log = logging.getLogger("assay.workers")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """What the workers of some roles have in common.

    `servers` are host:port, comma-separated. `sweeps` says whether they sweep too: enough if one role does.
    `older_than` is how long a case may lie before it counts as forgotten; `longest_stage` bounds one stage.
    `options` go to faust.App as they are (broker_credentials, …).
    """

    servers: str
    roles: tuple[str, ...]
    topics: Topics = field(default_factory=Topics)
    sweeps: bool = False
    sweep_every: timedelta = timedelta(seconds=10)
    older_than: timedelta = timedelta(seconds=30)
    longest_stage: timedelta = timedelta(hours=2)
    group: str = ""
    options: dict[str, object] = field(default_factory=dict)


def make_app(config: WorkerConfig, works: PipelineContext) -> Any:
    """The Faust app of one worker. Raises BadInput for a role that does not exist."""
    app = faust.App(config.group or config.topics.group(config.roles), **_faust_settings(config), **config.options)
    # Faust waits for what is in hand when it stops: then no further stage may begin.
    willing = stop_accepting_when(
        lambda: app.should_stop, replace(works, accepted_phases=config.topics.phases_of(config.roles))
    )
    dead_letters = raw_topic(app, config.topics.dead_letters)
    for role in config.roles:
        tickets = raw_topic(app, config.topics.of_role(role))
        app.agent(tickets, name=f"assay.{role}", concurrency=1)(_agent(willing, dead_letters.send))
    if config.sweeps:
        app.timer(interval=config.sweep_every.total_seconds(), name="assay.sweep")(_sweeper(config, works))
    return app


def run_worker(
    config: WorkerConfig, build: Callable[[], PipelineContext], extend: Callable[[Any], None] = lambda _app: None
) -> None:
    """Run a worker until it is told to stop; then what runs is finished and appended. Does not return.

    `extend` adds to the app what it does beside its tickets.
    """
    app = make_app(config, build())
    extend(app)
    faust.Worker(app, loglevel="INFO", redirect_stdouts=False).execute_from_commandline()


def _agent(works: PipelineContext, bury: Callable[..., object]) -> Callable[[object], AsyncIterator[str]]:
    async def carry(stream: Any) -> AsyncIterator[str]:
        async for event in stream.noack().events():
            try:
                await _run_with_retry(decode_ticket(event.value), works)
            except BadInput as error:
                log.error("%s: it goes to the dead letters", error)
                await _send_dead_letter(event.value, bury)
            event.ack()
            yield "done"

    return carry


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
    longest = config.longest_stage.total_seconds()
    return {
        "broker": [f"kafka://{server.strip()}" for server in config.servers.split(",")],
        "store": "memory://",
        "processing_guarantee": "at_least_once",
        "consumer_auto_offset_reset": "earliest",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "broker_session_timeout": 30.0,
        "broker_heartbeat_interval": 3.0,
        "broker_rebalance_timeout": 30.0,
        "broker_max_poll_interval": longest,
        "broker_max_poll_records": 16,
        "broker_commit_every": 1,
        "broker_commit_livelock_soft_timeout": longest,
        "stream_processing_timeout": longest,
        "producer_linger": 0.01,
    }
