"""What looking costs a moderator: steps on a ladder of exposure, counted by severity to a personal budget.

The ladder goes from evidence in words to sound, and each step that is delivered is recorded where it is delivered. The
house suggests breaks and rotation; nobody is kept from work by a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from core.case import Case
from core.errors import Forbidden, Unavailable
from core.roles import Principal, Role, Scope, require_role, require_scope

_LEADS = frozenset({Role.LEAD, Role.OPERATOR})
"""Roles that see what everybody was exposed to; each of the others sees their own."""

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_PAUSE = timedelta(minutes=10)  # without a step: a break
_SEVERE = 3

_SEVERITIES: Mapping[int, Sequence[str]] = {
    4: ("minor", "known_bad", "self_harm", "gore", "intimate", "child"),
    3: ("sexual", "nudity", "violence", "hate", "extremism", "threat", "harassment", "claimed"),
    2: ("weapon", "illicit", "fraud", "drugs", "shown_things", "revealing"),
}


class Step(StrEnum):
    """A step on the ladder, the mildest first."""

    WORDS = "words"
    STILL = "still"
    REGION = "region"
    STRIP = "strip"
    GREY_CLIP = "grey_clip"
    CLIP = "clip"
    SOUND = "sound"


STEP_WEIGHTS: Mapping[Step, int] = {
    Step.WORDS: 1,
    Step.STILL: 1,
    Step.REGION: 2,
    Step.STRIP: 2,
    Step.GREY_CLIP: 3,
    Step.CLIP: 5,
    Step.SOUND: 6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureStep:
    """Somebody was shown something of a case. `severity` from 1 to 4."""

    person: str
    case_id: str
    step: Step
    severity: int
    at: datetime

    @property
    def points(self) -> int:
        """What it counts."""
        return STEP_WEIGHTS[self.step] * self.severity


class ExposureLog(Protocol):
    """Steps, kept for some days. Times are the store's own."""

    def record(self, person: str, case_id: str, step: Step, severity: int) -> None:
        """Keep a step; of the same step of the same case within an hour only one."""

    def since(self, moment: datetime, *, person: str = "") -> Sequence[ExposureStep]:
        """The steps since then in order of time, of one person where one is named."""

    def erase(self, person: str) -> int:
        """Delete all steps of a person; returns how many."""

    def remove_before(self, moment: datetime) -> int:
        """Delete what is older; returns how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureLimits:
    """When the house suggests something: points in a day and an hour, minutes without a pause, grave cases in a day."""

    day_points: int = 400
    hour_points: int = 90
    minutes: int = 50
    severe_cases: int = 25
    keep: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureSummary:
    """What somebody was exposed to within a day. `minutes` without a pause of ten minutes; `severe_cases` are those of
    severity 3 and 4; `advice` is in sentences, empty where all is well.
    """

    person: str
    day_points: int = 0
    hour_points: int = 0
    minutes: int = 0
    cases: int = 0
    severe_cases: int = 0
    by_step: Mapping[Step, int] = field(default_factory=dict)
    by_severity: Mapping[int, int] = field(default_factory=dict)
    advice: tuple[str, ...] = ()


def severity_of(case: Case) -> int:
    """How hard a case may be to look at, from 1 to 4, by the rules that fired and what scored high."""
    verdict = case.verdict
    named = [*(verdict.rules if verdict else ()), *(s.label for s in case.signals if (s.score or 0.0) >= 0.5)]
    for severity, words in _SEVERITIES.items():
        if any(word in name for name in named for word in words):
            return severity
    return 1


def summarise_exposure(
    person: str, steps: Iterable[ExposureStep], limits: ExposureLimits, *, now: datetime
) -> ExposureSummary:
    """The day of a person, from their steps in order of time."""
    day = [one for one in steps if one.at > now - _DAY]
    hour = [one for one in day if one.at > now - _HOUR]
    gravest: dict[str, int] = {}
    for one in day:
        gravest[one.case_id] = max(gravest.get(one.case_id, 0), one.severity)
    summary = ExposureSummary(
        person=person,
        day_points=sum(one.points for one in day),
        hour_points=sum(one.points for one in hour),
        minutes=_minutes_without_pause([one.at for one in day], now),
        cases=len(gravest),
        severe_cases=sum(1 for severity in gravest.values() if severity >= _SEVERE),
        by_step=Counter(one.step for one in day),
        by_severity=Counter(gravest.values()),
    )
    return _advised(summary, limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureDesk:
    """Records what moderators are shown, and says what they were exposed to: to themselves, and to leads."""

    log: ExposureLog
    limits: ExposureLimits = field(default_factory=ExposureLimits)

    def shown(self, who: Principal, case: Case, step: Step) -> None:
        """This step was delivered to a moderator. Nothing is recorded of others, who see what is theirs or public."""
        if who.has(Role.MODERATOR) and case.request.author != who.id:
            self.log.record(who.id, case.id, step, severity_of(case))

    def mine(self, who: Principal) -> ExposureSummary:
        """One's own day."""
        require_role(who, Role.MODERATOR)
        return self._summaries([who.id], person=who.id)[0]

    def exposure_of(self, who: Principal, person: str) -> ExposureSummary:
        """Somebody's day, for a lead. Raises Forbidden for others, but for their own."""
        if person != who.id:
            _require_lead(who)
        return self._summaries([person], person=person)[0]

    def exposures(self, who: Principal) -> Sequence[ExposureSummary]:
        """The day of everybody who looked at something, whoever bore most first; for leads. Raises Forbidden."""
        _require_lead(who)
        return sorted(self._summaries(None), key=lambda one: (-one.day_points, one.person))

    def erase(self, who: Principal, person: str) -> int:
        """Delete what is kept of a person; theirs to do, or a lead's. Returns how many steps."""
        if person != who.id:
            _require_lead(who)
        require_scope(who, Scope.MODERATE, Scope.MANAGE)
        return self.log.erase(person)

    def _summaries(self, people: Collection[str] | None, *, person: str = "") -> list[ExposureSummary]:
        now = datetime.now(UTC)
        self.log.remove_before(now - self.limits.keep)
        by_person: dict[str, list[ExposureStep]] = {one: [] for one in people or ()}
        for step in self.log.since(now - _DAY, person=person):
            by_person.setdefault(step.person, []).append(step)
        return [summarise_exposure(one, steps, self.limits, now=now) for one, steps in by_person.items()]


