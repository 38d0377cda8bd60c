"""The budget of one stranger's file: everything that is done with it shares the time, and is ended together.

`scan_within` opens a scan for the current thread (and those that copy its context); every sandboxed process started
inside it takes its limits from what the scan has left, and no two of them run at the same time, so that the memory of
the budget is that of the whole answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from threading import Event, Lock

from core.errors import Abandoned, OverBudget
from media.sandbox.limits import MIB, InputLimits, ProcessLimits

_POLL_SECONDS = 0.2
"""How often a scan that waits for its turn looks whether it was cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanBudget:
    """What one stranger's file may cost: seconds on the clock for the whole answer, and for one process; CPU seconds
    and bytes of memory of a process; pixels that are decoded; boxes and tracks of a container.
    """

    wall: float = 60.0
    process_wall: float = 40.0
    cpu: int = 80
    memory: int = 1408 * MIB
    max_decoded_pixels: int = 20_000_000_000
    max_boxes: int = 50_000
    max_tracks: int = 64


@dataclass(slots=True, kw_only=True, eq=False)
class Scan:
    """One use of a budget. `cancel` ends its process; the thread that waits for it then gets Abandoned."""

    budget: ScanBudget
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _cancelled: Event = field(init=False, default_factory=Event)
    _turn: Lock = field(init=False, default_factory=Lock)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count its time from now on."""
        self._started = self.clock()

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End what runs, and start nothing more. From any thread."""
        self._cancelled.set()

    def remaining(self) -> float:
        """Seconds left. Raises Abandoned after `cancel`, OverBudget where there are none."""
        if self.cancelled:
            raise Abandoned
        seconds = self.budget.wall - (self.clock() - self._started)
        if seconds <= 0:
            raise self.out_of_time()
        return seconds

    def out_of_time(self) -> OverBudget:
        """The error for a file that takes too long."""
        return OverBudget(f"looking at it takes more than {self.budget.wall:g} s")

    def process_limits(self, limits: ProcessLimits) -> ProcessLimits:
        """These limits, as far as the budget has something left. Raises as `remaining`."""
        return replace(
            limits,
            memory=min(limits.memory, self.budget.memory),
            cpu=min(limits.cpu, self.budget.cpu),
            wall=min(limits.wall, self.budget.process_wall, self.remaining()),
        )

    def input_limits(self, limits: InputLimits | None = None) -> InputLimits:
        """What a file may hold for this budget; no more than `limits`."""
        budget, limits = self.budget, limits or InputLimits()
        return replace(
            limits,
            max_decoded_pixels=min(limits.max_decoded_pixels, budget.max_decoded_pixels),
            max_boxes=min(limits.max_boxes, budget.max_boxes),
            max_tracks=min(limits.max_tracks, budget.max_tracks),
        )

    @contextmanager
    def turn(self) -> Iterator[None]:
        """For one process at a time. Raises as `remaining`."""
        while not self._turn.acquire(timeout=_POLL_SECONDS):
            self.remaining()
        try:
            yield
        finally:
            self._turn.release()


_current: ContextVar[Scan | None] = ContextVar("assay_scan", default=None)


def current_scan() -> Scan | None:
    """The scan of this thread, None where no budget holds."""
    return _current.get()


def input_limits() -> InputLimits:
    """What files may hold here: by the budget of the current scan, or else what is accepted of anybody."""
    return bounded_by_scan(InputLimits())


def bounded_by_scan(limits: InputLimits) -> InputLimits:
    """These limits, and those of the current scan."""
    scan = current_scan()
    return scan.input_limits(limits) if scan else limits


@contextmanager
def scan_within(budget: ScanBudget | Scan) -> Iterator[Scan]:
    """Hold everything that this thread does with files to a budget. A scan that is open already goes on."""
    scan = current_scan() or (budget if isinstance(budget, Scan) else Scan(budget=budget))
    token = _current.set(scan)
    try:
        yield scan
    finally:
        _current.reset(token)
