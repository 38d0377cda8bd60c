"""For how long threads that wanted a processor had none: what other work on the machine took from a measurement."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

import psutil

_EVERY_SECONDS = 0.25
_Task = tuple[int, int]  # process and thread


def task_times() -> dict[_Task, tuple[float, float]]:
    """Of each thread of this process and its children: seconds on a processor, and seconds runnable without one."""
    me = psutil.Process()
    times: dict[_Task, tuple[float, float]] = {}
    for process in [me, *me.children(recursive=True)]:
        with suppress(OSError):
            for task in Path(f"/proc/{process.pid}/task").iterdir():
                with suppress(OSError, ValueError):
                    ran, waited, _ = (task / "schedstat").read_text().split()
                    times[process.pid, int(task.name)] = int(ran) / 1e9, int(waited) / 1e9
    return times


@dataclass
class ProcessorWaits:
    """While it is entered, how much slower than on a machine of its own this process and its children are.

    Threads that begin and end between two looks are missed; those that compute here live for longer.
    """

    seconds: float = 0.0
    _began: Mapping[_Task, tuple[float, float]] = field(default_factory=dict)
    _last: dict[_Task, tuple[float, float]] = field(default_factory=dict)
    _stop: Event = field(default_factory=Event)

    @property
    def slowed(self) -> float:
        """1 where a runnable thread always had a processor; 2 where it waited for as long as it ran."""
        ran = sum(self._grown(task, 0) for task in self._last)
        waited = sum(self._grown(task, 1) for task in self._last)
        return (ran + waited) / ran if ran else 1.0

    def __enter__(self) -> ProcessorWaits:
        """From now on."""
        self._began, self._started = task_times(), time.perf_counter()
        self._last = dict(self._began)
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Until now."""
        self.seconds = time.perf_counter() - self._started
        self._stop.set()
        self._thread.join()
        self._last.update(task_times())

    def _look(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            self._last.update(task_times())

    def _grown(self, task: _Task, which: int) -> float:
        return self._last[task][which] - self._began.get(task, (0.0, 0.0))[which]
