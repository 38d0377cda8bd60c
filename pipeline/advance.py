"""advance() carries a case as far as this worker is willing to. It is the whole engine."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import AssayError, Conflict, Unavailable
from core.events import Event, StageFailed
from core.ports import BlobStore, Bus, Ledger, Stage, Ticket
from core.transitions import check

log = logging.getLogger("assay.advance")

Route = Mapping[Phase, Stage]


class EventListener(Protocol):
    """Who hears how cases move."""

    def on_events(self, case: Case, events: Sequence[Event]) -> None:
        """These events were stored, and the case is now this."""


class Compensation(Protocol):
    """What takes back what a stage did outside the ledger."""

    def compensate(self, case: Case, events: Sequence[Event]) -> None:
        """These events were not stored, because the case had moved meanwhile and is now this."""


class MaintenanceTask(Protocol):
    """What has to happen now and then without anybody asking."""

    def run_maintenance(self) -> None:
        """Do what is due; called with each sweep. Safe to interrupt and to do again. Raises Unavailable."""


class NoListener:
    """An EventListener for a process in which nobody watches."""

    def on_events(self, case: Case, events: Sequence[Event]) -> None:
        """Nothing: the ledger has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineContext:
    """What advance() needs: where cases lie, who carries tickets, which stage follows which phase.

    `listener` hears of each step that was stored, `compensation` of work that came to nothing. No part has a default.
    """

    ledger: Ledger
    bus: Bus
    blob_store: BlobStore
    route: Route
    accepted_phases: Collection[Phase]
    listener: EventListener
    maintenance: MaintenanceTask
    compensation: Compensation


def advance(ticket: Ticket, works: PipelineContext) -> Case:
    """Carry a case as far as this worker is willing to, then hand it on.

    Never raises for what a stage does: a broken stage is an event like any other. Raises
    Unavailable when the ledger itself is away; then nothing has happened and the ticket may be
    given again.
    """
    with works.ledger.try_lock(ticket.case_id) as mine:
        case = works.ledger.load(ticket.case_id)
        if not mine or case.revision != ticket.revision:
            return case  # a late or doubled ticket: someone was here before us, or is
        while stage := works.route.get(case.phase):
            if case.phase not in works.accepted_phases:
                hand_on(case, works.bus)
                break
            events = _run(stage, case)
            before = case
            try:
                case = works.ledger.append(case, events)
            except Conflict:
                case = works.ledger.load(case.id)  # someone else moved it: our work is void
                works.compensation.compensate(case, events)
                return case
            _settle_new_assets(before, case, works.blob_store)
            works.listener.on_events(case, events)
            if any(isinstance(event, StageFailed) for event in events):
                break  # the sweeper sends it round again
    return case


def _settle_new_assets(before: Case, after: Case, vault: BlobStore) -> None:
    for asset in set(after.assets()) - set(before.assets()):
        try:
            vault.confirm(asset.digest)
        except Unavailable as error:
            log.warning("not settled, the sweeper will: %s", error, extra={"case": after.id})


def _run(stage: Stage, case: Case) -> Sequence[Event]:
    try:
        if events := stage(case):
            check(case, events)  # a stage that says what may not follow has failed like any other
            return events
        raise Unavailable("a stage said nothing: the case cannot go on")
    except Exception as error:
        log.warning("the stage after %s broke: %s", case.phase, _loggable_error(error), extra={"case": case.id})
        log.debug("details", exc_info=error)  # what others raise may repeat words of a prompt: never by default
        return [StageFailed(phase=case.phase.value, kind=type(error).__name__, error=_loggable_error(error))]


def _loggable_error(error: Exception) -> str:
    """What the log may keep: our own messages carry no personal data, those of others might."""
    return str(error).splitlines()[0][:300] if isinstance(error, AssayError) and str(error) else type(error).__name__
