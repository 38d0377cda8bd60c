"""Figures for the public: of whole months, and with no number so small that it might tell of somebody.

Each table has one dimension. What is counted fewer than `smallest` times is counted together with others until it is
enough, so that nothing can be found by taking one number from another; the months are whole, so that no day can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor
from statistics import median

from pipeline.legal_record.classification import CategoryOf
from pipeline.legal_record.report_figures import ReportFigures
from pipeline.legal_record.restriction import Period, RestrictionLog, classify
from pipeline.legal_record.statement import measure_of

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTable:
    """Counts that may be told, the largest first. `together` are those of all that are too few to name.

    `total` is None, and nothing is named, where all of it is too little.
    """

    rows: tuple[tuple[str, int], ...] = ()
    together: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRate:
    """A share in percent, of `of`. `at_most` and `at_least`: what is on one side is too little to be told, so that the
    share is this or less, or this or more.
    """

    percent: int
    of: int
    at_most: bool = False
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFigures:
    """What anybody may know. Rates and times are None where too little was counted.

    `by_category` are the EU's categories; `by_measure` what was done; `by_means` automatic or person; `appeals` what
    came of them. Of automatic refusals, of those by people, and of answers to cases whose right answer is known, the
    rates say how many were wrong.
    """

    period: Period
    smallest: int
    by_category: PublicTable
    by_measure: PublicTable
    by_means: PublicTable
    appeals: PublicTable
    notices: PublicTable
    appeal_hours: float | None
    notice_hours: float | None
    overturned: PublicRate | None
    overturned_automatic: PublicRate | None
    false_alarms: PublicRate | None
    reviewers_wrong: PublicRate | None


def whole_months(now: datetime) -> Period:
    """The last twelve months that are over, in UTC."""
    end = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Period(start=end.replace(year=end.year - 1), end=end)


def public_figures(
    restrictions: RestrictionLog, figures: ReportFigures, category_of: CategoryOf, *, smallest: int
) -> PublicFigures:
    """What may be told of these figures."""
    categories, measures, means = Counter[str](), Counter[str](), Counter[str]()
    for group in restrictions.groups(figures.period):
        categories[classify(group, category_of).category] += group.count
        measures[measure_of(group)] += group.count
        means["person" if group.by_person else "automatic"] += group.count
    appeals, automation, accuracy = figures.appeals, figures.automation, figures.accuracy
    answered = appeals.upheld + appeals.partly + appeals.reversed
    hours = [value for one in figures.notices.values() for value in one.hours]
    notices = Counter({row.category: 0 for row in figures.notices})
    for row, one in figures.notices.items():
        notices[row.category] += one.received
    return PublicFigures(
        period=figures.period,
        smallest=smallest,
        by_category=public_table(categories, smallest),
        by_measure=public_table(measures, smallest),
        by_means=public_table(means, smallest),
        appeals=public_table(
            {
                "upheld": appeals.upheld,
                "reversed": appeals.reversed + appeals.partly,
                "omitted": appeals.omitted,
                "open": figures.appeals_open,
            },
            smallest,
        ),
        notices=public_table(notices, smallest),
        appeal_hours=appeals.hours if answered >= smallest else None,
        notice_hours=median(hours) if len(hours) >= smallest else None,
        overturned=public_rate(appeals.reversed + appeals.partly, answered, smallest),
        overturned_automatic=public_rate(automation.checked - automation.confirmed, automation.checked, smallest),
        false_alarms=public_rate(accuracy.held - accuracy.confirmed, accuracy.held, smallest),
        reviewers_wrong=public_rate(accuracy.golden - accuracy.golden_right, accuracy.golden, smallest),
    )


def public_table(counts: Mapping[str, int], smallest: int) -> PublicTable:
    """The counts with everything put together that is too little to be told by itself."""
    there = sorted(((name, count) for name, count in counts.items() if count), key=lambda one: (-one[1], one[0]))
    total = sum(count for _, count in there)
    if not there:
        return PublicTable(total=0)
    if total < smallest:
        return PublicTable()
    named = [one for one in there if one[1] >= smallest]
    together = total - sum(count for _, count in named)
    while 0 < together < smallest:
        together += named.pop()[1]
    return PublicTable(rows=tuple(named), together=together, total=total)


def public_rate(count: int, of: int, smallest: int) -> PublicRate | None:
    """The share, where it was counted from enough; of a small number on either side only that it is small is told."""
    if of < smallest:
        return None
    if 0 < count < smallest:
        return PublicRate(percent=min(ceil(100 * smallest / of), 100), of=of, at_most=True)
    if 0 < of - count < smallest:
        return PublicRate(percent=max(floor(100 * (of - smallest) / of), 0), of=of, at_least=True)
    return PublicRate(percent=round(100 * count / of), of=of)
