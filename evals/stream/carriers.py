"""Three ways to bring tickets to workers, each as a worker process: `python -m evals.stream.carriers WAY DSN [BROKER]`.

Each worker does the work of all three roles, one ticket of a role at a time, as Faust's workers do: three threads. A
ticket carries a case as far as its role goes, and the next role gets another ticket.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from core.ports import Ticket
from evals.stream.empty_route import empty_context, open_ledger
from pipeline.advance import PipelineContext, advance
from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.ticket_codec import decode_ticket, encode_ticket
from pipeline.runners.topics import WORKER_ROLES, Topics

PREFIX = "stream"
_BATCH = 10
_IDLE_SECONDS = 0.05
_LEASE = timedelta(seconds=1)
"""Short: who asks the moment that a case has moved finds it locked still, and has nobody who hands it on afterwards."""


class NoBus:
    """Where the ledger itself is asked what is due, nobody sends anything."""

    def send(self, ticket: Ticket, *, after: float = 0.0) -> None:
        """Nothing."""


def poll(dsn: str) -> None:
    """Ask Postgres for what is due, ten at a time, leased with SKIP LOCKED; ask again after 50 ms where nothing is."""
    works = empty_context(open_ledger(dsn), NoBus())
    for phases in WORKER_ROLES.values():
        role = replace(works, accepted_phases=phases)
        threading.Thread(target=_poll_role, args=(role,), daemon=True).start()
    threading.Event().wait()


def _poll_role(works: PipelineContext) -> None:
    while True:
        found = works.ledger.due(tuple(works.accepted_phases), unmoved_for=timedelta(0), limit=_BATCH, lease=_LEASE)
        for ticket in found:
            advance(ticket, works)
        if not found:
            time.sleep(_IDLE_SECONDS)


def procrastinate_app(dsn: str) -> Any:
    """An app whose task is a ticket, in a queue for each role. Raises ImportError where it is not installed."""
    import procrastinate  # not a dependency of Assay: `--procrastinate` says where it is

    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn))


class ProcrastinateBus:
    """Defers a task for each ticket."""

    def __init__(self, app: Any) -> None:
        """Of an app that is open."""
        self._app = app

    def send(self, ticket: Ticket, *, after: float = 0.0) -> None:
        """One insert, which wakes a worker by NOTIFY."""
        role = next(role for role, phases in WORKER_ROLES.items() if ticket.phase in phases)
        task = self._app.configure_task("ticket", queue=role, schedule_in={"seconds": after} if after else None)
        task.defer(body=encode_ticket(ticket).decode(), role=role)


def procrastinate_worker(dsn: str) -> None:
    """A worker of procrastinate, three tasks at a time."""
    import asyncio

    import procrastinate

    app = procrastinate_app(dsn)
    sending = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=dsn))
    sending.open()
    works = empty_context(open_ledger(dsn), ProcrastinateBus(sending))

    def run(body: str, role: str) -> None:
        advance(decode_ticket(body.encode()), replace(works, accepted_phases=WORKER_ROLES[role]))

    app.task(name="ticket")(run)

    async def main() -> None:
        async with app.open_async():
            await app.run_worker_async(concurrency=3, install_signal_handlers=False)

    asyncio.run(main())


def kafka_worker(dsn: str, broker: str) -> None:
    """Assay's own worker, for all roles; nobody sweeps."""
    connection, topics = KafkaConnection(servers=broker), Topics(prefix=PREFIX)
    config = WorkerConfig(connection=connection, roles=tuple(WORKER_ROLES), topics=topics)
    run_worker(config, lambda: empty_context(open_ledger(dsn), KafkaBus(connection, topics)))


if __name__ == "__main__":
    way, dsn, more = sys.argv[1], sys.argv[2], sys.argv[3:]
    sys.argv[1:] = []
    if way == "polling":
        poll(dsn)
    elif way == "procrastinate":
        sys.path.append(more[0])
        procrastinate_worker(dsn)
    else:
        kafka_worker(dsn, more[0])
