"""The sweeper makes good what was lost: a ticket, a crash between two writes, bytes no case refers to.

It decides nothing and moves no case: it sends tickets, and a ticket sent twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from datetime import timedelta

from core.case import Phase
from core.ports import BlobStore, Bus, Ledger

_BATCH = 1000


def resend_due_tickets(
    ledger: Ledger,
    bus: Bus,
    vault: BlobStore,
    phases: Collection[Phase],
    older_than: timedelta,
    *,
    lease: timedelta = timedelta(0),
) -> int:
    """Send a ticket for every case that is due and has not moved for `older_than`; clear orphans out of the vault.

    Where tickets are not remembered by the bus, a `lease` sees to it that the next sweep goes on with others: those for
    which a ticket was sent are not due again before it ends. Returns how many tickets were sent. Raises Unavailable
    when the ledger, the bus or the vault is away: nothing is lost by that either.
    """
    sent = 0
    for ticket in ledger.due(tuple(phases), unmoved_for=older_than, limit=_BATCH, lease=lease):
        bus.send(ticket)
        sent += 1
    collect_orphans(ledger, vault)
    return sent


def collect_orphans(ledger: Ledger, vault: BlobStore) -> None:
    """Settle bytes that a case refers to, discard those that none does and that no one is working on."""
    owners: dict[str, set[str]] = {}
    for digest, owner in vault.pending():
        owners.setdefault(digest, set()).add(owner)
    for digest, claimants in owners.items():
        _settle_or_discard(ledger, vault, digest, claimants)


def _settle_or_discard(ledger: Ledger, vault: BlobStore, digest: str, owners: Collection[str]) -> None:
    with ExitStack() as claims:
        # Two cases may have put the same bytes: one that still works on its own would lose them.
        if not all(claims.enter_context(ledger.try_lock(owner)) for owner in sorted(owners)):
            return
        if ledger.is_referenced(digest):
            vault.confirm(digest)
        else:
            vault.discard(digest)
