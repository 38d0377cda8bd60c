"""What a running process says of itself, and what it must never say."""

import json
import logging
import sys
from datetime import UTC, datetime

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from core.case import Phase, new_case
from core.errors import NotYet, Unavailable
from core.events import Judged, Measured, Submitted
from core.ports import Ticket
from core.verdicts import Decision, Gate, Verdict
from pipeline.advance import PipelineContext, advance
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.drift.score_drift import ScoreDrift
from pipeline.observability.case_gauges import CaseGauges, PhaseCount
from pipeline.observability.json_logs import JsonFormatter, trace_of
from pipeline.observability.ledger_gauges import LedgerGauges
from pipeline.observability.ledger_windows import LedgerWindows, RoleLag
from pipeline.observability.metrics_server import serving_metrics
from pipeline.observability.observed_works import MAX_SILENCE_SECONDS, Heartbeat, Observation
from pipeline.observability.pipeline_metrics import PipelineMetrics
from pipeline.observability.traces import traces_to
from pipeline.runners.local_bus import LocalBus
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import nothing_beside

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "the words of a prompt"
REFUSED = Verdict(gate=Gate.PROMPT, decision=Decision.REFUSE, rules=("violence",), policy="p")


def judge(_case):
    return [Judged(verdict=REFUSED)]


def breaks(_case):
    raise RuntimeError(SECRET)


class House:
    """A case carried over a watched route."""

    def __init__(self, folder, observation):
        self.ledger = MemoryLedger(lambda: datetime.now(UTC))
        self.case = self.ledger.append(new_case(), [Submitted(author="mira", prompt=SECRET)])
        self.folder, self.observation = folder, observation

    def carry(self, stage, phase=Phase.SUBMITTED):
        given = {
            "ledger": self.ledger,
            "bus": LocalBus(),
            "blob_store": FsspecBlobStore((self.folder / "vault").as_uri()),
            "route": {phase: stage},
            "accepted_phases": tuple(Phase),
        }
        works = self.observation.watch(PipelineContext(**given | nothing_beside()))
        ticket = Ticket(case_id=self.case.id, revision=self.case.revision, phase=self.case.phase)
        self.case = advance(ticket, works)
        return works


@pytest.fixture
def metrics():
    return PipelineMetrics()


@pytest.fixture
def house(tmp_path, metrics):
    return House(tmp_path, Observation(metrics=metrics))


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def test_stages_events_decisions_and_rules_are_counted_and_nobody_is_named(house, metrics):
    house.carry(lambda _case: [Measured(signals=())])
    house.carry(judge, Phase.SCREENED)
    assert value(metrics, "assay_stage_seconds_count", phase="submitted", outcome="done") == 1
    assert value(metrics, "assay_events_total", event="Measured") == 1
    assert value(metrics, "assay_verdicts_total", gate="prompt", decision="refuse") == 1
    assert value(metrics, "assay_rules_total", rule="violence", decision="refuse") == 1
    told = generate_latest(metrics.registry).decode()
    assert "mira" not in told and SECRET not in told and house.case.id not in told


def test_how_a_stage_ended_is_told_apart(house, metrics):
    def early(_case):
        raise NotYet(5.0)

    def away(_case):
        raise Unavailable("the engine does not answer")

    for stage, outcome in ((early, "not_yet"), (away, "waits"), (breaks, "broke")):
        house.carry(stage)
        assert value(metrics, "assay_stage_seconds_count", phase="submitted", outcome=outcome) == 1
    assert value(metrics, "assay_stages_running", phase="submitted") == 0
    assert value(metrics, "assay_stage_failures_total", phase="submitted", kind="RuntimeError") == 1


def test_all_spans_of_a_case_have_the_trace_that_follows_from_its_id_whoever_makes_them(tmp_path):
    kept, more = InMemorySpanExporter(), InMemorySpanExporter()
    first, second = (traces_to(one, service="assay", version="0") for one in (kept, more))
    house = House(tmp_path, Observation(traces=first))
    house.carry(lambda _case: [Measured(signals=())])
    house.observation = Observation(traces=second)
    house.carry(breaks, Phase.SCREENED)
    first.close()
    second.close()
    (screened,), (broken,) = kept.get_finished_spans(), more.get_finished_spans()
    assert f"{screened.context.trace_id:032x}" == f"{broken.context.trace_id:032x}" == trace_of(house.case.id)
    assert screened.attributes["assay.outcome"] == "done" and broken.attributes["assay.outcome"] == "broke"
    assert broken.status.description == "RuntimeError" and not broken.events
    assert SECRET not in broken.to_json() and "mira" not in screened.to_json()


