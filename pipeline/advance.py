"""advance() carries a case as far as this worker is willing to. It is the whole engine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import AssayError, Conflict, Unavailable
from core.events import Event, Faltered
from core.ports import Bus, Ledger, Stage, Ticket, Vault
from core.transitions import check

log = logging.getLogger("assay.advance")

Route = Mapping[Phase, Stage]
Chores = Callable[[], None]
Told = Callable[[Case, Sequence[Event]], None]


def _no_chores() -> None:
    pass


def _nothing(_case: Case, _events: Sequence[Event]) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What advance() needs: where cases lie, who carries tickets, which stage follows which phase.

    `tell` hears of each step that was stored; `void` of work that came to nothing because the case
    had moved meanwhile, and takes back what the work did outside the ledger. `chores` are done with each sweep.
    """

    ledger: Ledger
    bus: Bus
    vault: Vault
    route: Route
    willing: Collection[Phase]
    tell: Told = _nothing
    chores: Chores = _no_chores
    void: Told = _nothing


def advance(ticket: Ticket, works: Works) -> Case:
    """Carry a case as far as this worker is willing to, then hand it on.

    Never raises for what a stage does: a broken stage is an event like any other. Raises
    Unavailable when the ledger itself is away; then nothing has happened and the ticket may be
    given again.
    """
    with works.ledger.claim(ticket.case_id) as mine:
        case = works.ledger.load(ticket.case_id)
        if not mine or case.revision != ticket.revision:
            return case  # a late or doubled ticket: someone was here before us, or is
        while stage := works.route.get(case.phase):
            if case.phase not in works.willing:
                hand_on(case, works.bus)
                break
            events = _run(stage, case)
            before = case
            try:
                case = works.ledger.append(case, events)
            except Conflict:
                case = works.ledger.load(case.id)  # someone else moved it: our work is void
                works.void(case, events)
                return case
            _settle(before, case, works.vault)
            works.tell(case, events)
            if any(isinstance(event, Faltered) for event in events):
                break  # the sweeper sends it round again
    return case


def _settle(before: Case, after: Case, vault: Vault) -> None:
    for asset in set(after.assets()) - set(before.assets()):
        try:
            vault.settle(asset.digest)
        except Unavailable as error:
            log.warning("not settled, the sweeper will: %s", error, extra={"case": after.id})


def _run(stage: Stage, case: Case) -> Sequence[Event]:
    try:
        if events := stage(case):
            check(case, events)  # a stage that says what may not follow has failed like any other
            return events
        raise Unavailable("a stage said nothing: the case cannot go on")
    except Exception as error:
        log.warning("the stage after %s broke: %s", case.phase, _one_line(error), extra={"case": case.id})
        log.debug("details", exc_info=error)  # what others raise may repeat words of a prompt: never by default
        return [Faltered(phase=case.phase.value, kind=type(error).__name__, error=_one_line(error))]


def _one_line(error: Exception) -> str:
    """What the log may keep: our own messages carry no personal data, those of others might."""
    return str(error).splitlines()[0][:300] if isinstance(error, AssayError) and str(error) else type(error).__name__
