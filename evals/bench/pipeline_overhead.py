"""What carrying a case costs when the stages cost nothing: the engine, the ledger, the claims."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.assets import Asset
from core.case import Case, Phase, new_case
from core.events import Commissioned, Event, Judged, Measured, Published, Rendered, Sealed, Submitted
from core.ports import Ledger, Stage, Ticket
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Verdict
from evals.bench.machine_info import BenchFigures, min_median_max
from pipeline.advance import NoListener, PipelineContext, advance
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.ledgers.database import open_database
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.runners.local_bus import LocalBus
from pipeline.testing.memory_ledger import MemoryLedger

_CASE_COUNT = 40
"""Cases in a round."""
_ROUNDS = 5
"""Rounds, of which the median is given."""


def measure_overhead() -> BenchFigures:
    """Milliseconds a case of nine events, CPU and wall, over memory and over the embedded Postgres."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        database = open_database(Path(folder))
        try:
            figures: BenchFigures = {}
            for name, ledger in (
                ("memory", MemoryLedger(lambda: datetime.now(UTC))),
                ("postgres", PostgresLedger(database)),
            ):
                rounds = [_round(ledger, Path(folder)) for _ in range(_ROUNDS)]
                figures[f"{name}: CPU ms a case"] = min_median_max([cpu for cpu, _ in rounds])
                figures[f"{name}: wall ms a case"] = min_median_max([wall for _, wall in rounds])
            return figures
        finally:
            database.close()


def _round(ledger: Ledger, folder: Path) -> tuple[float, float]:
    blob_store = FsspecBlobStore((folder / "vault").as_uri())
    context = PipelineContext(
        ledger=ledger,
        bus=LocalBus(),
        blob_store=blob_store,
        route=_ROUTE,
        accepted_phases=tuple(_ROUTE),
        listener=NoListener(),
        maintenance=_NothingBeside(),
        compensation=_NothingBeside(),
    )
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(_CASE_COUNT):
        case = ledger.append(new_case(), [Submitted(author="a", prompt="t")])
        done = advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), context)
        if done.phase is not Phase.PUBLISHED:
            raise RuntimeError("a case did not arrive")
    each = 1000 / _CASE_COUNT
    return (time.process_time() - cpu) * each, (time.perf_counter() - wall) * each


class _NothingBeside:
    """These stages do nothing outside the ledger, and nothing is due beside them."""

    def run_maintenance(self) -> None:
        pass

    def compensate(self, case: Case, events: Sequence[Event]) -> None:
        pass


def _measuring_stage(subject: Subject) -> Stage:
    signals = tuple(Signal(subject=subject, label=f"label{n}", score=0.1, source="nothing/1") for n in range(20))
    return lambda _case: [Measured(signals=signals)]


def _judging_stage(gate: Gate) -> Stage:
    return lambda _case: [Judged(verdict=Verdict(gate=gate, decision=Decision.ALLOW, policy="0" * 64))]


def _single_event_stage(event: Event) -> Stage:
    def stage(_case: Case) -> list[Event]:
        return [event]

    return stage


_ASSET = Asset(digest="0" * 64, media_type="video/mp4", size=0)
_ROUTE: dict[Phase, Stage] = {
    Phase.SUBMITTED: _measuring_stage(Subject.PROMPT),
    Phase.SCREENED: _judging_stage(Gate.PROMPT),
    Phase.ADMITTED: _single_event_stage(Commissioned(engine="nothing", engine_version="1", job="j")),
    Phase.COMMISSIONED: _single_event_stage(Rendered(asset=_ASSET, engine="nothing", engine_version="1")),
    Phase.RENDERED: _measuring_stage(Subject.VIDEO),
    Phase.INSPECTED: _judging_stage(Gate.VIDEO),
    Phase.CLEARED: _single_event_stage(
        Sealed(asset=_ASSET, payload="0", manifest_id="m", manifest=_ASSET, soft_binding="s")
    ),
    Phase.SEALED: _single_event_stage(Published(url="file:///nowhere")),
}
