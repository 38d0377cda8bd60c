"""What the transparency report counts: measures, notices, appeals, automatic means. From the rows of decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from pipeline.claims.claim import Claim, ClaimDecision
from pipeline.legal_record.classification import CategoryOf, Classification, classify_claim
from pipeline.legal_record.restriction import (
    AppealGroup,
    Period,
    RestrictionGroup,
    RestrictionLog,
    ReviewAccuracy,
    classify,
)
from pipeline.legal_record.statement import measure_of

_ACTED = (ClaimDecision.UPHELD, ClaimDecision.PARTLY)
_MEASURES = {
    "DECISION_VISIBILITY_CONTENT_REMOVED": "removal",
    "DECISION_VISIBILITY_CONTENT_DISABLED": "disable",
    "DECISION_VISIBILITY_OTHER": "other",
}


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """A row of the template's lists: a category, one of its specifications, and words for `other`."""

    category: str
    specification: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFigures:
    """Notices of one category. `hours` are those that each took that was acted on."""

    received: int = 0
    trusted: int = 0
    items: int = 0
    trusted_items: int = 0
    law: int = 0
    trusted_law: int = 0
    terms: int = 0
    trusted_terms: int = 0
    hours: tuple[float, ...] = ()
    trusted_hours: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFigures:
    """Complaints and what came of them; `hours` is the median."""

    total: int = 0
    upheld: int = 0
    partly: int = 0
    reversed: int = 0
    omitted: int = 0
    hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationFigures:
    """Measures by automatic means alone, and by people. `checked` automatic ones were looked at on appeal, of which
    `confirmed` were upheld.
    """

    alone: int = 0
    by_people: int = 0
    own_alone: int = 0
    own_by_people: int = 0
    checked: int = 0
    confirmed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """Everything that is counted. `law` and `terms` are measures at the provider's own initiative, by row."""

    period: Period
    law: Mapping[Row, Counter[str]] = field(default_factory=dict)
    terms: Mapping[Row, Counter[str]] = field(default_factory=dict)
    notices: Mapping[Row, NoticeFigures] = field(default_factory=dict)
    appeals: ComplaintFigures = field(default_factory=ComplaintFigures)
    about_notices: ComplaintFigures = field(default_factory=ComplaintFigures)
    about_flagged: ComplaintFigures = field(default_factory=ComplaintFigures)
    newly_imposed: int = 0
    automation: AutomationFigures = field(default_factory=AutomationFigures)
    accuracy: ReviewAccuracy
    restrictions: int = 0
    appeals_open: int = 0
    overturned_automatic: int = 0
    overturned_human: int = 0


def count_report(
    restrictions: RestrictionLog, claims: Sequence[Claim], period: Period, category_of: CategoryOf
) -> ReportFigures:
    """The figures of a period. `claims` are those received in it."""
    groups = list(restrictions.groups(period))
    appeals = list(restrictions.appeals(period))
    notices = [one for one in claims if not one.answers]
    answers = [one for one in claims if one.answers]
    flagged = {one.id for one in claims if one.trusted_flagger}
    complaints = [one for one in answers if not one.by_author]
    of_flaggers = [one for one in complaints if one.trusted_flagger or one.answers in flagged]
    law, terms = _measures(groups, category_of)
    return ReportFigures(
        period=period,
        law=law,
        terms=terms,
        notices=_notices(notices),
        appeals=_appeals(appeals, [one for one in answers if one.by_author], restrictions.median_appeal_hours(period)),
        about_notices=_complaints([one for one in complaints if one not in of_flaggers]),
        about_flagged=_complaints(of_flaggers),
        newly_imposed=sum(one.decision in _ACTED for one in complaints),
        automation=_automation(groups, appeals),
        accuracy=restrictions.accuracy(period),
        restrictions=sum(group.count for group in groups),
        appeals_open=sum(one.count for one in appeals if not one.outcome),
        overturned_automatic=_sum(appeals, outcome="reversed", by_person=False),
        overturned_human=_sum(appeals, outcome="reversed", by_person=True),
    )


def row_of(found: Classification) -> Row:
    """The row under which something is counted."""
    return Row(found.category, found.specification, found.other)


def hours_between(start: datetime, end: datetime) -> float:
    """In hours, as the template has all times."""
    return (end - start).total_seconds() / 3600


