"""A decision that restricts somebody's video, and where such decisions are read: a port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pipeline.legal_record.classification import (
    CategoryOf,
    Classification,
    classify_decline,
    classify_recall,
    classify_rules,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `start` on, before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """A decision that restricts a video; `puid` is a random name for it.

    `kind` is refused, declined (by an engine) or removed; `code` is why it was removed. `public`: it had been
    published. `lifted` is when it was undone; None while it stands. `claim` is the kind of the notice that led to it.
    """

    puid: str
    case_id: str
    revision: int
    at: datetime
    asked: datetime
    kind: str
    gate: str
    rules: tuple[str, ...]
    code: str
    by_person: bool
    public: bool
    lifted: datetime | None = None
    claim: str = ""
    trusted_flagger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionGroup:
    """How many restrictions are alike in what a report tells apart."""

    kind: str
    gate: str
    rules: tuple[str, ...]
    code: str
    by_person: bool
    public: bool
    claim: str
    trusted_flagger: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealGroup:
    """Appeals of a period by what they were about and what came of them: upheld, reversed, omitted; empty while open.

    `by_person`: a person had decided what was appealed.
    """

    rules: tuple[str, ...]
    kind: str
    by_person: bool
    outcome: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAccuracy:
    """How right decisions were, as far as that was looked at in a period.

    Of `golden` answers to golden items `golden_right` were right. Of `held` first rulings on what automatic means held,
    `confirmed` refused it.
    """

    golden: int
    golden_right: int
    held: int
    confirmed: int


class RestrictionLog(Protocol):
    """Reads restrictions and what became of them."""

    def within(self, period: Period) -> Iterator[Restriction]:
        """Those of a period in their order, as they are read."""

    def of_case(self, case_id: str) -> Sequence[Restriction]:
        """Those of one case, the first first."""

    def named(self, puid: str) -> Restriction:
        """By its name. Raises NotFound."""

    def groups(self, period: Period) -> Sequence[RestrictionGroup]:
        """Those of a period, counted."""

    def appeals(self, period: Period) -> Sequence[AppealGroup]:
        """Appeals submitted in a period, counted."""

    def median_appeal_hours(self, period: Period) -> float | None:
        """How long the answers to appeals submitted in a period took; None where none was answered."""

    def accuracy(self, period: Period) -> ReviewAccuracy:
        """How right decisions of the period were, as far as that was looked at."""


def classify(one: Restriction | RestrictionGroup, category_of: CategoryOf) -> Classification:
    """The category of a restriction, its ground, and whether a notice led to it."""
    if one.kind == "removed":
        return classify_recall(one.code, one.rules, category_of, claim=one.claim)
    return classify_decline() if one.kind == "declined" else classify_rules(one.rules, category_of)


def source_of(one: Restriction | RestrictionGroup, found: Classification) -> str:
    """Where it came from, as the EU's database has it."""
    if one.claim:
        return "SOURCE_TRUSTED_FLAGGER" if one.trusted_flagger else "SOURCE_ARTICLE_16"
    return "SOURCE_VOLUNTARY" if found.source == "voluntary" else "SOURCE_TYPE_OTHER_NOTIFICATION"
