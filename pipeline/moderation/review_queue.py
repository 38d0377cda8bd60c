"""Held cases, and who reviews which: a case is one person's for ten minutes, so that no two open the same next one.

They stand in one order: how grave it is times how many it reaches times how much of the clock has run (`order_at`). A
lease keeps nobody from ruling: the revision that a ruling names does that. It says who is at work, and what the next
one is for everybody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from core.case import Case
from core.errors import BadInput
from core.verdicts import Decision
from pipeline.moderation.review_rights import EVERYTHING, ReviewRights

LEASE_TIME = timedelta(minutes=10)
HAND_OVER_TIME = timedelta(hours=24)
"""So long a case that was handed over is passed over for everybody else."""

SKIP_CODES = ("too_hard_to_view", "language", "needs_expert", "second_opinion", "know_the_person")
"""Why somebody leaves a case to others."""

REVIEW_SUBJECTS = ("prompt", "reference", "output", "appeal", "failure")
"""What a held case asks a person about."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNTED_UP_TO = 1000
"""Where no sum is kept of what a search finds, it is counted up to here and no further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldVerdict:
    """Of the verdict what a row shows; `failure` is set where a stage broke, `allowed_by` are who allowed it before.
    `view_sealed`: what a person said last of whether nobody may view it, None where nobody did.
    """

    gate: str = ""
    held_at: str = ""
    missing: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    two_person: tuple[str, ...] = ()
    awaiting: tuple[str, ...] = ()
    failure: str = ""
    failure_kind: str = ""
    rendered: bool = False
    allowed_by: tuple[str, ...] = ()
    view_sealed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCase:
    """A held case in the queue.

    `since`: when it was held, `due_at`: when its `clock` runs out. `subject` is one of REVIEW_SUBJECTS; `severity` is
    from 1 to 5, `reach` from 1 to 3; `end_user` is the platform's pseudonym for who asks. `prompt`, `note` and `poster`
    are ids of erasable texts. `assignee`: to whom it was handed over; `expert`: whether it was escalated; `reviewer`:
    who has it open, or empty. `skipped`: whether the person who asks left it to others. `sealed`: nobody may view it,
    so that the desk gives neither prompt nor poster.
    """

    case_id: str
    revision: int
    since: datetime
    due_at: datetime
    order_at: datetime
    clock: str
    severity: int
    reach: int
    subject: str
    language: str
    region: str
    author: str
    end_user: str
    rules: tuple[str, ...]
    prompt: str
    verdict: HeldVerdict
    flagged: bool = False
    expert: bool = False
    assignee: str = ""
    routed_by: str = ""
    note: str = ""
    poster: str = ""
    reviewer: str = ""
    skipped: bool = False
    sealed: bool = False

    @property
    def cursor(self) -> str:
        """Where the next page begins: its place in the order, which it keeps once it is held no more."""
        return f"{(self.order_at - _EPOCH) // timedelta(microseconds=1)}~{self.case_id}"


def read_cursor(cursor: str) -> tuple[datetime | None, str]:
    """The place that a cursor names, and the case there; nothing for the beginning. Raises BadInput."""
    if not cursor:
        return None, ""
    micros, _, case_id = cursor.partition("~")
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), case_id
    except (ValueError, OverflowError):
        raise BadInput("this is no place in the queue") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which held cases are asked for: what is empty asks for nothing.

    `expert` asks for what was escalated, which is found in no other way. `words` are keys of words of the prompt, all
    of which it has; `digest` is the SHA-256 of a file that the case refers to; `like` is a case that it looks like.
    `without_sealed` leaves out what nobody may view: what a person sealed, and what one of `sealed_rules` holds.
    """

    rule: str = ""
    subject: str = ""
    language: str = ""
    region: str = ""
    author: str = ""
    end_user: str = ""
    severity: int = 0
    expert: bool = False
    assignee: str = ""
    words: tuple[int, ...] = ()
    digest: str = ""
    like: str = ""
    without_sealed: bool = False
    sealed_rules: tuple[str, ...] = ()
    rights: ReviewRights = EVERYTHING

    def dimensions(self) -> tuple[tuple[str, str], ...]:
        """What is asked for that sums are kept of, as kind and value."""
        asked = {
            "rule": self.rule,
            "subject": self.subject,
            "language": self.language,
            "region": self.region,
            "author": self.author,
            "assignee": self.assignee,
            "severity": str(self.severity or ""),
        }
        found = tuple((kind, value) for kind, value in asked.items() if value)
        return (*found, ("expert", "")) if self.expert else found

    @property
    def needs_counting(self) -> bool:
        """Whether no kept sum says how many there are."""
        return (
            len(self.dimensions()) > 1
            or bool(self.end_user or self.words or self.digest or self.like or self.assignee)
            or self.rights.limited
            or self.without_sealed
        )


