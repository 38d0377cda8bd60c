"""What moves through this process, as Prometheus metrics. Names and units follow Prometheus' own conventions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

from core.case import Case, Phase
from core.errors import NotYet, Unavailable
from core.events import Event, Judged, StageFailed
from core.verdicts import Decision

_STAGE_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900, 3600)
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class PipelineMetrics:
    """Counts what happens in this process, in a registry of its own. An EventListener (pipeline.advance).

    No label holds a case, an account or a word: labels are phases, events, rules of the policy, and routes.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._stage_seconds = Histogram(
            "assay_stage_seconds",
            "How long a stage ran, by the phase before it and how it ended.",
            ("phase", "outcome"),
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self._running = Gauge(
            "assay_stages_running",
            "Stages at work in this process, by the phase before them.",
            ("phase",),
            registry=registry,
        )
        self._events = Counter("assay_events", "Events that were stored, by their kind.", ("event",), registry=registry)
        self._verdicts = Counter("assay_verdicts", "Decisions of the policy.", ("gate", "decision"), registry=registry)
        self._rules = Counter(
            "assay_rules", "Rules that fired, by what they came to.", ("rule", "decision"), registry=registry
        )
        self._failures = Counter("assay_stage_failures", "Stages that broke.", ("phase", "kind"), registry=registry)
        self._requests = Histogram(
            "assay_request_seconds",
            "How long requests took, by route and the class of the answer.",
            ("method", "route", "status"),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )

    def on_events(self, _case: Case, events: Sequence[Event]) -> None:
        """Count what was stored."""
        for event in events:
            self._events.labels(type(event).__name__).inc()
            match event:
                case Judged(verdict=verdict):
                    decision = Decision(verdict.decision).name.lower()
                    self._verdicts.labels(str(verdict.gate), decision).inc()
                    for rule in verdict.rules:
                        self._rules.labels(rule, decision).inc()
                case StageFailed(phase=phase, kind=kind):
                    self._failures.labels(phase, kind).inc()

    @contextmanager
    def stage(self, phase: Phase) -> Iterator[None]:
        """Time one run of the stage that follows this phase."""
        begun, outcome = perf_counter(), "done"
        self._running.labels(phase.value).inc()
        try:
            yield
        except NotYet:
            outcome = "not_yet"
            raise
        except Unavailable:
            outcome = "waits"
            raise
        except BaseException:
            outcome = "broke"
            raise
        finally:
            self._running.labels(phase.value).dec()
            self._stage_seconds.labels(phase.value, outcome).observe(perf_counter() - begun)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered. `route` is its pattern, as /v1/videos/{video_id}, never an address."""
        self._requests.labels(method, route, f"{status // 100}xx").observe(seconds)
