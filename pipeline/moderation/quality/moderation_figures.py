"""What leads count: what is held and for how long, what was decided, and how it was appealed. A protocol.

Everything is counted within a window of days, from rows that the database keeps of each decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

AGES = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24), timedelta(hours=48))
"""The ends of the bars in which ages are counted; a last one has what is older."""

RULES_COUNTED = 2_000
"""So many held cases, those that wait longest, are counted by their rules: more would make the page slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFigures:
    """What is held now. `by_age` follows AGES; `by_rule` counts the `counted` cases that wait longest.

    `oldest` and `oldest_appeal`: when they were held; None where there is none.
    """

    total: int
    by_age: tuple[int, ...]
    by_rule: Mapping[str, int]
    counted: int
    oldest: datetime | None
    appeals: int
    oldest_appeal: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingCount:
    """Rulings within the hour or day that begins at `at`."""

    at: datetime
    allowed: int
    refused: int

    @property
    def count(self) -> int:
        """Both."""
        return self.allowed + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCount:
    """Somebody's rulings in the window, and how long what they ruled on had been held in the mean, in seconds."""

    person: str
    allowed: int
    refused: int
    mean_wait: float

    @property
    def count(self) -> int:
        """Both."""
        return self.allowed + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealCount:
    """Appeals answered in the window against a rule: `overturned` were allowed. An empty rule stands for all."""

    rule: str
    answered: int
    overturned: int


class ModerationFigures(Protocol):
    """Figures about what is held and was decided."""

    def held(self) -> HeldFigures:
        """What is held now."""

    def rulings(self, since: datetime, *, hourly: bool, person: str = "") -> Sequence[RulingCount]:
        """Rulings by hour or day (UTC), in order; one's only where a person is named. Empty ones are left out."""

    def kinds(self, since: datetime) -> Mapping[str, int]:
        """How many decisions of each kind there were, by the kinds of the decision log."""

    def waits(self, since: datetime) -> tuple[int, ...]:
        """Rulings by how long the case had been held, as AGES."""

    def people(self, since: datetime) -> Sequence[PersonCount]:
        """Who ruled how often, the busiest first."""

    def appeals(self, since: datetime) -> Sequence[AppealCount]:
        """Appeals that were answered, over all and by the rules ruled on, the most first."""


def by_age(ages: Iterable[timedelta]) -> tuple[int, ...]:
    """How many fall into each of AGES, and behind."""
    counts = [0] * (len(AGES) + 1)
    for age in ages:
        counts[sum(age >= end for end in AGES)] += 1
    return tuple(counts)
