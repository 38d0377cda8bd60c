"""The ledger and its texts in memory. Everything is gone when the process ends."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock

from core.case import Case, Phase
from core.errors import Conflict, Erased, NotFound
from core.events import Event
from core.ports import RecordedEvent, Ticket
from core.retries import FIRST_RETRY_DELAY, delay_after
from core.transitions import check
from pipeline.ledgers.event_rows import event_rows, parse_events, referenced_digests, require_storable_text


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryLedger:
    """A Ledger for one process, any number of threads. `clock` gives aware datetimes."""

    def __init__(
        self, clock: Callable[[], datetime] = _now, *, first_retry_delay: timedelta = FIRST_RETRY_DELAY
    ) -> None:
        self._clock = clock
        self._first_retry_delay = first_retry_delay
        self._due_at: dict[str, datetime] = {}
        self._lock = RLock()
        self._entries: dict[str, list[RecordedEvent]] = {}
        self._cases: dict[str, Case] = {}
        self._digests: set[str] = set()
        self._claimed: set[str] = set()

    def load(self, case_id: str) -> Case:
        """The case as it is. Raises NotFound."""
        with self._lock:
            if case_id not in self._cases:
                raise NotFound
            return self._cases[case_id]

    def append(self, case: Case, events: Sequence[Event], *, rest: timedelta = timedelta(0)) -> Case:
        """The case after these events, due once it has rested. Raises Conflict if it moved, IllegalTransition."""
        stored = parse_events(case.id, event_rows(events))
        if not stored:
            return case
        with self._lock:
            if self._revision(case.id) != case.revision:
                raise Conflict
            after = check(case, stored)
            entries = self._entries.setdefault(case.id, [])
            entries += [
                RecordedEvent(revision=revision, at=self._clock(), event=event)
                for revision, event in enumerate(stored, case.revision + 1)
            ]
            self._digests.update(referenced_digests(case, stored))
            self._cases[case.id] = after
            self._due_at[case.id] = self._moved(after) + max(rest, delay_after(after, stored, self._first_retry_delay))
            return after

    def history(self, case_id: str) -> Sequence[RecordedEvent]:
        """All events of a case in order. Raises NotFound."""
        with self._lock:
            if case_id not in self._entries:
                raise NotFound
            return tuple(self._entries[case_id])

    def due(
        self, phases: Sequence[Phase], *, unmoved_for: timedelta, limit: int = 100, lease: timedelta = timedelta(0)
    ) -> Sequence[Ticket]:
        """Tickets for cases in one of these phases that are due and have not moved for so long, the longest due first.

        At most `limit` of each phase. With a `lease`, what is returned is not due again before it ends; see Ledger.
        """
        with self._lock:
            now = self._clock()
            waiting = [
                case
                for case in self._cases.values()
                if case.phase in phases and self._due_at[case.id] <= now and self._moved(case) <= now - unmoved_for
            ]
            waiting.sort(key=lambda case: (self._due_at[case.id], case.id))
            taken, found = Counter[Phase](), list[Case]()
            for case in waiting:
                taken[case.phase] += 1
                if taken[case.phase] <= limit:
                    found.append(case)
            if lease:
                for case in found:
                    self._due_at[case.id] = now + max(lease, min(now - self._moved(case), 10 * lease))
        return tuple(Ticket(case_id=c.id, revision=c.revision, phase=c.phase) for c in found)

    def postpone(self, case_id: str, *, pause: timedelta, revision: int | None = None) -> None:
        """The case is not due before so much time has passed, unless it moves; see Ledger."""
        with self._lock:
            if case_id in self._cases and revision in (None, self._cases[case_id].revision):
                self._due_at[case_id] = self._clock() + pause

    def now(self) -> datetime:
        """By the clock it was given."""
        return self._clock()

    def count(self, phase: Phase) -> int:
        """How many cases are in this phase."""
        with self._lock:
            return sum(case.phase is phase for case in self._cases.values())

    def list(
        self, *, phase: Phase | None = None, author: str | None = None, limit: int = 100, oldest: bool = False
    ) -> Sequence[Case]:
        """Cases, the one that moved last first, or with `oldest` last."""
        with self._lock:
            cases = [
                c
                for c in self._cases.values()
                if (phase is None or c.phase is phase) and (author is None or c.request.author == author)
            ]
            cases.sort(key=lambda c: (self._moved(c), c.id), reverse=not oldest)
        return tuple(cases[:limit])

    def created_by(self, author: str, *, after: str = "", limit: int = 20, ascending: bool = False) -> Sequence[Case]:
        """An author's cases by when they were begun; see Ledger."""
        with self._lock:
            found = [case for case in self._cases.values() if case.request.author == author]
            found.sort(key=lambda c: (self._entries[c.id][0].at, c.id), reverse=not ascending)
        ids = [case.id for case in found]
        if after and after not in ids:
            raise NotFound
        begin = ids.index(after) + 1 if after else 0
        return tuple(found[begin : begin + limit])

    def is_referenced(self, digest: str) -> bool:
        """Whether any case refers to these bytes, or ever did."""
        with self._lock:
            return digest in self._digests

    @contextmanager
    def try_lock(self, case_id: str) -> Iterator[bool]:
        """Whether no one else works on the case; held until the context ends."""
        with self._lock:
            acquired = case_id not in self._claimed
            self._claimed.add(case_id)
        try:
            yield acquired
        finally:
            if acquired:
                with self._lock:
                    self._claimed.discard(case_id)

    def _revision(self, case_id: str) -> int:
        return self._cases[case_id].revision if case_id in self._cases else 0

    def _moved(self, case: Case) -> datetime:
        return self._entries[case.id][-1].at


class MemoryTexts:
    """Texts for one process."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._texts: dict[str, tuple[str, str | None]] = {}

    def put(self, text: str, *, case_id: str) -> str:
        """Keep a text; returns its random id. Raises BadInput for what is not text."""
        text_id = secrets.token_hex(16)
        with self._lock:
            self._texts[text_id] = (case_id, require_storable_text(text))
        return text_id

    def read(self, text_id: str) -> str:
        """The text. Raises Erased, or NotFound."""
        with self._lock:
            if text_id not in self._texts:
                raise NotFound("there is no such text")
            text = self._texts[text_id][1]
        if text is None:
            raise Erased
        return text

    def read_many(self, text_ids: Collection[str]) -> Mapping[str, str]:
        """As TextStore.read_many."""
        with self._lock:
            found = {text_id: self._texts[text_id][1] for text_id in text_ids if text_id in self._texts}
        return {text_id: text for text_id, text in found.items() if text is not None}

    def erase(self, *, case_id: str) -> int:
        """Erase all texts of a case; returns how many."""
        with self._lock:
            text_ids = [i for i, (owner, text) in self._texts.items() if owner == case_id and text is not None]
            self._texts.update(dict.fromkeys(text_ids, (case_id, None)))
        return len(text_ids)
