"""Stopping between two stages: what runs is finished and kept, what comes next is left for the next start."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from types import FrameType

from core.case import Phase
from pipeline.advance import PipelineContext


def stop_accepting_when(stopped: Callable[[], bool], works: PipelineContext) -> PipelineContext:
    """The same works, willing to run nothing more once `stopped()`. It is asked before each stage, from any thread."""
    return replace(works, accepted_phases=_PhasesUntilStopped(accepted_phases=works.accepted_phases, stopped=stopped))


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """An event that Ctrl-C or SIGTERM sets. A second Ctrl-C interrupts at once. For the main thread only."""
    stop = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PhasesUntilStopped(Collection[Phase]):
    accepted_phases: Collection[Phase]
    stopped: Callable[[], bool]

    def __contains__(self, phase: object) -> bool:
        return not self.stopped() and phase in self.accepted_phases

    def __iter__(self) -> Iterator[Phase]:
        return iter(() if self.stopped() else self.accepted_phases)

    def __len__(self) -> int:
        return 0 if self.stopped() else len(self.accepted_phases)
