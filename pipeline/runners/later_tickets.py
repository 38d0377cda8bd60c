"""Tickets that are due later, the next first, each of them once."""

from __future__ import annotations

import heapq
from itertools import count
from time import monotonic

from core.ports import Ticket


class LaterTickets:
    """For one thread at a time: whoever shares it holds a lock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Ticket]] = []
        self._numbers = count()
        self._known: set[Ticket] = set()

    def __contains__(self, ticket: Ticket) -> bool:
        """Whether the ticket waits here."""
        return ticket in self._known

    def add(self, ticket: Ticket, after: float) -> None:
        """Keep a ticket for so many seconds; one that waits here already keeps its time."""
        if ticket not in self._known:
            self._known.add(ticket)
            heapq.heappush(self._heap, (monotonic() + after, next(self._numbers), ticket))

    def pop_due(self) -> Ticket | None:
        """The next ticket, if it is due."""
        if self.seconds_to_next != 0.0:
            return None
        ticket = heapq.heappop(self._heap)[2]
        self._known.discard(ticket)
        return ticket

    @property
    def seconds_to_next(self) -> float | None:
        """How long until the next one is due, 0 where it is; None where none waits."""
        return max(0.0, self._heap[0][0] - monotonic()) if self._heap else None
