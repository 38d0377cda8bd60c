"""What is asked of a ledger beside its cases, of one in memory: an author's past, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from core.case import Case, Phase
from core.events import Judged, Submitted
from core.ports import RecordedEvent
from core.verdicts import Decision
from pipeline.ledgers.author_facts import (
    AUTHOR_FACTS,
    DAY_WINDOW,
    MAX_COUNTED_SUBMISSIONS,
    MINUTE_WINDOW,
    RECENT_WINDOW,
    STRIKE_WINDOW,
)
from pipeline.ledgers.case_histories import CaseEvents
from pipeline.testing.memory_ledger import MemoryLedger


class MemoryAuthorFacts:
    """The facts of PostgresAuthorFacts."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def author_facts(self, author: str, end_user: str = "", *, at: datetime | None = None) -> dict[str, int]:
        """As PostgresAuthorFacts.author_facts."""
        at = at or datetime.now(UTC)
        stories = [_until(at, self._ledger.history(case.id)) for case in self._theirs(author)]
        theirs = [story for story in stories if not end_user or _for_whom(story) == end_user]
        refused = [entry.at for story in theirs for entry in _last_verdicts(story) if _refused(entry)]
        submitted = [story[0].at for story in stories if story]
        waiting = sum(case.phase is Phase.HELD for case in self._theirs(author))
        counts = [_since(refused, at - window) for window in (STRIKE_WINDOW, DAY_WINDOW, RECENT_WINDOW)]
        counts += [
            min(MAX_COUNTED_SUBMISSIONS, _since(submitted, at - window)) for window in (RECENT_WINDOW, DAY_WINDOW)
        ]
        lately = _since([entry.at for story in stories for entry in story if _refused(entry)], at - MINUTE_WINDOW)
        return dict(zip(AUTHOR_FACTS, (*counts, min(MAX_COUNTED_SUBMISSIONS, waiting), lately), strict=True))

    def _theirs(self, author: str) -> Sequence[Case]:
        return self._ledger.list(author=author, limit=1_000_000)


class MemoryCaseHistories:
    """CaseHistories of a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def page(self, *, after: str = "", since: datetime | None = None, limit: int = 200) -> Sequence[CaseEvents]:
        """As CaseHistories.page."""
        histories = {name: self._ledger.history(name) for name in self._names() if name > after}
        later = [name for name, history in histories.items() if since is None or history[0].at >= since]
        return tuple(CaseEvents(case_id=n, events=tuple(e.event for e in histories[n])) for n in later[:limit])

    def count(self, *, after: str = "", since: datetime | None = None) -> int:
        """As CaseHistories.count."""
        return len(self.page(after=after, since=since, limit=1_000_000))

    def count_verdicts(self, since: datetime) -> dict[tuple[str, Decision], int]:
        """As CaseHistories.count_verdicts."""
        found: dict[tuple[str, Decision], int] = {}
        for name in self._names():
            for entry in self._ledger.history(name):
                if isinstance(entry.event, Judged) and entry.at >= since:
                    key = (entry.event.verdict.policy, entry.event.verdict.decision)
                    found[key] = found.get(key, 0) + 1
        return found

    def _names(self) -> list[str]:
        return sorted(case.id for case in self._ledger.list(limit=1_000_000))


def _since(moments: Sequence[datetime], start: datetime) -> int:
    return sum(moment > start for moment in moments)


def _until(at: datetime, story: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    return [entry for entry in story if entry.at <= at]


def _last_verdicts(story: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    by_gate = {entry.event.verdict.gate: entry for entry in story if isinstance(entry.event, Judged)}
    return list(by_gate.values())


def _for_whom(story: Sequence[RecordedEvent]) -> str:
    return next((entry.event.end_user for entry in story if isinstance(entry.event, Submitted)), "")


def _refused(entry: RecordedEvent) -> bool:
    return isinstance(entry.event, Judged) and entry.event.verdict.decision is Decision.REFUSE
