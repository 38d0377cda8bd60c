"""advance() carries a case as far as this worker is willing to. It is the whole engine."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from core.case import WAITED_TOO_LONG, Case, Phase
from core.dispatch import hand_on
from core.errors import AssayError, Conflict, NotYet, Unavailable
from core.events import Event, StageFailed, Waiting
from core.ports import BlobStore, Bus, Ledger, Stage, Ticket
from core.transitions import check

log = logging.getLogger("assay.advance")

DEFAULT_MAX_WAIT = timedelta(hours=24)
_SHORTEST_RETRY, _LONGEST_RETRY = timedelta(seconds=1), timedelta(minutes=1)
"""How soon what is away is asked for again: after half the time for which it has been away, within these."""

_LOCKED_SECONDS = 0.1  # how soon a case on which somebody else works is tried again

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceTasks:
    """Several as one, in this order."""

    tasks: Sequence[MaintenanceTask]

    def run_maintenance(self) -> None:
        """Each in turn; one that breaks stops neither those after it nor the sweep. Raises Unavailable, and then those
        after it come with the next sweep.
        """
        for task in self.tasks:
            try:
                task.run_maintenance()
            except Unavailable:
                raise
            except Exception as error:
                log.error("%s broke: %s", type(task).__name__, type(error).__name__)
                log.debug("details", exc_info=error)  # what others raise may repeat somebody's words


class NoListener:
    """An EventListener for a process in which nobody watches."""

    def on_events(self, case: Case, events: Sequence[Event]) -> None:
        """Nothing: the ledger has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineContext:
    """What advance() needs: where cases lie, who carries tickets, which stage follows which phase.

    What a stage needs and finds away is asked for again for as long as `max_wait`; after that a person is asked.
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
    max_wait: timedelta = DEFAULT_MAX_WAIT


def advance(ticket: Ticket, works: PipelineContext) -> Case:
    """Carry a case as far as this worker is willing to, then hand it on.

    Never raises for what a stage does: a broken stage is an event like any other. Where a stage says that it is too
    early (an engine is at work), the ticket is sent again later; where what it needs is away, the case waits and a
    sweep finds it. Raises Unavailable when the ledger itself is away; then nothing has happened and the ticket may
    be given again.
    """
    with works.ledger.try_lock(ticket.case_id) as mine:
        case, again = _advance(ticket, works, mine)
    if again is not None:  # once the lock is free: who gets the ticket wants it
        hand_on(case, works.bus, after=again)
    return case


def _advance(ticket: Ticket, works: PipelineContext, mine: bool) -> tuple[Case, float | None]:
    """The case as it is then, and the seconds after which its ticket is to be sent; None where it is not."""
    case = works.ledger.load(ticket.case_id)
    if case.revision != ticket.revision:
        return case, None  # a late or doubled ticket: someone was here before us
    if not mine:  # who is at work may be about to leave: whoever submits, or only asks how far an engine is
        return case, _LOCKED_SECONDS
    while stage := works.route.get(case.phase):
        if case.phase not in works.accepted_phases:
            return case, 0.0
        try:
            events = _with_decision(_run(stage, case), case, works)
        except NotYet as not_yet:
            return _look_again(case, not_yet.seconds, works)
        except Unavailable as error:
            return _wait(case, error, works), None
        before, (case, stored) = case, _store(case, events, works)
        if not stored:
            break
        _settle_new_assets(before, case, works.blob_store)
        if any(isinstance(event, StageFailed) for event in events):
            break  # the sweeper sends it round again
    return case, None


def _with_decision(events: Sequence[Event], case: Case, works: PipelineContext) -> Sequence[Event]:
    """What was measured of a prompt together with what is decided on it at once: one write to the ledger, not two.

    Where the decision cannot be made now, what was measured alone: it is stored, and the decision is tried after that.
    """
    if case.phase is not Phase.SUBMITTED:
        return events
    measured = check(case, events)
    decide = works.route.get(measured.phase)
    if decide is None or measured.phase is not Phase.SCREENED or Phase.SCREENED not in works.accepted_phases:
        return events
    try:
        return [*events, *_run(decide, measured)]
    except (NotYet, Unavailable):
        return events


def _store(case: Case, events: Sequence[Event], works: PipelineContext) -> tuple[Case, bool]:
    """The case after these events, and whether they were stored: not where somebody else moved it, and work is void."""
    try:
        after = works.ledger.append(case, events)
    except Conflict:
        moved = works.ledger.load(case.id)
        works.compensation.compensate(moved, events)
        return moved, False
    works.listener.on_events(after, events)
    return after, True


def _look_again(case: Case, seconds: float, works: PipelineContext) -> tuple[Case, float | None]:
    """Send the ticket again after so many seconds; no sweep does so before. What had been away is back, then."""
    if case.waiting is not None:
        ended = Waiting(phase=case.phase.value, reason="", since=case.waiting.since)
        case, stored = _store(case, [ended], works)
        if not stored:
            return case, None
    works.ledger.postpone(case.id, pause=timedelta(seconds=seconds), revision=case.revision)
    return case, seconds


def _wait(case: Case, error: Unavailable, works: PipelineContext) -> Case:
    """Say that the case waits for what is away, once, and that a sweep finds it; or that it has waited for too long."""
    log.warning("the stage after %s waits: %s", case.phase, error, extra={"case": case.id})
    now = works.ledger.now()  # another worker's clock, or this one's, may be hours away from it
    reason, since = _loggable_error(error), case.waiting.since if case.waiting else now
    # A withdrawal is never given up.
    if now - since > works.max_wait and case.phase is not Phase.RECALLED:
        return _store(case, [StageFailed(phase=case.phase.value, kind=WAITED_TOO_LONG, error=reason)], works)[0]
    if case.waiting is None:
        case, stored = _store(case, [Waiting(phase=case.phase.value, reason=reason, since=since)], works)
        if not stored:
            return case
    pause = min(max((now - since) / 2, _SHORTEST_RETRY), _LONGEST_RETRY)
    works.ledger.postpone(case.id, pause=pause, revision=case.revision)
    return case


def _settle_new_assets(before: Case, after: Case, vault: BlobStore) -> None:
    for asset in set(after.assets()) - set(before.assets()):
        try:
            vault.confirm(asset.digest)
        except Unavailable as error:
            log.warning("not settled, the sweeper will: %s", error, extra={"case": after.id})


def _run(stage: Stage, case: Case) -> Sequence[Event]:
    """What happened. Raises NotYet, and Unavailable."""
    try:
        if events := stage(case):
            check(case, events)  # a stage that says what may not follow has failed like any other
            return events
        raise AssayError("a stage said nothing: the case cannot go on")
    except (NotYet, Unavailable):
        raise
    except Exception as error:
        log.warning("the stage after %s broke: %s", case.phase, _loggable_error(error), extra={"case": case.id})
        log.debug("details", exc_info=error)  # what others raise may repeat words of a prompt: never by default
        return [StageFailed(phase=case.phase.value, kind=type(error).__name__, error=_loggable_error(error))]


def _loggable_error(error: Exception) -> str:
    """What the log may keep: our own messages carry no personal data, those of others might."""
    return str(error).splitlines()[0][:300] if isinstance(error, AssayError) and str(error) else type(error).__name__
