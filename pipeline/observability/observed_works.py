"""The works of a process, watched: each stage is timed and traced, each stored event counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING

from core.case import Case, Phase
from core.events import Event
from core.ports import Stage
from pipeline.advance import EventListener, MaintenanceTask, PipelineContext
from pipeline.observability.observability_settings import ObservabilitySettings

if TYPE_CHECKING:  # the extra `observe`, which is needed only where metrics or traces are asked for
    from pipeline.observability.case_gauges import PhaseCounts
    from pipeline.observability.ledger_gauges import WindowReader
    from pipeline.observability.pipeline_metrics import PipelineMetrics
    from pipeline.observability.traces import CaseTraces

MAX_SILENCE_SECONDS = 300.0
"""A process that moves cases and has not swept for so long is not well: sweeps come every few seconds."""


@dataclass(slots=True, kw_only=True)
class Heartbeat:
    """When this process last swept. `expected` is False where it never does: then it is well as long as it answers."""

    expected: bool = False
    beat_at: float = field(default_factory=monotonic)

    def beat(self) -> None:
        """It has just swept."""
        self.expected, self.beat_at = True, monotonic()

    def healthy(self) -> bool:
        """Whether it swept lately, where it sweeps."""
        return not self.expected or monotonic() - self.beat_at < MAX_SILENCE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is watched in this process; metrics and traces are None where nobody asked for them."""

    metrics: PipelineMetrics | None = None
    traces: CaseTraces | None = None
    heartbeat: Heartbeat = field(default_factory=Heartbeat)

    def watch(self, works: PipelineContext) -> PipelineContext:
        """The same works, watched."""
        route = {phase: self._watched(phase, stage) for phase, stage in works.route.items()}
        listener = works.listener if self.metrics is None else _Both(first=self.metrics, second=works.listener)
        beating = _Beating(inner=works.maintenance, heartbeat=self.heartbeat)
        return replace(works, route=route, listener=listener, maintenance=beating)

    def _watched(self, phase: Phase, stage: Stage) -> Stage:
        metrics, traces = self.metrics, self.traces
        if metrics is None and traces is None:
            return stage

        def run(case: Case) -> Sequence[Event]:
            with ExitStack() as watching:
                if metrics is not None:
                    watching.enter_context(metrics.stage(phase))
                if traces is not None:
                    watching.enter_context(traces.stage(case, phase))
                return stage(case)

        return run

    @contextmanager
    def serving(self, settings: ObservabilitySettings) -> Iterator[None]:
        """Serve the metrics while the block runs, where a port is set for them. Raises Unavailable."""
        if self.metrics is None:
            yield
            return
        from pipeline.observability.metrics_server import serving_metrics

        with serving_metrics(
            self.metrics.registry,
            host=settings.metrics_host,
            port=settings.metrics_port,
            healthy=self.heartbeat.healthy,
        ):
            yield

    def close(self) -> None:
        """Send the last traces."""
        if self.traces is not None:
            self.traces.close()


def make_observation(
    settings: ObservabilitySettings, counts: PhaseCounts, windows: WindowReader, *, version: str
) -> Observation:
    """What these settings ask for. Raises ImportError where the extra `observe` is asked for and not installed."""
    metrics: PipelineMetrics | None = None
    traces: CaseTraces | None = None
    if settings.metrics_port:
        from pipeline.observability.case_gauges import CaseGauges
        from pipeline.observability.ledger_gauges import LedgerGauges
        from pipeline.observability.pipeline_metrics import PipelineMetrics

        metrics = PipelineMetrics()
        metrics.registry.register(CaseGauges(counts))
        metrics.registry.register(LedgerGauges(windows))
    if settings.traces_url:
        from pipeline.observability.traces import otlp_traces

        traces = otlp_traces(settings.traces_url, service="assay", version=version)
    return Observation(metrics=metrics, traces=traces)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    first: EventListener
    second: EventListener

    def on_events(self, case: Case, events: Sequence[Event]) -> None:
        self.first.on_events(case, events)
        self.second.on_events(case, events)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beating:
    inner: MaintenanceTask
    heartbeat: Heartbeat

    def run_maintenance(self) -> None:
        self.heartbeat.beat()
        self.inner.run_maintenance()