def exposure_points(log: ExposureLog, since: datetime) -> Mapping[str, int]:
    """What each person was exposed to since then, in points."""
    points: Counter[str] = Counter()
    for step in log.since(since):
        points[step.person] += step.points
    return points


def exposure_desk(log: ExposureLog | None, limits: ExposureLimits) -> ExposureDesk:
    """The desk over this log. Raises Unavailable where nothing is recorded."""
    if log is None:
        raise Unavailable("what moderators look at is not recorded here")
    return ExposureDesk(log=log, limits=limits)


def _require_lead(who: Principal) -> None:
    if not _LEADS & frozenset(who.roles):
        raise Forbidden("what others looked at is for leads and operators")


def _minutes_without_pause(moments: Sequence[datetime], now: datetime) -> int:
    """How long somebody has looked at things by now; 0 where their last step is a pause ago."""
    begun = now
    for moment in reversed(moments):
        if begun - moment > _PAUSE:
            break
        begun = moment
    return int((now - begun).total_seconds() // 60)


def _advised(summary: ExposureSummary, limits: ExposureLimits) -> ExposureSummary:
    advice = []
    if summary.minutes >= limits.minutes:
        advice.append(f"You have looked at cases for {summary.minutes} minutes without a break. Take ten minutes now.")
    if summary.hour_points >= limits.hour_points:
        advice.append("The last hour was heavy. Look at evidence and stills first, and take a break after this case.")
    if summary.severe_cases >= limits.severe_cases:
        advice.append(f"{summary.severe_cases} cases today were hard to look at. Change to another queue.")
    if summary.day_points >= limits.day_points:
        advice.append("You have borne what a day should hold. Leave hard cases to others until tomorrow.")
    return replace(summary, advice=tuple(advice))
