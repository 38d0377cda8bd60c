"""One ticket, run by a runner: a case that cannot be run must not stop those that can."""

from __future__ import annotations

import logging
from datetime import timedelta

from core.errors import NotFound, Unavailable
from core.ports import Ledger, Ticket
from pipeline.advance import PipelineContext, advance

log = logging.getLogger("assay.runner")

_REST_OF_UNREADABLE = timedelta(minutes=1)


def handle_ticket(ticket: Ticket, works: PipelineContext) -> bool:
    """advance(), for a ticket that then is done with, whatever became of it. Returns whether it was not merely put off.

    Raises Unavailable only when the ledger answers no one; then the ticket has to be given again.
    What is wrong with one case alone (it is unknown; a newer Assay wrote it; its bytes are out of
    reach) is logged, and a sweep finds it again after a while: it stands in nobody's way meanwhile.
    """
    try:
        advance(ticket, works)
    except Unavailable as error:
        ping_ledger(works.ledger)
        log.warning("put off: %s", error, extra={"case": ticket.case_id})
        _postpone(ticket, works.ledger)
        return False
    except (NotFound, ValueError, TypeError) as error:
        log.error("ticket dropped: %s", error, extra={"case": ticket.case_id})
        _postpone(ticket, works.ledger)
    return True


def _postpone(ticket: Ticket, ledger: Ledger) -> None:
    ledger.postpone(ticket.case_id, pause=_REST_OF_UNREADABLE)


def ping_ledger(ledger: Ledger) -> None:
    """Ask the ledger something small. Raises Unavailable."""
    ledger.due([], unmoved_for=timedelta(0), limit=1)
