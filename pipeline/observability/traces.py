"""One trace a case, whichever workers carry it: its id follows from the case's, so no ticket has to bring it along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from core.case import Case, Phase
from core.errors import NotYet, Unavailable
from pipeline.observability.json_logs import trace_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTraces:
    """Makes a span of each run of a stage. It holds the case's id, the phase and how it ended; nothing of content."""

    provider: TracerProvider

    @contextmanager
    def stage(self, case: Case, phase: Phase) -> Iterator[None]:
        """The span of one run of the stage that follows this phase."""
        root = trace.SpanContext(
            trace_id=int(trace_of(case.id), 16),
            span_id=int(trace_of(case.id)[:16], 16) or 1,
            is_remote=True,
            trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
        )
        parent = trace.set_span_in_context(trace.NonRecordingSpan(root))
        facts = {"assay.case": case.id, "assay.phase": phase.value, "assay.revision": case.revision}
        tracer = self.provider.get_tracer("assay")
        with tracer.start_as_current_span(
            f"after {phase.value}", parent, attributes=facts, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except NotYet:
                span.set_attribute("assay.outcome", "not_yet")
                raise
            except Unavailable:
                span.set_attribute("assay.outcome", "waits")
                raise
            except BaseException as error:
                # What others raise may repeat words of a prompt: the kind, and never the text.
                span.set_attribute("assay.outcome", "broke")
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise
            span.set_attribute("assay.outcome", "done")

    def close(self) -> None:
        """Send what is not yet sent, for some seconds at most."""
        self.provider.shutdown()


def otlp_traces(url: str, *, service: str, version: str) -> CaseTraces:
    """Traces that go to a collector over OTLP/HTTP, in batches; while it is away they are lost and nothing waits."""
    return traces_to(
        OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=5), service=service, version=version
    )


def traces_to(exporter: SpanExporter, *, service: str, version: str) -> CaseTraces:
    """Traces that go to this exporter."""
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return CaseTraces(provider=provider)
