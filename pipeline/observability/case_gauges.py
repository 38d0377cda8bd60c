"""How many cases lie in each phase and for how long: asked of the ledger at a scrape, at most twice a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.errors import AssayError

log = logging.getLogger("assay.metrics")

_KEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCount:
    """Cases of one phase that is not the last of its route. `oldest` is for how many seconds the longest lies there."""

    phase: str
    cases: int
    oldest: float


class PhaseCounts(Protocol):
    """Who counts them: the ledger's database."""

    def count_phases(self) -> Sequence[PhaseCount]:
        """Each phase in which something waits or is worked on. Raises Unavailable."""


class CaseGauges(Collector):
    """assay_cases and assay_oldest_case_seconds, by phase; and assay_ledger_up, 0 where the ledger does not answer."""

    def __init__(self, counts: PhaseCounts, *, now: Callable[[], float] = monotonic) -> None:
        self._counts, self._now, self._lock = counts, now, Lock()
        self._asked = float("-inf")
        self._known: Sequence[PhaseCount] = ()
        self._up = False

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families. Never raises: a ledger that is away is what is told."""
        with self._lock:
            if self._now() - self._asked >= _KEEP_SECONDS:
                self._ask()
        cases = GaugeMetricFamily("assay_cases", "Cases in each phase that is not their last.", labels=["phase"])
        oldest = GaugeMetricFamily("assay_oldest_case_seconds", "How long the longest of them lies.", labels=["phase"])
        for one in self._known:
            cases.add_metric([one.phase], one.cases)
            oldest.add_metric([one.phase], one.oldest)
        yield cases
        yield oldest
        yield GaugeMetricFamily("assay_ledger_up", "Does the ledger answer?", value=float(self._up))

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is asked of the ledger when this is registered."""
        return ()

    def _ask(self) -> None:
        try:
            self._known, self._up = self._counts.count_phases(), True
        except AssayError as error:
            log.warning("cases are not counted: %s", error)
            self._known, self._up = (), False
        self._asked = self._now()
