"""The sweeper makes good what was lost: a ticket, a crash between two writes, bytes no case refers to.

It decides nothing and moves no case: it sends tickets, and a ticket sent twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from core.case import STUMBLES_BEFORE_A_PERSON, Phase
from core.errors import NotFound, Unavailable
from core.ports import Bus, Ledger, Ticket, Vault
from pipeline.runners.errand import make_sure_it_answers

log = logging.getLogger("assay.sweep")

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
PAUSE_OF_THE_STUBBORN = timedelta(minutes=1)


def sweep(
    ledger: Ledger,
    bus: Bus,
    vault: Vault,
    phases: Collection[Phase],
    older_than: timedelta,
    *,
    first_pause: timedelta = FIRST_PAUSE,
    now: datetime | None = None,
) -> int:
    """Send a ticket for every case that has waited longer than `older_than`; clear orphans out of the vault.

    A case that stumbled waits out its pause first. Returns how many tickets were sent. Raises
    Unavailable when the ledger, the bus or the vault is away: nothing is lost by that either.
    """
    now = now or datetime.now(UTC)
    sent = 0
    for phase in phases:  # one by one, so that a phase in which hundreds are stuck hides no other
        for ticket in ledger.due([phase], unmoved_since=now - older_than, limit=1000):
            if _rested(ledger, ticket, first_pause, now):
                bus.send(ticket)
                sent += 1
    clear_orphans(ledger, vault)
    return sent


def pause_after(stumbles: int, first: timedelta = FIRST_PAUSE) -> timedelta:
    """How long a case rests after so many stumbles: doubling from `first`, an hour at most.

    Where a case stumbles on without a person being asked (a withdrawal is never given up), it
    rests a minute at least, whatever `first` is.
    """
    if stumbles == 0:
        return timedelta(0)
    grown = first * (1 << min(stumbles - 1, 12))
    least = PAUSE_OF_THE_STUBBORN if stumbles >= STUMBLES_BEFORE_A_PERSON else timedelta(0)
    return min(max(grown, least), LONGEST_PAUSE)


def clear_orphans(ledger: Ledger, vault: Vault) -> None:
    """Settle bytes that a case refers to, discard those that none does and that no one is working on."""
    owners: dict[str, set[str]] = {}
    for digest, owner in vault.pending():
        owners.setdefault(digest, set()).add(owner)
    for digest, claimants in owners.items():
        _settle_or_discard(ledger, vault, digest, claimants)


def _rested(ledger: Ledger, ticket: Ticket, first: timedelta, now: datetime) -> bool:
    try:
        case = ledger.load(ticket.case_id)
        last = ledger.history(case.id)[-1].at if case.stumbles else now
    except (NotFound, Unavailable, ValueError, TypeError) as error:  # it waits, and the others do not wait for it
        make_sure_it_answers(ledger)
        log.error("not swept: %s", error, extra={"case": ticket.case_id})
        return False
    return now - last >= pause_after(case.stumbles, first)


def _settle_or_discard(ledger: Ledger, vault: Vault, digest: str, owners: Collection[str]) -> None:
    with ExitStack() as claims:
        # Two cases may have put the same bytes: one that still works on its own would lose them.
        if not all(claims.enter_context(ledger.claim(owner)) for owner in sorted(owners)):
            return
        if ledger.refers(digest):
            vault.settle(digest)
        else:
            vault.discard(digest)