class Counts:
    """A ledger that can be away."""

    def __init__(self):
        self.asked, self.away = 0, False

    def count_phases(self):
        self.asked += 1
        if self.away:
            raise Unavailable("the database does not answer")
        return [PhaseCount(phase="held", cases=3, oldest=90.0)]


def test_cases_are_counted_at_a_scrape_and_not_at_each_and_a_ledger_that_is_away_is_told(metrics):
    counts, clock = Counts(), [0.0]
    metrics.registry.register(CaseGauges(counts, now=lambda: clock[0]))
    assert counts.asked == 0
    assert value(metrics, "assay_cases", phase="held") == 3
    assert value(metrics, "assay_oldest_case_seconds", phase="held") == 90 and counts.asked == 1
    counts.away, clock[0] = True, 31.0
    assert value(metrics, "assay_ledger_up") == 0 and counts.asked == 2
    assert value(metrics, "assay_cases", phase="held") is None


class Windows:
    """Windows over a ledger that can be away."""

    def __init__(self):
        self.away = False

    def read_windows(self):
        if self.away:
            raise Unavailable("the database does not answer")
        week = {"at": NOON, "since": NOON, "until": NOON, "hours": 24, "measured": 600}
        drift = [ScoreDrift(source="terms/1", label=label, psi=psi, **week) for label, psi in (("a", 0.3), ("b", None))]
        return LedgerWindows(lags=[RoleLag(role="gpu", cases=7, seconds=40.0)], drift=drift, probing=2)


def test_windows_over_the_ledger_are_told_and_what_is_not_known_is_not(metrics):
    windows, clock = Windows(), [0.0]
    metrics.registry.register(LedgerGauges(windows, now=lambda: clock[0]))
    assert value(metrics, "assay_due_cases", role="gpu") == 7
    assert value(metrics, "assay_lag_seconds", role="gpu") == 40
    assert value(metrics, "assay_score_drift", source="terms/1", label="a") == 0.3
    assert value(metrics, "assay_score_drift", source="terms/1", label="b") is None
    assert value(metrics, "assay_accounts_probing") == 2
    windows.away, clock[0] = True, 31.0
    assert value(metrics, "assay_accounts_probing") is None
    assert value(metrics, "assay_due_cases", role="gpu") is None


def test_the_port_answers_metrics_and_health_and_nothing_else(metrics):
    heartbeat = Heartbeat()
    with serving_metrics(metrics.registry, host="127.0.0.1", port=0, healthy=heartbeat.healthy) as port:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert "assay_events" in client.get("/metrics").text
            assert client.get("/healthz").status_code == 200
            heartbeat.beat()
            assert client.get("/healthz").status_code == 200
            heartbeat.beat_at -= MAX_SILENCE_SECONDS + 1
            assert client.get("/healthz").status_code == 503
            assert client.get("/").status_code == 404
        taken = pytest.raises(Unavailable, match=r"metrics cannot be served at 127\.0\.0\.1")
        with taken, serving_metrics(metrics.registry, host="127.0.0.1", port=port, healthy=lambda: True):
            pass


def test_each_sweep_is_a_sign_of_life(house):
    assert not house.observation.heartbeat.expected
    house.carry(breaks).maintenance.run_maintenance()
    assert house.observation.heartbeat.expected


def test_a_line_of_json_names_the_case_and_its_trace_and_no_text_that_a_library_raised():
    try:
        raise RuntimeError(SECRET)
    except RuntimeError:
        caught = sys.exc_info()
    record = logging.LogRecord("assay.advance", logging.WARNING, __file__, 1, "it %s", ("broke",), caught)
    record.case = "a1"
    line = JsonFormatter().format(record)
    assert "\n" not in line and SECRET not in line
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "warning",
        "logger": "assay.advance",
        "message": "it broke",
        "case": "a1",
        "trace": trace_of("a1"),
        "error": "RuntimeError",
    }
