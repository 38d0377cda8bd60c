"""What this process knows of each engine: whether it answers, and how many renders it has under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

FIRST_PAUSE = 5.0
"""Seconds for which an engine that did not answer is asked last; doubled each time, up to MAX_PAUSE."""

MAX_PAUSE = 120.0
FORGOTTEN_AFTER = 900.0
"""Seconds after which a job that nobody asks about any more is no longer counted as under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHealth:
    """An engine as this process knows it. `away` is why it did not answer last, empty where it did."""

    name: str
    away: str = ""
    failures: int = 0
    active: int = 0
    max_renders: int = 0


class HealthRecord:
    """One engine's. Safe to share between threads; times are the clock's seconds."""

    def __init__(self, name: str, max_renders: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._max_renders, self._clock = name, max_renders, clock
        self._away, self._failures, self._until = "", 0, 0.0
        self._active: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def is_resting(self) -> bool:
        """Whether it did not answer just now, so that others are asked first."""
        with self._lock:
            return bool(self._away) and self._clock() < self._until

    def reserve(self, key: str) -> bool:
        """Take one of its places for an order; false where all are taken. The same key has one place."""
        with self._lock:
            now = self._clock()
            self._active = {one: at for one, at in self._active.items() if now - at < FORGOTTEN_AFTER}
            if self._max_renders and key not in self._active and len(self._active) >= self._max_renders:
                return False
            self._active[key] = now
            return True

    def rename(self, key: str, job: str) -> None:
        """The order has become this job, which keeps its place."""
        with self._lock:
            self._active.pop(key, None)
            self._active[job] = self._clock()

    def release(self, key: str) -> None:
        """The order or job is over: its place is free."""
        with self._lock:
            self._active.pop(key, None)

    def seen(self, job: str) -> None:
        """The job is under way, whoever ordered it: a restart knows of it by this."""
        with self._lock:
            self._active[job] = self._clock()

    def answered(self) -> None:
        """It answered."""
        with self._lock:
            self._away, self._failures, self._until = "", 0, 0.0

    def did_not_answer(self, why: str) -> None:
        """It did not: others are asked first for a while."""
        with self._lock:
            self._failures += 1
            self._away = why
            self._until = self._clock() + min(MAX_PAUSE, FIRST_PAUSE * 2.0 ** (self._failures - 1))

    def report(self) -> EngineHealth:
        """What is known now."""
        with self._lock:
            return EngineHealth(
                name=self._name,
                away=self._away,
                failures=self._failures,
                active=len(self._active),
                max_renders=self._max_renders,
            )
