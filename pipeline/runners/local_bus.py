"""Tickets in the memory of one process: the bus of the default runner."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection
from itertools import count
from threading import Condition
from time import monotonic

from core.case import Phase
from core.ports import Ticket


class LocalBus:
    """Queues of tickets, one for each phase, and tickets that are due later. Any thread may send and take."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._numbers = count(1)
        self._first_numbers = count(-1, -1)
        self._ready: dict[Phase, deque[tuple[int, Ticket]]] = {phase: deque() for phase in Phase}
        self._later: list[tuple[float, int, Ticket]] = []
        self._known: set[Ticket] = set()

    def send(self, ticket: Ticket, *, after: float = 0.0) -> None:
        """Put a ticket at the end of its queue, at once or after so many seconds; one that is here is not put twice."""
        with self._changed:
            if ticket in self._known:
                return
            self._known.add(ticket)
            if after > 0:
                heapq.heappush(self._later, (monotonic() + after, next(self._numbers), ticket))
            else:
                self._ready[ticket.phase].append((next(self._numbers), ticket))
            self._changed.notify_all()

    def take(self, timeout: float = 0.0, *, phases: Collection[Phase] = tuple(Phase)) -> Ticket | None:
        """The first ticket for one of these phases, or None when none came within `timeout` seconds."""
        end = monotonic() + timeout
        with self._changed:
            while (ticket := self._first(phases)) is None:
                wait = min(end, self._next_due()) - monotonic()
                if end <= monotonic():
                    return None
                self._changed.wait(max(wait, 0.0))
            return ticket

    def __contains__(self, ticket: Ticket) -> bool:
        """Whether the ticket is here, for now or for later."""
        with self._changed:
            return ticket in self._known

    @property
    def waiting(self) -> int:
        """How many tickets are queued, those that are due later not counted."""
        with self._changed:
            self._release_due()
            return sum(len(queue) for queue in self._ready.values())

    @property
    def seconds_to_next(self) -> float | None:
        """How long until the next of the later tickets is due; None where there is none."""
        with self._changed:
            return max(0.0, self._later[0][0] - monotonic()) if self._later else None

    def put_back(self, ticket: Ticket) -> None:
        """Return a ticket to the head of its queue."""
        with self._changed:
            if ticket not in self._known:
                self._known.add(ticket)
                self._ready[ticket.phase].appendleft((next(self._first_numbers), ticket))
                self._changed.notify_all()

    def _first(self, phases: Collection[Phase]) -> Ticket | None:
        self._release_due()
        heads = [self._ready[phase][0] for phase in phases if self._ready[phase]]
        if not heads:
            return None
        _, ticket = min(heads, key=lambda head: head[0])
        self._ready[ticket.phase].popleft()
        self._known.discard(ticket)
        return ticket

    def _release_due(self) -> None:
        while self._later and self._later[0][0] <= monotonic():
            _, number, ticket = heapq.heappop(self._later)
            self._ready[ticket.phase].append((number, ticket))

    def _next_due(self) -> float:
        return self._later[0][0] if self._later else float("inf")
