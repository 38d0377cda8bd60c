"""Sends a case's ticket, so that a worker continues it."""

from __future__ import annotations

import logging

from core.case import Case
from core.errors import Unavailable
from core.ports import Bus, Ticket

log = logging.getLogger("assay.advance")


def hand_on(case: Case, bus: Bus, *, after: float = 0.0) -> None:
    """Send the case's ticket, at once or after so many seconds. A bus that is away loses nothing: a sweep sends it."""
    try:
        ticket = Ticket(case_id=case.id, revision=case.revision, phase=case.phase)
        bus.send(ticket, after=after)
    except Unavailable as error:
        log.warning("ticket not sent, the sweeper will: %s", error, extra={"case": case.id})
