"""Second reviews, golden items and checks in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import RLock

from pipeline.moderation.quality.review_checks import (
    AnswerCount,
    CheckKind,
    Disagreement,
    GoldenAnswer,
    GoldenCount,
    GoldenItem,
    ReviewCheck,
    SecondReview,
)

_Key = tuple[str, int]


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryReviewChecks:
    """ReviewChecks for one process. `clock` gives aware datetimes."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._lock = RLock()
        self._seconds: dict[_Key, tuple[SecondReview, datetime]] = {}
        self._void: set[_Key] = set()
        self._settled: dict[_Key, str] = {}
        self._golden: dict[_Key, GoldenItem] = {}
        self._checks: dict[str, ReviewCheck] = {}
        self._dealt: dict[str, datetime] = {}
        self._turns: Counter[str] = Counter()

    def add_second(self, review: SecondReview) -> None:
        """As ReviewChecks.add_second."""
        self._seconds.setdefault((review.case_id, review.revision), (review, self._clock()))

    def waiting_seconds(self, reviewer: str, *, days: int, limit: int) -> Sequence[SecondReview]:
        """As ReviewChecks.waiting_seconds."""
        begin = self._clock() - timedelta(days=days)
        found = [
            review
            for key, (review, noted) in self._seconds.items()
            if noted > begin and key not in self._void and review.reviewer != reviewer
            if not any(self._is_taken(check, reviewer) for check in self._of(key))
        ]
        return tuple(found[:limit])

    def void_second(self, case_id: str, revision: int) -> None:
        """As ReviewChecks.void_second."""
        self._void.add((case_id, revision))

    def disagreements(self, *, limit: int) -> Sequence[Disagreement]:
        """As ReviewChecks.disagreements."""
        found = [
            Disagreement(first=first, second=second)
            for first, second in self._answered()
            if first.decision != second.decision
            and (first.case_id, first.revision) not in self._settled
            and (first.case_id, first.revision) not in self._void
        ]
        return tuple(sorted(found, key=lambda one: one.second.ruled or _now())[:limit])

    def settle(self, case_id: str, revision: int, *, by: str, decision: str) -> bool:
        """As ReviewChecks.settle."""
        with self._lock:
            open_ones = {(one.first.case_id, one.first.revision) for one in self.disagreements(limit=1_000_000)}
            if (case_id, revision) not in open_ones:
                return False
            self._settled[case_id, revision] = decision
            return bool(by)

    def add_golden(self, item: GoldenItem) -> bool:
        """As ReviewChecks.add_golden."""
        with self._lock:
            key = item.case_id, item.revision
            if key in self._golden:
                return False
            self._golden[key] = replace(item, made=self._clock())
            return True

    def retire_golden(self, case_id: str, revision: int) -> bool:
        """As ReviewChecks.retire_golden."""
        with self._lock:
            if (case_id, revision) not in self._golden:
                return False
            self._golden[case_id, revision] = replace(self._golden[case_id, revision], retired=True)
            return True

    def golden_items(self, *, limit: int) -> Sequence[GoldenItem]:
        """As ReviewChecks.golden_items."""
        return tuple(self._counted(item) for item in reversed(self._golden.values()))[:limit]

    def unseen_golden(self, reviewer: str, *, days: int, limit: int) -> Sequence[GoldenItem]:
        """As ReviewChecks.unseen_golden."""
        begin = self._clock() - timedelta(days=days)
        found = [
            (len(self._golden_of(key)), item.made, item.case_id, self._counted(item))
            for key, item in self._golden.items()
            if item.made > begin and not item.retired and item.made_by != reviewer
            if all(check.reviewer != reviewer for check in self._of(key))
        ]
        return tuple(one[-1] for one in sorted(found, key=lambda one: one[:3])[:limit])

    def open_check(self, reviewer: str) -> ReviewCheck | None:
        """As ReviewChecks.open_check."""
        with self._lock:
            for check in [one for one in self._checks.values() if one.reviewer == reviewer and _is_open(one)]:
                if self._dealt[check.id] >= self._clock() - timedelta(days=1):
                    return check
                self._checks[check.id] = replace(check, dropped="left")
            return None

    def assign(self, check: ReviewCheck) -> bool:
        """As ReviewChecks.assign."""
        with self._lock:
            theirs = [one for one in self._checks.values() if one.reviewer == check.reviewer]
            others = self._of((check.case_id, check.revision))
            second = check.kind is CheckKind.SECOND
            if (
                any(_is_open(one) for one in theirs)
                or any(one.reviewer == check.reviewer for one in others)
                or (second and any(one.kind is CheckKind.SECOND and not one.dropped for one in others))
            ):
                return False
            self._checks[check.id], self._dealt[check.id] = check, self._clock()
            return True

    def check(self, check_id: str) -> ReviewCheck | None:
        """As ReviewChecks.check."""
        return self._checks.get(check_id)

    def decide(self, check_id: str, *, decision: str, code: str, note: str) -> bool:
        """As ReviewChecks.decide."""
        with self._lock:
            check = self._checks.get(check_id)
            if check is None or not _is_open(check):
                return False
            decided = replace(check, decision=decision, code=code, note=note, ruled=self._clock())
            self._checks[check_id] = decided
            return True

    def take_back(self, check_id: str) -> bool:
        """As ReviewChecks.take_back."""
        with self._lock:
            check = self._checks.get(check_id)
            if check is None or not check.decision or check.dropped:
                return False
            settled = check.kind is CheckKind.SECOND and (check.case_id, check.revision) in self._settled
            if settled or any(_is_open(one) for one in self._checks.values() if one.reviewer == check.reviewer):
                return False
            self._checks[check_id] = replace(check, decision="", code="", note="", ruled=None)
            return True

    def drop(self, check_id: str, why: str) -> None:
        """As ReviewChecks.drop."""
        with self._lock:
            if (check := self._checks.get(check_id)) is not None and _is_open(check):
                self._checks[check_id] = replace(check, dropped=why)

    def turn(self, reviewer: str) -> int:
        """As ReviewChecks.turn."""
        return self._turns[reviewer]

    def next_turn(self, reviewer: str) -> None:
        """As ReviewChecks.next_turn."""
        with self._lock:
            self._turns[reviewer] += 1

    def pair_counts(self, since: datetime) -> Sequence[AnswerCount]:
        """As ReviewChecks.pair_counts."""
        counts = Counter(
            (first.reviewer, second.reviewer, first.decision, second.decision, self._settlement(first))
            for first, second in self._answered(since)
        )
        return tuple(
            AnswerCount(
                first_reviewer=one, second_reviewer=other, first=first, second=second, settled=settled, count=count
            )
            for (one, other, first, second, settled), count in sorted(counts.items())
        )

    def rule_counts(self, since: datetime) -> Sequence[AnswerCount]:
        """As ReviewChecks.rule_counts."""
        counts = Counter(
            (rule, first.decision, second.decision, self._settlement(first))
            for first, second in self._answered(since)
            for rule in first.rules
        )
        return tuple(
            AnswerCount(rule=rule, first=first, second=second, settled=settled, count=count)
            for (rule, first, second, settled), count in sorted(counts.items())
        )

    def golden_counts(self, since: datetime) -> Sequence[GoldenCount]:
        """As ReviewChecks.golden_counts."""
        counts: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for check, item in self._golden_checks():
            if check.ruled and check.ruled > since:
                counts[check.reviewer] += 1
                right[check.reviewer] += check.decision == item.decision
        return tuple(
            GoldenCount(reviewer=reviewer, count=counts[reviewer], right=right[reviewer]) for reviewer in sorted(counts)
        )

    def golden_answers(self, reviewer: str, *, limit: int) -> Sequence[GoldenAnswer]:
        """As ReviewChecks.golden_answers."""
        found = [
            GoldenAnswer(check=check, decision=item.decision, reason=item.reason)
            for check, item in self._golden_checks()
            if check.reviewer == reviewer
        ]
        return tuple(sorted(found, key=lambda one: one.check.ruled or _now(), reverse=True)[:limit])

    def _is_taken(self, check: ReviewCheck, reviewer: str) -> bool:
        return (check.kind is CheckKind.SECOND and not check.dropped) or check.reviewer == reviewer

    def _of(self, key: _Key) -> list[ReviewCheck]:
        return [check for check in self._checks.values() if (check.case_id, check.revision) == key]

    def _golden_of(self, key: _Key) -> list[ReviewCheck]:
        return [check for check in self._of(key) if check.kind is CheckKind.GOLDEN]

    def _answered(self, since: datetime | None = None) -> list[tuple[SecondReview, ReviewCheck]]:
        return [
            (review, check)
            for key, (review, _noted) in self._seconds.items()
            for check in self._of(key)
            if check.kind is CheckKind.SECOND and check.ruled and (since is None or check.ruled > since)
        ]

    def _settlement(self, first: SecondReview) -> str:
        return self._settled.get((first.case_id, first.revision), "")

    def _golden_checks(self) -> list[tuple[ReviewCheck, GoldenItem]]:
        return [
            (check, self._golden[check.case_id, check.revision])
            for check in self._checks.values()
            if check.kind is CheckKind.GOLDEN and check.decision
        ]

    def _counted(self, item: GoldenItem) -> GoldenItem:
        answers = [check.decision for check in self._golden_of((item.case_id, item.revision)) if check.decision]
        return replace(item, shown=len(answers), right=answers.count(item.decision))


def _is_open(check: ReviewCheck) -> bool:
    return not check.decision and not check.dropped
