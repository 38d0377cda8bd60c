"""The queue of held cases over a ledger in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from threading import RLock

from core.case import Case, Phase
from core.ports import Ledger
from pipeline.moderation.review_queue import LEASE_TIME, HeldCase

_ALL = 1_000_000


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryReviewQueue:
    """ReviewQueue for one process. `clock` gives aware datetimes."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime] = _now) -> None:
        self._ledger, self._clock = ledger, clock
        self._leases: dict[str, tuple[str, datetime]] = {}
        self._skips: dict[tuple[str, str], tuple[int, str]] = {}
        self._lock = RLock()

    def held(self, reviewer: str, *, rule: str = "", after: str = "", limit: int = 50) -> Sequence[HeldCase]:
        """As ReviewQueue.held."""
        cases = self._held(rule)
        ids = [case.id for case in cases]
        start = ids.index(after) + 1 if after in ids else 0
        return tuple(
            HeldCase(
                case=case,
                since=self._ledger.history(case.id)[-1].at,
                reviewer=self._holder(case.id),
                skipped=self._skipped(reviewer, case),
            )
            for case in cases[start : start + limit]
        )

    def count(self, *, rule: str = "") -> int:
        """As ReviewQueue.count."""
        return len(self._held(rule))

    def by_rule(self) -> dict[str, int]:
        """As ReviewQueue.by_rule."""
        counts = Counter(rule for case in self._held("") if case.verdict for rule in case.verdict.rules)
        return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))

    def take(self, reviewer: str, case_id: str) -> str:
        """As ReviewQueue.take."""
        with self._lock:
            if (holder := self._holder(case_id)) not in ("", reviewer):
                return holder
            self._leases[case_id] = reviewer, self._clock() + LEASE_TIME
            return reviewer

    def take_next(
        self, reviewer: str, *, rule: str = "", passing: Collection[str] = (), own: bool = False
    ) -> str | None:
        """As ReviewQueue.take_next."""
        with self._lock:
            for case in self._held(rule):
                left = case.id in passing or self._skipped(reviewer, case)
                theirs = case.request.author == reviewer and not own
                if not left and not theirs and self._holder(case.id) in ("", reviewer):
                    self.take(reviewer, case.id)
                    return case.id
        return None

    def release(self, reviewer: str, case_id: str) -> None:
        """As ReviewQueue.release."""
        with self._lock:
            if self._holder(case_id) == reviewer:
                del self._leases[case_id]

    def skip(self, reviewer: str, case: Case, *, code: str) -> None:
        """As ReviewQueue.skip."""
        with self._lock:
            self._skips[reviewer, case.id] = case.revision, code

    def _held(self, rule: str) -> list[Case]:
        held = self._ledger.list(phase=Phase.HELD, limit=_ALL, oldest=True)
        return [case for case in held if not rule or (case.verdict and rule in case.verdict.rules)]

    def _holder(self, case_id: str) -> str:
        reviewer, until = self._leases.get(case_id, ("", self._clock()))
        return reviewer if until > self._clock() else ""

    def _skipped(self, reviewer: str, case: Case) -> bool:
        return self._skips.get((reviewer, case.id), (0, ""))[0] == case.revision
