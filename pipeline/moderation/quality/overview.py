"""What the leads' page and command show: figures of the queue, of work, of agreement, in one object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.appeals.removal_figures import RemovalAppealCount
from pipeline.moderation.quality.agreement import (
    Estimate,
    Pairs,
    alpha_with_interval,
    kappa_with_interval,
    share_with_interval,
)
from pipeline.moderation.quality.moderation_figures import AppealCount, HeldFigures, PersonCount, RulingCount
from pipeline.moderation.quality.review_checks import AnswerCount, GoldenCount


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleQuality:
    """How rulings on a rule stood up. `rule` is empty for all together.

    `alpha`: how two moderators agree on it beyond chance; `agreed`: the share of cases on which they said the same;
    `by_appeal`: the share of answered appeals that were allowed; `by_second`: the share of second reviews after which a
    lead held the first ruling to be wrong.
    """

    rule: str
    alpha: Estimate
    agreed: Estimate
    by_appeal: Estimate
    by_second: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonQuality:
    """Somebody's work. `kappa`: how they agree with the others beyond chance; `agreed`: on which share of cases.

    `overturned`: of their rulings that were reviewed twice, the share a lead held to be wrong; `golden`: the share of
    golden items they answered right; `points`: what they were shown, counted by severity, None where it is not kept.
    """

    person: str
    allowed: int
    refused: int
    mean_wait: float
    kappa: Estimate
    agreed: Estimate
    overturned: Estimate
    golden: Estimate
    points: float | None

    @property
    def count(self) -> int:
        """Their rulings."""
        return self.allowed + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The leads' figures of the last `days` days; agreement, second reviews and golden items of `quality_days`."""

    at: datetime
    days: int
    quality_days: int
    held: HeldFigures
    hours: Sequence[RulingCount]
    by_day: Sequence[RulingCount]
    kinds: Mapping[str, int]
    waits: tuple[int, ...]
    rules: Sequence[RuleQuality]
    people: Sequence[PersonQuality]
    disagreements: int
    removal_appeals: Sequence[RemovalAppealCount] = ()


def rule_qualities(counts: Iterable[AnswerCount], appeals: Iterable[AppealCount]) -> Sequence[RuleQuality]:
    """By rule, those with most second reviews first. Over all rules together: see `overall_quality`."""
    by_rule: dict[str, list[AnswerCount]] = defaultdict(list)
    for one in counts:
        by_rule[one.rule].append(one)
    appealed = {one.rule: one for one in appeals if one.rule}
    found = [_rule_quality(rule, by_rule.get(rule, ()), appealed.get(rule)) for rule in sorted({*by_rule, *appealed})]
    return tuple(sorted(found, key=lambda one: (-one.agreed.count, -one.by_appeal.count, one.rule)))


def overall_quality(counts: Iterable[AnswerCount], appeals: Iterable[AppealCount]) -> RuleQuality:
    """Over all rules: `counts` are by pair of people, each case once."""
    return _rule_quality("", tuple(counts), next((one for one in appeals if not one.rule), None))


def person_qualities(
    work: Sequence[PersonCount],
    counts: Sequence[AnswerCount],
    golden: Iterable[GoldenCount],
    points: Mapping[str, float] | None,
) -> Sequence[PersonQuality]:
    """By person, the busiest first."""
    ruled, answered = {one.person: one for one in work}, {one.reviewer: one for one in golden}
    names = {*ruled, *answered, *(one.first_reviewer for one in counts), *(one.second_reviewer for one in counts)}
    found = [
        person_quality(
            name, ruled.get(name), counts, answered.get(name), None if points is None else points.get(name, 0)
        )
        for name in names | set(points or ())
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.person)))


def person_quality(
    person: str,
    work: PersonCount | None,
    counts: Iterable[AnswerCount],
    golden: GoldenCount | None,
    points: float | None,
) -> PersonQuality:
    """One person's figures: in every pair they are the first, and whoever else looked at the case the second."""
    pairs, firsts, overturned = Pairs(), 0, 0
    for one in counts:
        if one.first_reviewer == person:
            pairs = pairs.with_answers(one.first, one.second, one.count)
            firsts += one.count
            overturned += one.count if one.settled not in ("", one.first) else 0
        elif one.second_reviewer == person:
            pairs = pairs.with_answers(one.second, one.first, one.count)
    return PersonQuality(
        person=person,
        allowed=work.allowed if work else 0,
        refused=work.refused if work else 0,
        mean_wait=work.mean_wait if work else 0.0,
        kappa=kappa_with_interval(pairs),
        agreed=share_with_interval(pairs.agreed, pairs.count),
        overturned=share_with_interval(overturned, firsts),
        golden=share_with_interval(golden.right if golden else 0, golden.count if golden else 0),
        points=points,
    )


def _rule_quality(rule: str, counts: Sequence[AnswerCount], appeal: AppealCount | None) -> RuleQuality:
    pairs = Pairs()
    for one in counts:
        pairs = pairs.with_answers(one.first, one.second, one.count)
    overturned = sum(one.count for one in counts if one.settled not in ("", one.first))
    return RuleQuality(
        rule=rule,
        alpha=alpha_with_interval(pairs),
        agreed=share_with_interval(pairs.agreed, pairs.count),
        by_appeal=share_with_interval(appeal.overturned if appeal else 0, appeal.answered if appeal else 0),
        by_second=share_with_interval(overturned, pairs.count),
    )