WHOLE_QUEUE = QueueFilter()


def held_verdict(case: Case) -> HeldVerdict:
    """Of a case what `review_summary` in the database says of it."""
    verdict, failure = case.verdict, case.last_failure
    return HeldVerdict(
        gate=verdict.gate.value if verdict else "",
        held_at=case.held_at.value if case.held_at else "",
        missing=verdict.missing if verdict else (),
        final=verdict.final if verdict else (),
        two_person=verdict.two_person if verdict else (),
        awaiting=verdict.awaiting if verdict else (),
        failure=failure.error if failure else "",
        failure_kind=failure.kind if failure else "",
        rendered=case.rendered is not None,
        allowed_by=tuple(sorted({one.moderator for one in case.rulings if one.decision is Decision.ALLOW})),
        view_sealed=case.view_seal.sealed if case.view_seal else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprepared:
    """A held case whose words are not indexed yet, and whose poster is not made."""

    case_id: str
    prompt: str
    rendered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What was made of a held case once: the keys of its words, its poster (the id of a text) and how it looks."""

    words: tuple[int, ...] = ()
    poster: str = ""
    looks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where somebody sent a case: to `assignee`, or to the experts. `note` is the id of an erasable text."""

    by: str
    assignee: str = ""
    expert: bool = False
    note: str = ""


class ReviewQueue(Protocol):
    """Held cases in their order, with leases, skips and routes. Times are the store's own."""

    def held(
        self, reviewer: str, wanted: QueueFilter = WHOLE_QUEUE, *, after: str = "", limit: int = 50
    ) -> Sequence[HeldCase]:
        """Those that come first, from behind the place `after` (a HeldCase.cursor) on."""

    def entry(self, case_id: str) -> HeldCase | None:
        """A held case as it stands in the queue; None where it is not held."""

    def entry_as_if_held(self, case: Case, since: datetime) -> HeldCase:
        """How a case that is in no queue would stand in it, had it been held since then."""

    def cases(self, case_ids: Sequence[str]) -> Sequence[Case]:
        """These cases whole, in this order. What a newer Assay wrote and we cannot read is left out and logged."""

    def count(self, wanted: QueueFilter = WHOLE_QUEUE) -> int:
        """How many are held; where `needs_counting`, COUNTED_UP_TO + 1 at the most."""

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many there are of each value by its kind, the most first; of accounts those that have the most."""

    def take(self, reviewer: str, case_id: str) -> str:
        """Who reviews the case now: this person, unless another does already. Prolongs a lease that is theirs."""

    def take_next(
        self,
        reviewer: str,
        wanted: QueueFilter = WHOLE_QUEUE,
        *,
        passing: Collection[str] = (),
        own: bool = False,
    ) -> str | None:
        """The first case that nobody else reviews, that was not handed to another, and that this person neither skipped
        nor passes over nor (but for `own`) ordered; theirs from now on. What was handed to them comes first. None where
        there is no such case.
        """

    def release(self, reviewer: str, case_id: str) -> None:
        """End this person's lease, if there is one."""

    def skip(self, reviewer: str, case_id: str, revision: int, *, code: str) -> None:
        """Leave the case, as it is now, to others."""

    def route(self, case_id: str, to: Routing) -> bool:
        """Hand a held case over, or escalate it; whether it was held."""

    def flag(self, case_id: str) -> bool:
        """A trusted flagger reported this held case: it comes before everything else; whether it was held."""

    def rights(self, account: str) -> ReviewRights:
        """What this moderator may review."""

    def set_rights(self, account: str, rights: ReviewRights) -> None:
        """Let a moderator review this and nothing else."""

    def all_rights(self) -> Mapping[str, ReviewRights]:
        """The rights of every account that has any of its own."""

    def set_priorities(self, clocks: Mapping[str, float], priorities: Mapping[str, tuple[int, str]]) -> int:
        """Severity and clock of each rule; returns how many held cases changed their place."""

    def unprepared(self, limit: int) -> Sequence[Unprepared]:
        """Held cases that are not prepared, those first that come first."""

    def prepare(self, case_id: str, made: Preparation) -> None:
        """What was made of it. Nothing happens where it is not held any more."""

    def tidy(self) -> None:
        """Sum up what changed in the counts."""
