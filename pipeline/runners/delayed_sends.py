"""Sends tickets later, for buses that cannot: one thread for the whole process, however many tickets wait."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from itertools import count
from threading import Condition, Thread
from time import monotonic

from core.errors import AssayError
from core.ports import Ticket

log = logging.getLogger("assay.bus")


class DelayedSends:
    """Tickets that wait in the memory of this process. Those that are lost with it, a sweep finds when they are due."""

    def __init__(self, send: Callable[[Ticket], None]) -> None:
        self._send = send
        self._changed = Condition()
        self._numbers = count()
        self._later: list[tuple[float, int, Ticket]] = []
        self._known: set[Ticket] = set()
        self._thread: Thread | None = None
        self._closed = False

    def add(self, ticket: Ticket, after: float) -> None:
        """Send the ticket in so many seconds; one that waits here already is not sent twice."""
        with self._changed:
            if ticket in self._known or self._closed:
                return
            self._known.add(ticket)
            heapq.heappush(self._later, (monotonic() + after, next(self._numbers), ticket))
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
                wait = self._later[0][0] - monotonic() if self._later else None
                if wait is not None and wait <= 0:
                    ticket = heapq.heappop(self._later)[2]
                    self._known.discard(ticket)
                    return ticket
                self._changed.wait(wait)
            return None
