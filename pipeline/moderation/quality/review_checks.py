"""What is kept of second reviews and golden items. A case stands here with the revision at which it was held.

A check is one of the two before one reviewer, under an id like a case's. What is ruled on a check is in no case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

NOT_RULED = ("left", "skipped", "gone")
"""Why a check was dropped: left open for a day, skipped by the reviewer, or it cannot be shown any more."""


class CheckKind(StrEnum):
    """Why a reviewer has a case that is no open case."""

    GOLDEN = "golden"
    SECOND = "second"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCheck:
    """A check before a reviewer. `shown_since`: since when they are told it is held. `decision`: theirs, once ruled."""

    id: str
    kind: CheckKind
    case_id: str
    revision: int
    reviewer: str
    shown_since: datetime
    dropped: str = ""
    decision: str = ""
    code: str = ""
    note: str = ""
    ruled: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReview:
    """A ruling to be given twice: who ruled first, and how."""

    case_id: str
    revision: int
    rules: tuple[str, ...]
    reviewer: str
    decision: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A second review that came out otherwise, until a lead settles it."""

    first: SecondReview
    second: ReviewCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenItem:
    """A case with its right answer. `reason` is the id of an erasable text; `shown` and `right` count its answers."""

    case_id: str
    revision: int
    rules: tuple[str, ...]
    decision: str
    reason: str
    made_by: str
    made: datetime
    retired: bool = False
    shown: int = 0
    right: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenAnswer:
    """What somebody said to a golden item."""

    check: ReviewCheck
    decision: str
    reason: str

    @property
    def right(self) -> bool:
        """Whether it is the right answer."""
        return self.check.decision == self.decision


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCount:
    """How many second reviews had these answers. `rule` or the two people are empty where it is counted over all."""

    first: str
    second: str
    count: int
    rule: str = ""
    first_reviewer: str = ""
    second_reviewer: str = ""
    settled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCount:
    """How many golden items somebody answered, and how many of them right."""

    reviewer: str
    count: int
    right: int


class ReviewChecks(Protocol):
    """Second reviews, golden items and the checks made of them. Times are the store's own."""

    # -- second reviews

    def add_second(self, review: SecondReview) -> None:
        """Note a ruling that is to be given twice. Again changes nothing."""

    def waiting_seconds(self, reviewer: str, *, days: int, limit: int) -> Sequence[SecondReview]:
        """Those of the last days that nobody has before them, and whose first ruling is not this person's."""

    def void_second(self, case_id: str, revision: int) -> None:
        """It cannot be shown any more."""

    def disagreements(self, *, limit: int) -> Sequence[Disagreement]:
        """Second reviews that came out otherwise and that no lead has settled, the oldest first."""

    def settle(self, case_id: str, revision: int, *, by: str, decision: str) -> bool:
        """A lead says which answer is right. False where there is nothing to settle."""

    # -- golden items

    def add_golden(self, item: GoldenItem) -> bool:
        """Keep it; its `made` is the store's. False where this case at this revision is one already."""

    def retire_golden(self, case_id: str, revision: int) -> bool:
        """It is shown no more. False where there is none."""

    def golden_items(self, *, limit: int) -> Sequence[GoldenItem]:
        """All, the newest first, with how they were answered."""

    def unseen_golden(self, reviewer: str, *, days: int, limit: int) -> Sequence[GoldenItem]:
        """Those of the last days that this person never had before them, the least shown first."""

    # -- checks

    def open_check(self, reviewer: str) -> ReviewCheck | None:
        """The one that this person has before them. One that was left for a day is dropped."""

    def assign(self, check: ReviewCheck) -> bool:
        """Put it before its reviewer. False where they have another, had this one, or a second one is elsewhere."""

    def check(self, check_id: str) -> ReviewCheck | None:
        """By the id under which the reviewer has it; None for every case that is one."""

    def decide(self, check_id: str, *, decision: str, code: str, note: str) -> bool:
        """What the reviewer ruled. False where it is decided or dropped already."""

    def take_back(self, check_id: str) -> bool:
        """They have not ruled after all. False where they had not, a lead has settled it, or they have another now."""

    def drop(self, check_id: str, why: str) -> None:
        """End a check that is not decided. Again changes nothing."""

    def turn(self, reviewer: str) -> int:
        """How many rulings they have given."""

    def next_turn(self, reviewer: str) -> None:
        """They have given one more."""

    # -- figures

    def pair_counts(self, since: datetime) -> Sequence[AnswerCount]:
        """Second reviews since then by both people and both answers."""

    def rule_counts(self, since: datetime) -> Sequence[AnswerCount]:
        """Second reviews since then by rule and both answers."""

    def golden_counts(self, since: datetime) -> Sequence[GoldenCount]:
        """Golden items answered since then, by person."""

    def golden_answers(self, reviewer: str, *, limit: int) -> Sequence[GoldenAnswer]:
        """What this person answered, the last first."""