def done_at(claim: Claim) -> datetime | None:
    """When a notice was acted on: the video was down, or it was decided; None where nothing was done."""
    if claim.decision not in _ACTED:
        return None
    return min((at for at in (claim.paused_at, claim.removed_at) if at), default=claim.decided_at)


def _measures(
    groups: Iterable[RestrictionGroup], category_of: CategoryOf
) -> tuple[dict[Row, Counter[str]], dict[Row, Counter[str]]]:
    law: dict[Row, Counter[str]] = {}
    terms: dict[Row, Counter[str]] = {}
    for group in groups:
        if group.claim:
            continue  # a notice came before it: it is no own initiative
        found = classify(group, category_of)
        counts = (law if found.legal_ground else terms).setdefault(row_of(found), Counter())
        counts["total"] += group.count
        counts["automated"] += 0 if group.by_person else group.count
        counts[_MEASURES[measure_of(group)]] += group.count
    return law, terms


def _notices(notices: Iterable[Claim]) -> dict[Row, NoticeFigures]:
    found: dict[Row, list[Claim]] = {}
    for one in notices:
        found.setdefault(row_of(classify_claim(one.kind)), []).append(one)
    return {row: _notice_figures(mine) for row, mine in found.items()}


def _notice_figures(mine: Sequence[Claim]) -> NoticeFigures:
    acted = [one for one in mine if one.decision in _ACTED]
    law = [one for one in acted if classify_claim(one.kind).legal_ground]
    terms = [one for one in acted if one not in law]
    hours = [(one, hours_between(one.received_at, at)) for one in acted if (at := done_at(one))]
    return NoticeFigures(
        received=len(mine),
        trusted=sum(one.trusted_flagger for one in mine),
        items=sum(map(_items, mine)),
        trusted_items=sum(_items(one) for one in mine if one.trusted_flagger),
        law=len(law),
        trusted_law=sum(one.trusted_flagger for one in law),
        terms=len(terms),
        trusted_terms=sum(one.trusted_flagger for one in terms),
        hours=tuple(value for _, value in hours),
        trusted_hours=tuple(value for one, value in hours if one.trusted_flagger),
    )


def _items(claim: Claim) -> int:
    return max(len(claim.urls), len(claim.case_ids), 1)


def _appeals(appeals: Sequence[AppealGroup], by_authors: Sequence[Claim], hours: float | None) -> ComplaintFigures:
    """Appeals against refusals, and what authors answered to notices. The median is that of appeals."""
    answered = _complaints(by_authors)
    return ComplaintFigures(
        total=sum(one.count for one in appeals) + answered.total,
        upheld=_sum(appeals, outcome="upheld") + answered.upheld,
        partly=answered.partly,
        reversed=_sum(appeals, outcome="reversed") + answered.reversed,
        omitted=_sum(appeals, outcome="omitted") + answered.omitted,
        hours=hours if hours is not None else answered.hours,
    )


def _complaints(claims: Sequence[Claim]) -> ComplaintFigures:
    """A complaint that is upheld reverses the decision before."""
    counts = Counter(one.decision for one in claims)
    hours = [hours_between(one.received_at, one.decided_at) for one in claims if one.decided_at]
    return ComplaintFigures(
        total=len(claims),
        upheld=counts[ClaimDecision.REJECTED],
        partly=counts[ClaimDecision.PARTLY],
        reversed=counts[ClaimDecision.UPHELD],
        omitted=counts[ClaimDecision.WITHDRAWN],
        hours=median(hours) if hours else None,
    )


def _automation(groups: Sequence[RestrictionGroup], appeals: Sequence[AppealGroup]) -> AutomationFigures:
    own = [group for group in groups if not group.claim]
    confirmed = _sum(appeals, outcome="upheld", by_person=False)
    return AutomationFigures(
        alone=sum(group.count for group in groups if not group.by_person),
        by_people=sum(group.count for group in groups if group.by_person),
        own_alone=sum(group.count for group in own if not group.by_person),
        own_by_people=sum(group.count for group in own if group.by_person),
        checked=confirmed + _sum(appeals, outcome="reversed", by_person=False),
        confirmed=confirmed,
    )


def _sum(appeals: Iterable[AppealGroup], *, outcome: str, by_person: bool | None = None) -> int:
    return sum(one.count for one in appeals if one.outcome == outcome and by_person in (None, one.by_person))
