"""The real phases and events with nothing in them, so that what is left is the ledger and the tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core.assets import Asset
from core.case import Case, Phase
from core.events import Commissioned, Event, Judged, Measured, Published, Rendered, Sealed
from core.ports import BlobStore, Bus, Ledger, Stage
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.advance import MaintenanceTasks, NoListener, PipelineContext
from pipeline.ledgers.database import open_database
from pipeline.ledgers.postgres_ledger import PostgresLedger

_ASSET = Asset(digest="a" * 64, media_type="video/mp4", size=1)


def _measured(subject: Subject) -> Measured:
    return Measured(signals=(Signal(subject=subject, label="nothing", score=0.0, source="nothing/1"),))


def _allowed(gate: Gate) -> Judged:
    return Judged(verdict=Verdict(gate=gate, decision=Decision.ALLOW, rules=(), policy="ab" * 32))


def _says(event: Event) -> Stage:
    return lambda _case: [event]


EMPTY_ROUTE: dict[Phase, Stage] = {
    Phase.SUBMITTED: _says(_measured(Subject.PROMPT)),
    Phase.SCREENED: _says(_allowed(Gate.PROMPT)),
    Phase.ADMITTED: _says(Commissioned(engine="none", engine_version="1", job="j")),
    Phase.COMMISSIONED: _says(Rendered(asset=_ASSET, engine="none", engine_version="1")),
    Phase.RENDERED: _says(_measured(Subject.VIDEO)),
    Phase.INSPECTED: _says(_allowed(Gate.VIDEO)),
    Phase.CLEARED: lambda case: [
        Sealed(asset=_ASSET, payload=case.id, manifest_id=case.id, manifest=_ASSET, soft_binding="none")
    ],
    Phase.SEALED: lambda case: [Published(url=f"none:{case.id}")],
}


class EmptyStore:
    """A blob store in which nothing is pending."""

    def confirm(self, digest: str) -> None:
        """Nothing to settle."""

    def pending(self) -> Sequence[tuple[str, str]]:
        """Nothing."""
        return ()


class NothingToTakeBack:
    """A Compensation of stages that do nothing outside the ledger."""

    def compensate(self, case: Case, events: Sequence[Event]) -> None:
        """Nothing."""


def empty_context(ledger: Ledger, bus: Bus) -> PipelineContext:
    """Works over the empty route."""
    store: BlobStore = EmptyStore()  # type: ignore[assignment]
    return PipelineContext(
        ledger=ledger,
        bus=bus,
        blob_store=store,
        route=EMPTY_ROUTE,
        accepted_phases=tuple(EMPTY_ROUTE),
        listener=NoListener(),
        maintenance=MaintenanceTasks(tasks=()),
        compensation=NothingToTakeBack(),
    )


def open_ledger(dsn: str) -> PostgresLedger:
    """The ledger at a DSN."""
    return PostgresLedger(open_database(dsn), first_retry_delay=timedelta(0))
