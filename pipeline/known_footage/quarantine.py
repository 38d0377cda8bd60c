"""A hash that fires too often is more likely wrong than right: it stops deciding until an operator has looked at it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from registry.banks.bank_activity import BankActivity
from registry.banks.bank_entries import Provenance
from registry.banks.postgres_banks import PostgresBanks

log = logging.getLogger("assay.banks")

QUARANTINE_ACTOR = "assay:quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLimits:
    """From which share of all cases looked at within `window`, and from how many, an entry fires too often.

    A `share` of 0 quarantines nothing.
    """

    share: float
    count: int
    window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Looks for entries that fire too often."""

    banks: PostgresBanks
    activity: BankActivity
    limits: QuarantineLimits

    def run(self, now: datetime | None = None) -> Sequence[int]:
        """Quarantine what fired too often; the keys of those entries. Raises Unavailable.

        An entry that an operator released is left alone for the length of a window.
        """
        if not self.limits.share:
            return ()
        since = (now or datetime.now(UTC)) - self.limits.window
        fired, looked_at = self.activity.fired(since, least=self.limits.count)
        return [key for key, count in fired.items() if looked_at and self._taken(key, count, looked_at, since)]

    def _taken(self, key: int, count: int, looked_at: int, since: datetime) -> bool:
        if count < self.limits.share * looked_at:
            return False
        released = [change.at for change in self.banks.history(key) if change.change == "released"]
        if released and released[-1] > since:
            return False
        hours = round(self.limits.window / timedelta(hours=1), 1)
        reason = f"found in {count} of {looked_at} cases within {hours:g} hours"
        if not self.banks.change([key], "quarantined", Provenance(by=QUARANTINE_ACTOR, reason=reason)):
            return False
        log.warning("entry %s of a bank is quarantined: %s", key, reason)
        return True
