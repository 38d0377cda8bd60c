"""A full engine means that no more orders are taken: they stay with the broker, and nobody carries them to and fro."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from time import monotonic

from core.case import Case, Phase
from core.errors import NotYet
from core.events import Event
from pipeline.advance import PipelineContext
from pipeline.runners.topics import QUEUES

MAX_PAUSE = 1.0
"""Seconds for which an agent leaves its orders alone before it tries one: no slot that came free is idle for longer."""


class OrderBackPressure:
    """What the engine said last to this worker, by its own limit or by `max_renders`. Safe between threads."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now, self._lock = now, Lock()
        self._full_until = float("-inf")

    def watch(self, works: PipelineContext) -> PipelineContext:
        """The same works; an order that the engine does not take yet is noticed."""
        order = works.route.get(Phase.ADMITTED)
        if order is None:
            return works

        def ordered(case: Case) -> Sequence[Event]:
            try:
                return order(case)
            except NotYet as full:
                self._note(min(full.seconds, MAX_PAUSE))
                raise

        return replace(works, route={**works.route, Phase.ADMITTED: ordered})

    def seconds(self) -> float:
        """For how long no further order is taken; zero where the engine took the last one."""
        with self._lock:
            return max(self._full_until - self._now(), 0.0)

    def _note(self, seconds: float) -> None:
        with self._lock:
            self._full_until = self._now() + seconds


def without_queues(works: PipelineContext) -> PipelineContext:
    """The same works, but for phases that have a topic of their own: their tickets are handed on to it."""
    return replace(works, accepted_phases=tuple(phase for phase in works.accepted_phases if phase not in QUEUES))
