"""Statements of reasons on their way to the DSA Transparency Database.

The outbox is a table: a statement is taken for a while, sent, and settled. Whoever dies between sending and settling
loses nothing: it is due again when its time is over, and the database knows it by its puid, so that it is there once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Protocol

from core.errors import AssayError
from pipeline.legal_record.restriction import Period
from pipeline.legal_record.statement import Payload
from pipeline.legal_record.statement_schema import statement_problems

log = logging.getLogger("assay.record")

BATCH = 100  # the most that the database takes in one request
LEASE = timedelta(minutes=5)
_FIRST_RETRY, _LAST_RETRY = timedelta(minutes=1), timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a statement: sent, rejected, or later. `remote` is the database's own id of it.

    `error` is a line without what was in the statement; `retry_after` in seconds, None where no time was named.
    """

    state: str
    remote: str = ""
    error: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenStatement:
    """One that this process sends now."""

    puid: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionResult:
    """How many were queued and sent, rejected, or put off; `statements` are those of a dry run."""

    queued: int = 0
    sent: int = 0
    rejected: int = 0
    later: int = 0
    statements: tuple[Payload, ...] = ()


class StatementReceiver(Protocol):
    """Where statements go: the DSA Transparency Database."""

    def send(self, statements: Sequence[Payload]) -> Mapping[str, Outcome]:
        """What became of each, by its puid. Never raises for what the receiver does."""


class StatementOutbox(Protocol):
    """Keeps which statements are to be sent and which were."""

    def queue(self, period: Period, *, published_only: bool) -> int:
        """Have the statements of this period sent, each once for ever; how many are new."""

    def take(self, *, limit: int, lease: timedelta) -> Sequence[TakenStatement]:
        """Those that are due, which nobody else takes until the lease is over."""

    def settle(self, puid: str, outcome: Outcome, payload: Payload) -> None:
        """It was sent or rejected, as this."""

    def put_off(self, puid: str, error: str, wait: timedelta) -> None:
        """It is due again then."""

    def pending(self) -> Sequence[str]:
        """The puids of all that wait, also those that are not due yet."""

    def counts(self) -> Mapping[str, int]:
        """How many there are of each state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSubmission:
    """Sends what is due. `make` makes a statement by its puid; `receiver` is None where nothing is sent."""

    outbox: StatementOutbox
    make: Callable[[str], Payload]
    receiver: StatementReceiver | None
    lease: timedelta = LEASE

    def dry_run(self, limit: int = BATCH) -> SubmissionResult:
        """What would be sent, and what the checks say of it; nothing is sent and nothing is changed."""
        made = tuple(self.make(puid) for puid in self.outbox.pending()[:limit])
        wrong = sum(bool(statement_problems(one)) for one in made)
        return SubmissionResult(rejected=wrong, later=len(made) - wrong, statements=made)

    def submit(self) -> SubmissionResult:
        """Send what is due until nothing is, or the database is away."""
        total = SubmissionResult()
        while self.receiver is not None and (taken := self.outbox.take(limit=BATCH, lease=self.lease)):
            now = self._send(self.receiver, taken)
            total = SubmissionResult(
                sent=total.sent + now.sent, rejected=total.rejected + now.rejected, later=total.later + now.later
            )
            if now.later:
                break
        return total

    def _send(self, receiver: StatementReceiver, taken: Sequence[TakenStatement]) -> SubmissionResult:
        made = {one.puid: self.make(one.puid) for one in taken}
        wrong = {puid: found for puid, one in made.items() if (found := statement_problems(one))}
        for puid, found in wrong.items():
            line = "; ".join(f"{field} {problems[0]}" for field, problems in sorted(found.items()))
            self.outbox.settle(puid, Outcome(state="rejected", error=f"not sent: {line}"), made[puid])
        right = [one for puid, one in made.items() if puid not in wrong]
        outcomes = receiver.send(right) if right else {}
        counts = {"sent": 0, "rejected": len(wrong), "later": 0}
        for one in taken:
            if one.puid in wrong:
                continue
            outcome = outcomes.get(one.puid, Outcome(state="later", error="the database did not say"))
            counts[outcome.state] += 1
            if outcome.state == "later":
                self.outbox.put_off(one.puid, outcome.error, retry_wait(one.attempts, outcome.retry_after))
            else:
                self.outbox.settle(one.puid, outcome, made[one.puid])
        return SubmissionResult(sent=counts["sent"], rejected=counts["rejected"], later=counts["later"])


@dataclass(slots=True)
class PeriodicSubmission:
    """Queues what is new and sends what is due, each minute; in servers and workers. Nothing where nothing is sent."""

    submission: StatementSubmission
    queue: Callable[[], int]
    interval: float = 60.0
    _next: float = 0.0

    def run_maintenance(self) -> None:
        """Send, if it is time. What is away is logged and waited for: no case stands still for it."""
        if self.submission.receiver is None or monotonic() < self._next:
            return
        self._next = monotonic() + self.interval
        try:
            self.queue()
            result = self.submission.submit()
        except AssayError as error:
            log.error("statements of reasons wait: %s", error)
            return
        if result.rejected:
            log.error(
                "the DSA Transparency Database rejected %d statements: see `assay report submit`", result.rejected
            )


def retry_wait(attempts: int, retry_after: float | None) -> timedelta:
    """How long to wait: twice as long each time, six hours at most, and never less than the receiver asks for."""
    wait: timedelta = min(_FIRST_RETRY * 2 ** min(max(attempts - 1, 0), 10), _LAST_RETRY)
    return max(wait, min(timedelta(seconds=retry_after or 0), _LAST_RETRY))
