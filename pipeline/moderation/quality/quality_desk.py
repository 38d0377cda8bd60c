"""What leads do: see how moderation goes, settle second reviews, set golden items, read the log of decisions.

A lead sees figures and the log. What shows a case needs the role moderator as well: settling, and golden items. A
moderator sees their own figures, and of nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.case import Case
from core.errors import BadInput, Conflict, Erased, NotFound
from core.events import Ruled
from core.ports import Ledger, TextStore
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.actions import unmeasured
from pipeline.appeals.removal_figures import RemovalAppealFigures
from pipeline.moderation.quality.blind_cases import case_of_history, history_when_held
from pipeline.moderation.quality.decision_log import (
    DecisionFilter,
    DecisionLog,
    DecisionPage,
    LoggedDecision,
    checked_filter,
)
from pipeline.moderation.quality.moderation_figures import ModerationFigures, PersonCount, RulingCount
from pipeline.moderation.quality.overview import (
    Overview,
    PersonQuality,
    overall_quality,
    person_qualities,
    person_quality,
    rule_qualities,
)
from pipeline.moderation.quality.review_checks import Disagreement, GoldenAnswer, GoldenItem, ReviewChecks

WINDOWS = (1, 7, 30)
"""Days that can be looked at."""

QUALITY_DAYS = 90
"""Of agreement, second reviews and golden items: they are few, and figures of few cases say little."""

PAGE_LENGTH = 50
MAX_REASON_LENGTH = 1000
_SHOWN = 100

Exposure = Callable[[datetime], Mapping[str, float]]
"""What each person was shown since then, in points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFigures:
    """A moderator's own figures, and what they said to golden items, with the reasons of the right answers."""

    quality: PersonQuality
    by_day: Sequence[RulingCount]
    answers: Sequence[tuple[GoldenAnswer, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityDesk:
    """Figures, second reviews, golden items and the log, each method for whom it is."""

    ledger: Ledger
    texts: TextStore
    checks: ReviewChecks
    figures: ModerationFigures
    log: DecisionLog
    exposure: Exposure | None = None
    removal_appeals: RemovalAppealFigures | None = None

    # -- figures

    def overview(self, who: Principal, *, days: int = 7) -> Overview:
        """The figures of the last days, for leads. Raises BadInput for another number of days than WINDOWS has."""
        _require_lead(who)
        if days not in WINDOWS:
            raise BadInput(f"the days are one of {', '.join(map(str, WINDOWS))}")
        now = datetime.now(UTC)
        since, since_quality = now - timedelta(days=days), now - timedelta(days=QUALITY_DAYS)
        pairs, appeals = self.checks.pair_counts(since_quality), self.figures.appeals(since_quality)
        by_rule = rule_qualities(self.checks.rule_counts(since_quality), appeals)
        people = person_qualities(
            self.figures.people(since),
            pairs,
            self.checks.golden_counts(since_quality),
            self.exposure(since) if self.exposure else None,
        )
        return Overview(
            at=now,
            days=days,
            quality_days=QUALITY_DAYS,
            held=self.figures.held(),
            hours=self.figures.rulings(now - timedelta(days=1), hourly=True),
            by_day=self.figures.rulings(since, hourly=False),
            kinds=self.figures.kinds(since),
            waits=self.figures.waits(since),
            rules=(overall_quality(pairs, appeals), *by_rule),
            people=people,
            disagreements=len(self.checks.disagreements(limit=_SHOWN)),
            removal_appeals=self.removal_appeals.counts(since_quality, now) if self.removal_appeals else (),
        )

    def own_figures(self, who: Principal, *, days: int = 30) -> OwnFigures:
        """A moderator's own."""
        require_role(who, Role.MODERATOR)
        require_scope(who, Scope.MODERATE)
        now = datetime.now(UTC)
        since, since_quality = now - timedelta(days=days), now - timedelta(days=QUALITY_DAYS)
        by_day = self.figures.rulings(since, hourly=False, person=who.id)
        work = PersonCount(
            person=who.id,
            allowed=sum(one.allowed for one in by_day),
            refused=sum(one.refused for one in by_day),
            mean_wait=0.0,
        )
        golden = next((one for one in self.checks.golden_counts(since_quality) if one.reviewer == who.id), None)
        points = self.exposure(since).get(who.id, 0) if self.exposure else None
        answers = self.checks.golden_answers(who.id, limit=_SHOWN)
        return OwnFigures(
            quality=person_quality(who.id, work, self.checks.pair_counts(since_quality), golden, points),
            by_day=by_day,
            answers=tuple((one, self._words(one.reason)) for one in answers),
        )

    # -- the log

    def decisions(
        self, who: Principal, wanted: DecisionFilter, *, after: str = "", limit: int = PAGE_LENGTH
    ) -> DecisionPage:
        """The log, for leads, the newest first. Raises BadInput."""
        _require_lead(who)
        return self.log.page(checked_filter(wanted), after=after, limit=limit)

    def all_decisions(self, who: Principal, wanted: DecisionFilter) -> Iterator[LoggedDecision]:
        """The log to be exported, for leads, read as it is taken. Raises Forbidden, BadInput at once."""
        _require_lead(who)
        return self.log.stream(checked_filter(wanted))

    # -- second reviews

    def disagreements(self, who: Principal) -> Sequence[Disagreement]:
        """Second reviews that came out otherwise, for leads, the oldest first."""
        _require_lead(who)
        return self.checks.disagreements(limit=_SHOWN)

    def settle(self, who: Principal, case_id: str, revision: int, *, decision: str) -> None:
        """Say which answer is right, for leads who moderate too. It changes no case: what is wrong is recalled.

        Raises NotFound where nothing is to be settled, Conflict for one's own ruling.
        """
        _require_seeing_lead(who)
        _require_decision(decision)
        for one in self.checks.disagreements(limit=_SHOWN):
            if (one.first.case_id, one.first.revision) == (case_id, revision):
                if who.id in (one.first.reviewer, one.second.reviewer):
                    raise Conflict("one of the two rulings is yours: another lead settles it")
                if self.checks.settle(case_id, revision, by=who.id, decision=decision):
                    return
        raise NotFound("there is nothing to settle here")

    # -- golden items

    def golden_items(self, who: Principal) -> Sequence[tuple[GoldenItem, str]]:
        """All with their reasons in words, for leads, the newest first."""
        _require_lead(who)
        return tuple((item, self._words(item.reason)) for item in self.checks.golden_items(limit=_SHOWN))

    def make_golden(self, who: Principal, case_id: str, *, decision: str, reason: str) -> GoldenItem:
        """Make a case that a moderator has ruled on a golden item, as it was before the last ruling; for leads who
        moderate too. Raises BadInput without a reason, NotFound, Conflict where it is one already.
        """
        _require_seeing_lead(who)
        _require_decision(decision)
        if not 0 < len(reason := reason.strip()) <= MAX_REASON_LENGTH:
            raise BadInput(f"say in 1 to {MAX_REASON_LENGTH} characters why this is the right answer")
        case = self._case_before_ruling(case_id)
        item = GoldenItem(
            case_id=case_id,
            revision=case.revision,
            rules=case.verdict.rules if case.verdict else (),
            decision=decision,
            reason=self.texts.put(reason, case_id=case_id),
            made_by=who.id,
            made=datetime.now(UTC),
        )
        if not self.checks.add_golden(item):
            raise Conflict("this case is a golden item already")
        return item

    def retire_golden(self, who: Principal, case_id: str, revision: int) -> None:
        """Show it no more; what was answered stays. Raises NotFound."""
        _require_seeing_lead(who)
        if not self.checks.retire_golden(case_id, revision):
            raise NotFound("there is no such golden item")

    # -- private

    def _case_before_ruling(self, case_id: str) -> Case:
        ruled = [entry.revision for entry in self.ledger.history(case_id) if isinstance(entry.event, Ruled)]
        if not ruled:
            raise BadInput("no moderator has ruled on this case")
        case = case_of_history(case_id, history_when_held(self.ledger, case_id, ruled[-1] - 1))
        if unmeasured(case):
            raise BadInput("this case was held because something could not be measured")
        try:
            self.texts.read(case.request.prompt)
        except Erased:
            raise BadInput("the words of this case were erased") from None
        return case

    def _words(self, text_id: str) -> str:
        try:
            return self.texts.read(text_id)
        except (Erased, NotFound):
            return ""


def _require_lead(who: Principal) -> None:
    require_role(who, Role.LEAD)
    require_scope(who, Scope.MODERATE)


def _require_seeing_lead(who: Principal) -> None:
    _require_lead(who)
    require_role(who, Role.MODERATOR)


def _require_decision(decision: str) -> None:
    if decision not in ("allow", "refuse"):
        raise BadInput("the right answer is allow or refuse")
