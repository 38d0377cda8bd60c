"""One process and a queue in memory: the default runner.

The queue may be lost at any moment: what is due is read from the ledger. So several of these
processes, each willing to run other phases, may share one ledger without a broker; a ticket for
somebody else is dropped here and the other one's sweep finds the case.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from os import cpu_count
from threading import Event, Thread
from types import MappingProxyType

from core.case import Phase
from core.errors import AssayError, Unavailable
from core.ports import Ticket
from pipeline.advance import PipelineContext
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.shutdown import stop_accepting_when
from pipeline.runners.sweeper import resend_due_tickets
from pipeline.runners.ticket_handler import handle_ticket

log = logging.getLogger("assay.local")

_MAX_TRIES = 3
_TAKE_SECONDS = 0.25  # how long a thread waits for a ticket before it looks whether it has to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Phases whose work is of one kind, and how many threads do it: no kind stands behind another."""

    phases: tuple[Phase, ...]
    threads: int


DEFAULT_LANES: Mapping[str, Lane] = MappingProxyType(
    {
        "takedowns": Lane(phases=(Phase.RECALLED,), threads=1),
        "decisions": Lane(phases=(Phase.SUBMITTED, Phase.SCREENED, Phase.INSPECTED), threads=2),
        "orders": Lane(phases=(Phase.ADMITTED,), threads=2),
        "engines": Lane(phases=(Phase.COMMISSIONED,), threads=3),
        "videos": Lane(phases=(Phase.RENDERED, Phase.CLEARED, Phase.SEALED), threads=max(1, (cpu_count() or 1) - 1)),
    }
)
"""Measuring and sealing videos keeps a core busy for each thread, so that one core is left for decisions."""


class LocalRunner:
    """Runs what this process is willing to run. `works.bus` is its LocalBus."""

    def __init__(
        self,
        works: PipelineContext,
        *,
        older_than: timedelta = timedelta(0),
        lanes: Mapping[str, Lane] = DEFAULT_LANES,
    ) -> None:
        if not isinstance(works.bus, LocalBus):
            raise TypeError("the local runner takes its tickets from a LocalBus: build the works with one")
        self._works = works
        self._bus = works.bus
        self._phases: tuple[Phase, ...] = tuple(phase for phase in works.route if phase in works.accepted_phases)
        self._older_than = older_than
        self._lanes = lanes

    def submit(self, ticket: Ticket) -> None:
        """Queue a ticket."""
        self._bus.send(ticket)

    def drain(self) -> None:
        """Run until nothing is due: tickets first, then what a sweep finds. Engines that are at work are waited for.

        A case that failed and has not rested is not due, nor is one that waits for something that is away; one that
        cannot be reached is tried three times. Raises Unavailable when the ledger is away; the ticket in hand goes
        back to the queue.
        """
        done: Counter[Ticket] = Counter()
        self._run_tickets(self._works, done)
        while self.sweep() and self._run_tickets(self._works, done):
            pass

    def sweep(self) -> int:
        """Queue a ticket for every case that is due here; returns how many. Raises Unavailable."""
        works = self._works
        works.maintenance.run_maintenance()
        return resend_due_tickets(works.ledger, works.bus, works.blob_store, self._phases, self._older_than)

    def run_forever(self, stop: Event, *, sweep_every: timedelta = timedelta(seconds=5)) -> None:
        """Run until `stop` is set, sweeping in between. What runs then is finished, appended, and followed by nothing.

        Each lane has threads of its own. A ledger that is away is waited for; whatever else breaks in a sweep is logged
        and tried again.
        """
        threads = [
            Thread(target=self._run_lane, args=(lane_phases, stop), name=f"assay-{name}-{number}", daemon=True)
            for name, lane_phases, count in self._accepted_lanes()
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        away = 0
        while not stop.is_set():
            try:
                self.sweep()
                away = 0
                stop.wait(sweep_every.total_seconds())
            except Exception as error:  # noqa: BLE001 - a runner outlives whatever one outage does to it
                away += 1
                stop.wait(_backoff_seconds(error, away))
        for thread in threads:
            thread.join()

    def _accepted_lanes(self) -> list[tuple[str, tuple[Phase, ...], int]]:
        """The lanes with what this process is willing to run; phases that are in no lane share one thread."""
        lanes = [
            (name, tuple(phase for phase in lane.phases if phase in self._phases), lane.threads)
            for name, lane in self._lanes.items()
        ]
        rest = tuple(p for p in self._phases if not any(p in phases for _, phases, _ in lanes))
        return [lane for lane in (*lanes, ("others", rest, 1)) if lane[1]]

    def _run_lane(self, phases: Collection[Phase], stop: Event) -> None:
        works = stop_accepting_when(stop.is_set, replace(self._works, accepted_phases=phases))
        away = 0
        while not stop.is_set():
            try:
                if ticket := self._bus.take(_TAKE_SECONDS, phases=phases):
                    self._advance(ticket, works)
                away = 0
            except Exception as error:  # noqa: BLE001 - a lane outlives whatever one case or one outage does to it
                away += 1
                stop.wait(_backoff_seconds(error, away))

    def _run_tickets(self, works: PipelineContext, done: Counter[Ticket]) -> int:
        """Run what is queued, each ticket until it is done with or was put off too often; returns how many were run."""
        count = 0
        while ticket := self._bus.take(self._bus.seconds_to_next or 0.0):
            if ticket.phase in self._phases and done[ticket] < _MAX_TRIES:
                count += 1
                if not self._advance(ticket, works):
                    done[ticket] += 1
                    self._bus.send(ticket)
                elif ticket not in self._bus:  # else an engine is at work, and it is looked at again
                    done[ticket] = _MAX_TRIES
        return count

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
