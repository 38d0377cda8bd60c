"""How much of the machine other work took from a measurement that could have used all of it."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType

import psutil

from media.sandbox import sandboxed_process


@dataclass
class OtherWork:
    """While it is entered: the share of all processors that was busy with anything but this process and its children.

    The database server counts as other work, since it is nobody's child: some hundredths of a processor here.
    """

    share: float = 0.0

    @property
    def slowed(self) -> float:
        """How often longer than alone a run took that keeps every processor busy which it can get. 1 is not at all."""
        return 1 / (1 - self.share)

    def __enter__(self) -> OtherWork:
        """From now on."""
        self._began = perf_counter(), _busy_seconds(), cpu_seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Until now."""
        began, busy, own = self._began
        others = _busy_seconds() - busy - (cpu_seconds() - own)
        whole = (os.cpu_count() or 1) * (perf_counter() - began)
        self.share = min(max(others / whole, 0.0), 0.99)


def cpu_seconds() -> float:
    """Of this process, its threads, and the limited processes that decode for it."""
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both) + sandboxed_process.usage.cpu


def _busy_seconds() -> float:
    """Of all processors since the machine started; a guest's are in `user` already."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)
