"""The sweeper makes good what was lost: a ticket, a crash between two writes, bytes no case refers to.

It decides nothing and moves no case: it sends tickets, and a ticket sent twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from core.case import FAILURES_BEFORE_REVIEW, Phase
from core.errors import NotFound, Unavailable
from core.ports import BlobStore, Bus, Ledger, Ticket
from pipeline.runners.ticket_handler import ping_ledger

log = logging.getLogger("assay.sweep")

FIRST_RETRY_DELAY = timedelta(seconds=30)
MAX_RETRY_DELAY = timedelta(hours=1)
MIN_DELAY_AFTER_REPEATED_FAILURE = timedelta(minutes=1)


def resend_due_tickets(
    ledger: Ledger,
    bus: Bus,
    vault: BlobStore,
    phases: Collection[Phase],
    older_than: timedelta,
    *,
    first_pause: timedelta = FIRST_RETRY_DELAY,
    now: datetime | None = None,
) -> int:
    """Send a ticket for every case that has waited longer than `older_than`; clear orphans out of the vault.

    A case that failed waits out its pause first. Returns how many tickets were sent. Raises
    Unavailable when the ledger, the bus or the vault is away: nothing is lost by that either.
    """
    now = now or datetime.now(UTC)
    sent = 0
    for phase in phases:  # one by one, so that a phase in which hundreds are stuck hides no other
        for ticket in ledger.due([phase], unmoved_since=now - older_than, limit=1000):
            if _is_retry_due(ledger, ticket, first_pause, now):
                bus.send(ticket)
                sent += 1
    collect_orphans(ledger, vault)
    return sent


def retry_delay(failures: int, first: timedelta = FIRST_RETRY_DELAY) -> timedelta:
    """How long a case rests after so many failures: doubling from `first`, an hour at most.

    Where a case goes on failing without a person being asked (a withdrawal is never given up), it
    rests a minute at least, whatever `first` is.
    """
    if failures == 0:
        return timedelta(0)
    grown = first * (1 << min(failures - 1, 12))
    least = MIN_DELAY_AFTER_REPEATED_FAILURE if failures >= FAILURES_BEFORE_REVIEW else timedelta(0)
    return min(max(grown, least), MAX_RETRY_DELAY)


def collect_orphans(ledger: Ledger, vault: BlobStore) -> None:
    """Settle bytes that a case refers to, discard those that none does and that no one is working on."""
    owners: dict[str, set[str]] = {}
    for digest, owner in vault.pending():
        owners.setdefault(digest, set()).add(owner)
    for digest, claimants in owners.items():
        _settle_or_discard(ledger, vault, digest, claimants)


def _is_retry_due(ledger: Ledger, ticket: Ticket, first: timedelta, now: datetime) -> bool:
    try:
        case = ledger.load(ticket.case_id)
        last = ledger.history(case.id)[-1].at if case.failures else now
    except (NotFound, Unavailable, ValueError, TypeError) as error:  # it waits, and the others do not wait for it
        ping_ledger(ledger)
        log.error("not swept: %s", error, extra={"case": ticket.case_id})
        return False
    return now - last >= retry_delay(case.failures, first)


def _settle_or_discard(ledger: Ledger, vault: BlobStore, digest: str, owners: Collection[str]) -> None:
    with ExitStack() as claims:
        # Two cases may have put the same bytes: one that still works on its own would lose them.
        if not all(claims.enter_context(ledger.try_lock(owner)) for owner in sorted(owners)):
            return
        if ledger.is_referenced(digest):
            vault.confirm(digest)
        else:
            vault.discard(digest)
