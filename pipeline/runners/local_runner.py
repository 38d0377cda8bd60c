"""One process and a queue in memory: the default runner.

The queue may be lost at any moment: what is due is read from the ledger. So several of these
processes, each willing to run other phases, may share one ledger without a broker; a ticket for
somebody else is dropped here and the other one's sweep finds the case.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from datetime import timedelta
from threading import Condition, Event
from time import monotonic

from core.case import Phase
from core.errors import AssayError, Unavailable
from core.ports import Ticket
from pipeline.advance import PipelineContext
from pipeline.runners.shutdown import stop_accepting_when
from pipeline.runners.sweeper import FIRST_RETRY_DELAY, resend_due_tickets
from pipeline.runners.ticket_handler import handle_ticket

log = logging.getLogger("assay.local")

_MAX_TRIES = 3


class LocalBus:
    """Tickets in the memory of this process. Any thread may send."""

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()
        self._arrived = Condition()

    def send(self, ticket: Ticket) -> None:
        """Put a ticket at the end of the queue; one that waits there already is not put twice."""
        with self._arrived:
            if ticket not in self._tickets:
                self._tickets.append(ticket)
                self._arrived.notify()

    def take(self, timeout: float = 0.0) -> Ticket | None:
        """The first ticket, or None when none came within `timeout` seconds."""
        with self._arrived:
            if not self._tickets:
                self._arrived.wait(timeout)
            return self._tickets.popleft() if self._tickets else None

    @property
    def waiting(self) -> int:
        """How many tickets are queued."""
        with self._arrived:
            return len(self._tickets)

    def put_back(self, ticket: Ticket) -> None:
        """Return a ticket to the head of the queue."""
        with self._arrived:
            self._tickets.appendleft(ticket)
            self._arrived.notify()


class LocalRunner:
    """Runs what this process is willing to run. `works.bus` is its LocalBus."""

    def __init__(
        self,
        works: PipelineContext,
        *,
        older_than: timedelta = timedelta(0),
        first_pause: timedelta = FIRST_RETRY_DELAY,
    ) -> None:
        if not isinstance(works.bus, LocalBus):
            raise TypeError("the local runner takes its tickets from a LocalBus: build the works with one")
        self._works = works
        self._bus = works.bus
        self._phases: tuple[Phase, ...] = tuple(phase for phase in works.route if phase in works.accepted_phases)
        self._older_than = older_than
        self._first_pause = first_pause

    def submit(self, ticket: Ticket) -> None:
        """Queue a ticket."""
        self._bus.send(ticket)

    def drain(self) -> None:
        """Run until nothing is due: tickets first, then what a sweep finds.

        A case that failed and has not rested is not due; one that cannot be reached is tried three times. Raises
        Unavailable when the ledger is away; the ticket in hand goes back to the queue.
        """
        done: Counter[Ticket] = Counter()
        self._run_tickets(self._works, done)
        while self.sweep() and self._run_tickets(self._works, done):
            pass

    def sweep(self) -> int:
        """Queue a ticket for every case that is due here; returns how many. Raises Unavailable."""
        works = self._works
        works.maintenance.run_maintenance()
        return resend_due_tickets(
            works.ledger, works.bus, works.blob_store, self._phases, self._older_than, first_pause=self._first_pause
        )

    def run_forever(self, stop: Event, *, sweep_every: timedelta = timedelta(seconds=5)) -> None:
        """Run until `stop` is set, sweeping in between. What runs then is finished, appended, and followed by nothing.

        A ledger that is away is waited for; whatever else breaks in a sweep is logged and tried again.
        """
        works = stop_accepting_when(stop.is_set, self._works)
        away, next_sweep = 0, 0.0
        while not stop.is_set():
            try:
                if monotonic() >= next_sweep:
                    self.sweep()
                    next_sweep = monotonic() + sweep_every.total_seconds()
                self._run_one(works, timeout=min(0.25, max(0.0, next_sweep - monotonic())))
                away = 0
            except Exception as error:  # noqa: BLE001 - a runner outlives whatever one case or one outage does to it
                away += 1
                stop.wait(_backoff_seconds(error, away))

    def _run_tickets(self, works: PipelineContext, done: Counter[Ticket]) -> int:
        """Run what is queued, each ticket until it is done with or was put off too often; returns how many were run."""
        count = 0
        while ticket := self._bus.take():
            if ticket.phase in self._phases and done[ticket] < _MAX_TRIES:
                done[ticket] += _MAX_TRIES if self._advance(ticket, works) else 1
                count += 1
        return count

    def _run_one(self, works: PipelineContext, timeout: float) -> None:
        ticket = self._bus.take(timeout)
        if ticket and ticket.phase in self._phases:
            self._advance(ticket, works)

    def _advance(self, ticket: Ticket, works: PipelineContext) -> bool:
        try:
            return handle_ticket(ticket, works)
        except Unavailable:
            self._bus.put_back(ticket)
            raise


def _backoff_seconds(error: Exception, times: int) -> float:
    """Seconds to wait after so many outages in a row: doubling from half a second, thirty at most."""
    pause = min(0.5 * 2.0 ** min(times - 1, 10), 30.0)
    known = isinstance(error, AssayError)
    log.warning("waiting %.1f s: %s", pause, error if known else type(error).__name__, exc_info=not known)
    return pause
