"""Tickets in the memory of one process: the bus of the default runner."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from itertools import count
from threading import Condition
from time import monotonic

from core.case import Phase
from core.ports import Ticket
from pipeline.runners.later_tickets import LaterTickets


class LocalBus:
    """Queues of tickets, one for each phase, and tickets that are due later. Any thread may send and take."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._numbers = count(1)
        self._first_numbers = count(-1, -1)
        self._ready: dict[Phase, deque[tuple[int, Ticket]]] = {phase: deque() for phase in Phase}
        self._queued: set[Ticket] = set()
        self._later = LaterTickets()

    def send(self, ticket: Ticket, *, after: float = 0.0) -> None:
        """Put a ticket at the end of its queue, at once or after so many seconds; one that is here is not put twice."""
        with self._changed:
            if self._holds(ticket):
                return
            if after > 0:
                self._later.add(ticket, after)
            else:
                self._enqueue(ticket)
            self._changed.notify_all()

    def take(self, timeout: float = 0.0, *, phases: Collection[Phase] = tuple(Phase)) -> Ticket | None:
        """The first ticket for one of these phases, or None when none came within `timeout` seconds."""
        end = monotonic() + timeout
        with self._changed:
            while (ticket := self._first(phases)) is None:
                left = end - monotonic()
                if left <= 0:
                    return None
                to_next = self._later.seconds_to_next
                self._changed.wait(left if to_next is None else min(left, to_next))
            return ticket

    def __contains__(self, ticket: Ticket) -> bool:
        """Whether the ticket is here, for now or for later."""
        with self._changed:
            return self._holds(ticket)

    @property
    def waiting(self) -> int:
        """How many tickets are queued, those that are due later not counted."""
        with self._changed:
            self._release_due()
            return len(self._queued)

    @property
    def seconds_to_next(self) -> float | None:
        """How long until the next of the later tickets is due; None where there is none."""
        with self._changed:
            return self._later.seconds_to_next

    def put_back(self, ticket: Ticket) -> None:
        """Return a ticket to the head of its queue."""
        with self._changed:
            if not self._holds(ticket):
                self._queued.add(ticket)
                self._ready[ticket.phase].appendleft((next(self._first_numbers), ticket))
                self._changed.notify_all()

    def _holds(self, ticket: Ticket) -> bool:
        return ticket in self._queued or ticket in self._later

    def _enqueue(self, ticket: Ticket) -> None:
        self._queued.add(ticket)
        self._ready[ticket.phase].append((next(self._numbers), ticket))

    def _first(self, phases: Collection[Phase]) -> Ticket | None:
        self._release_due()
        heads = [self._ready[phase][0] for phase in phases if self._ready[phase]]
        if not heads:
            return None
        _, ticket = min(heads, key=lambda head: head[0])
        self._ready[ticket.phase].popleft()
        self._queued.discard(ticket)
        return ticket

    def _release_due(self) -> None:
        while (ticket := self._later.pop_due()) is not None:
            self._enqueue(ticket)
