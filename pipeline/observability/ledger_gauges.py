"""Windows of time over the ledger as gauges: lag by role, drift by classifier, accounts refused again and again.

Asked at a scrape, at most twice a minute; the same behind Kafka and in one process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from time import monotonic
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.errors import AssayError
from pipeline.drift.score_drift import ScoreDrift
from pipeline.observability.ledger_windows import LedgerWindows

log = logging.getLogger("assay.metrics")

_KEEP_SECONDS = 30.0


class WindowReader(Protocol):
    """Who counts them: the ledger's database."""

    def read_windows(self) -> LedgerWindows:
        """As they are now. Raises Unavailable."""


class LedgerGauges(Collector):
    """assay_due_cases and assay_lag_seconds by role, assay_score_drift by source and label, assay_accounts_probing."""

    def __init__(self, reader: WindowReader, *, now: Callable[[], float] = monotonic) -> None:
        self._reader, self._now, self._lock = reader, now, Lock()
        self._asked = float("-inf")
        self._known: LedgerWindows | None = None

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families; none while the ledger is away. Never raises."""
        with self._lock:
            if self._now() - self._asked >= _KEEP_SECONDS:
                self._ask()
            known = self._known
        if known is None:
            return
        due = GaugeMetricFamily("assay_due_cases", "Cases that a worker of the role could take now.", labels=["role"])
        lag = GaugeMetricFamily("assay_lag_seconds", "For how long the longest of them is due.", labels=["role"])
        for one in known.lags:
            due.add_metric([one.role], one.cases)
            lag.add_metric([one.role], one.seconds)
        yield due
        yield lag
        yield _drift_family(known.drift)
        yield GaugeMetricFamily(
            "assay_accounts_probing", "Accounts refused more than 20 times within a minute.", value=known.probing
        )

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is asked of the ledger when this is registered."""
        return ()

    def _ask(self) -> None:
        try:
            self._known = self._reader.read_windows()
        except AssayError as error:
            log.warning("windows are not read: %s", error)
            self._known = None
        self._asked = self._now()


def _drift_family(drift: Sequence[ScoreDrift]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "assay_score_drift", "Population stability index against the week of reference.", labels=["source", "label"]
    )
    for one in drift:
        if one.psi is not None:
            family.add_metric([one.source, one.label], one.psi)
    return family
