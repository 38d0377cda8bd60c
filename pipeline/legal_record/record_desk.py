"""Who may read the record: leads and operators all of it, whoever a decision concerns what is about their video."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from core.errors import Forbidden
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.claims.claim_store import ClaimStore
from pipeline.legal_record.appeal_bundle import BundleMaker
from pipeline.legal_record.dsa_report import DsaReport, make_report
from pipeline.legal_record.report_figures import count_report
from pipeline.legal_record.restriction import Period, RestrictionLog
from pipeline.legal_record.stated_facts import StatedFacts
from pipeline.legal_record.statement import Payload
from pipeline.legal_record.statement_maker import StatementMaker
from pipeline.legal_record.statement_sending import StatementSubmission, SubmissionResult
from pipeline.legal_record.takedown_log import TakedownEntry, takedown_log
from pipeline.legal_record.transparency import PublicFigures, public_figures, whole_months

_FIGURES = TypeAdapter(PublicFigures)


def _now() -> datetime:
    return datetime.now(UTC)


class FigureStore(Protocol):
    """What the public was told of the months before a moment, by the smallest count that was told."""

    def read(self, until: datetime, smallest: int) -> dict[str, Any] | None:
        """What was told, as plain values; None where nothing was yet."""

    def keep(self, until: datetime, smallest: int, body: dict[str, Any]) -> None:
        """Keep what is told now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOptions:
    """`public`: may anybody see figures? Counts below `smallest` are told to nobody outside."""

    service_name: str
    provider: str
    public: bool
    smallest: int
    published_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDesk:
    """The record, each method for whom it is."""

    restrictions: RestrictionLog
    claims: ClaimStore
    statements: StatementMaker
    submission: StatementSubmission
    bundles: BundleMaker
    figures: FigureStore
    options: RecordOptions
    clock: Callable[[], datetime] = _now
    _counting: Lock = field(default_factory=Lock)

    def statements_within(self, who: Principal, period: Period) -> Iterator[Payload]:
        """Statements of reasons of a period. Raises Forbidden at once."""
        _require_reader(who)
        return self.statements.within(period)

    def report(self, who: Principal, period: Period, stated: StatedFacts) -> DsaReport:
        """The transparency report of a period."""
        _require_reader(who)
        figures = count_report(
            self.restrictions,
            self.claims.received_between(period.start, period.end),
            period,
            self.statements.category_of,
        )
        return make_report(
            figures,
            stated,
            service=self.options.service_name,
            provider=self.options.provider,
            today=self.clock().date(),
        )

    def takedowns(self, who: Principal, period: Period) -> tuple[TakedownEntry, ...]:
        """The log of intimate images, by when the claims were received."""
        _require_reader(who)
        return takedown_log(self.claims.received_between(period.start, period.end), self.clock())

    def has_bundle(self, who: Principal, case_id: str) -> bool:
        """Whether `bundle` makes one. Raises NotFound and Forbidden as the service does."""
        return bool(self.restrictions.of_case(self.bundles.service.case(who, case_id).id))

    def bundle(self, who: Principal, case_id: str) -> dict[str, object]:
        """Everything about a decision, for whoever may see the case: its author, and moderators."""
        return self.bundles.make(who, case_id, self.clock())

    def queue_statements(self, who: Principal, period: Period) -> int:
        """Have the statements of a period sent, by operators; how many are new."""
        _require_operator(who)
        return self.submission.outbox.queue(period, published_only=self.options.published_only)

    def submit(self, who: Principal) -> SubmissionResult:
        """Send what is due, by operators."""
        _require_operator(who)
        return self.submission.submit()

    def dry_run(self, who: Principal) -> SubmissionResult:
        """What would be sent."""
        _require_reader(who)
        return self.submission.dry_run()

    def outbox_counts(self, who: Principal) -> Mapping[str, int]:
        """How many statements wait, were sent, were rejected."""
        _require_reader(who)
        return self.submission.outbox.counts()

    def transparency(self) -> PublicFigures:
        """Figures of the last twelve whole months, for anybody: counted once, and the same until the next one is over.

        What is decided meanwhile shows only then, with all else of a month. Raises Forbidden where they are not public.
        """
        if not self.options.public:
            raise Forbidden("figures of decisions are not public here")
        period, smallest = whole_months(self.clock()), self.options.smallest
        with self._counting:
            told = self._told(period)
            if told is None:
                received = self.claims.received_between(period.start, period.end)
                counted = count_report(self.restrictions, received, period, self.statements.category_of)
                told = public_figures(self.restrictions, counted, self.statements.category_of, smallest=smallest)
                self.figures.keep(period.end, smallest, _FIGURES.dump_python(told, mode="json"))
        return told

    def _told(self, period: Period) -> PublicFigures | None:
        """What was told of it; None where nothing was, or an older version told it in another form."""
        kept = self.figures.read(period.end, self.options.smallest)
        try:
            return _FIGURES.validate_python(kept) if kept is not None else None
        except ValidationError:
            return None


def _require_reader(who: Principal) -> None:
    require_role(who, Role.LEAD, Role.OPERATOR)
    require_scope(who, Scope.MODERATE, Scope.MANAGE)


def _require_operator(who: Principal) -> None:
    require_role(who, Role.OPERATOR)
    require_scope(who, Scope.MANAGE)
