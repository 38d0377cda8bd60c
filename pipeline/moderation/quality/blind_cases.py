"""A case as it was when it was held, under another id and as if it were held now: what a check shows.

Nothing in it tells that it is one: neither the id nor the times, and what was ruled afterwards is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.case import Case, Phase
from core.errors import NotFound, NotNow
from core.events import Commissioned, Event, Ruled, Waiting
from core.ports import Ledger, RecordedEvent
from core.verdicts import Decision, Ruling
from pipeline.moderation.quality.review_checks import ReviewCheck, ReviewChecks

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from core.ports import Ticket


def case_of_history(case_id: str, history: Sequence[RecordedEvent]) -> Case:
    """The fold of these events."""
    return Case(id=case_id).apply(entry.event for entry in history)


def history_when_held(ledger: Ledger, case_id: str, revision: int) -> Sequence[RecordedEvent]:
    """What had happened to the case when it was held at this revision. Raises NotFound where it was not held then."""
    history = tuple(entry for entry in ledger.history(case_id) if entry.revision <= revision)
    if len(history) != revision or case_of_history(case_id, history).phase is not Phase.HELD:
        raise NotFound("this case was not held then")
    return history


def shown_history(ledger: Ledger, check: ReviewCheck) -> Sequence[RecordedEvent]:
    """What the reviewer sees of it: as if it were held since `shown_since`, and then their own ruling."""
    history = history_when_held(ledger, check.case_id, check.revision)
    later = check.shown_since - history[-1].at
    shown = [replace(entry, at=entry.at + later, event=_moved(entry.event, later)) for entry in history]
    if check.decision and check.ruled is not None:
        verdict = case_of_history(check.case_id, history).verdict
        if verdict is not None:
            ruling = Ruling(
                gate=verdict.gate,
                decision=Decision[check.decision.upper()],
                moderator=check.reviewer,
                over=verdict.rules,
                code=check.code,
                note=check.note,
            )
            shown.append(RecordedEvent(revision=check.revision + 1, at=check.ruled, event=Ruled(ruling=ruling)))
    return tuple(shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindLedger:
    """A ledger in which checks are cases as well: they can be read, and nothing can be appended to them."""

    ledger: Ledger
    checks: ReviewChecks

    def load(self, case_id: str) -> Case:
        """As Ledger.load."""
        try:
            return self.ledger.load(case_id)
        except NotFound:
            return case_of_history(case_id, self._shown(case_id))

    def history(self, case_id: str) -> Sequence[RecordedEvent]:
        """As Ledger.history."""
        try:
            return self.ledger.history(case_id)
        except NotFound:
            return self._shown(case_id)

    def append(self, case: Case, events: Sequence[Event], *, rest: timedelta = timedelta(0)) -> Case:
        """As Ledger.append. Raises NotNow for a check."""
        if self.checks.check(case.id) is not None:
            raise NotNow("this can only be allowed, refused or left to others")
        return self.ledger.append(case, events, rest=rest)

    def due(
        self, phases: Sequence[Phase], *, unmoved_for: timedelta, limit: int = 100, lease: timedelta = timedelta(0)
    ) -> Sequence[Ticket]:
        """As Ledger.due."""
        return self.ledger.due(phases, unmoved_for=unmoved_for, limit=limit, lease=lease)

    def postpone(self, case_id: str, *, pause: timedelta, revision: int | None = None) -> None:
        """As Ledger.postpone."""
        self.ledger.postpone(case_id, pause=pause, revision=revision)

    def now(self) -> datetime:
        """As Ledger.now."""
        return self.ledger.now()

    def count(self, phase: Phase) -> int:
        """As Ledger.count."""
        return self.ledger.count(phase)

    def list(
        self, *, phase: Phase | None = None, author: str | None = None, limit: int = 100, oldest: bool = False
    ) -> Sequence[Case]:
        """As Ledger.list: no checks are in it."""
        return self.ledger.list(phase=phase, author=author, limit=limit, oldest=oldest)

    def created_by(self, author: str, *, after: str = "", limit: int = 20, ascending: bool = False) -> Sequence[Case]:
        """As Ledger.created_by: no checks are in it."""
        return self.ledger.created_by(author, after=after, limit=limit, ascending=ascending)

    def is_referenced(self, digest: str) -> bool:
        """As Ledger.is_referenced."""
        return self.ledger.is_referenced(digest)

    def try_lock(self, case_id: str) -> AbstractContextManager[bool]:
        """As Ledger.try_lock."""
        return self.ledger.try_lock(case_id)

    def _shown(self, case_id: str) -> Sequence[RecordedEvent]:
        check = self.checks.check(case_id)
        if check is None or check.dropped:
            raise NotFound
        return shown_history(self.ledger, check)


def _moved(event: Event, later: timedelta) -> Event:
    """The event, with what it says of times itself moved as well."""
    match event:
        case Commissioned(at=at) if at is not None:
            return replace(event, at=at + later)
        case Waiting():
            return replace(event, since=event.since + later)
    return event
