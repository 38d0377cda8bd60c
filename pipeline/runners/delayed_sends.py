"""Sends tickets later, for buses that cannot: one thread for the whole process, however many tickets wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition, Thread

from core.errors import AssayError
from core.ports import Ticket
from pipeline.runners.later_tickets import LaterTickets

log = logging.getLogger("assay.bus")


class DelayedSends:
    """Tickets that wait in the memory of this process. Those that are lost with it, a sweep finds when they are due."""

    def __init__(self, send: Callable[[Ticket], None]) -> None:
        self._send = send
        self._changed = Condition()
        self._later = LaterTickets()
        self._thread: Thread | None = None
        self._closed = False

    def add(self, ticket: Ticket, after: float) -> None:
        """Send the ticket in so many seconds; one that waits here already is not sent twice."""
        with self._changed:
            if self._closed:
                return
            self._later.add(ticket, after)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="assay-delayed-sends", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Let go of what waits: a sweep finds it."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while (ticket := self._next()) is not None:
            try:
                self._send(ticket)
            except AssayError as error:
                log.warning("ticket not sent, the sweeper will: %s", error, extra={"case": ticket.case_id})
            except Exception as error:  # noqa: BLE001 - one ticket must not stop those that come after it
                log.error("ticket not sent: %s", type(error).__name__, extra={"case": ticket.case_id})

    def _next(self) -> Ticket | None:
        with self._changed:
            while not self._closed:
                if (ticket := self._later.pop_due()) is not None:
                    return ticket
                self._changed.wait(self._later.seconds_to_next)
            return None
