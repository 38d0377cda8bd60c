"""Reports of people about the use of their likeness: moderators read them beside the video, and answer.

A report is answered once: the video comes down, or it stays, with words for whoever reported. Both sides are told, and
neither learns which moderator it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from core.case import Case, Phase
from core.errors import BadInput, Erased, Forbidden, NotFound, NotNow
from core.recalls import recalled_by_claim
from core.roles import Principal, Scope, require_scope
from pipeline.moderation.review_desk import require_moderator
from pipeline.moderation.sealed_hold import is_sealed
from pipeline.service import CaseService
from registry.consent.end_users import account_of
from registry.reports.likeness_reports import KEPT, TAKEN_DOWN, AnsweredReport, PostgresLikenessReports

CONSENT = "no_consent"
TAKE_DOWN_CODES: Mapping[str, str] = MappingProxyType(
    {
        CONSENT: "The person shown does not agree to this use: it and everything made from it comes down",
        "intimate_image": "An intimate image",
        "illegal": "Illegal content",
        "policy": "It breaks the policy",
    }
)
"""Why a reported video comes down, by code, in words for moderators."""

KEEP_CODES: Mapping[str, str] = MappingProxyType(
    {
        "allowed": "What they allowed covers it",
        "not_them": "It does not show this person",
        "no_harm": "The law and the policy allow it: news, art, parody",
    }
)
"""Why it stays."""

MAX_REPLY_LENGTH = 4000
_DOWN = (Phase.RECALLED, Phase.WITHDRAWN)
_OWN = "{}: another moderator answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInView:
    """A report with what bears on it. `words` and `reply` are empty where they were erased.

    `conflict`: why this moderator may not answer it, if so. `sealed`: nobody may view the video.
    """

    report: AnsweredReport
    words: str
    reply: str
    case: Case | None
    conflict: str = ""
    sealed: bool = False

    @property
    def is_down(self) -> bool:
        """Whether the video came down already, or never came up."""
        return self.case is None or self.case.phase in _DOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDesk:
    """For moderators, but for `own`."""

    service: CaseService
    reports: PostgresLikenessReports

    def queue(self, who: Principal, *, every: bool = False) -> Sequence[ReportInView]:
        """Reports that wait, the longest-waiting first; or every report, the newest first. Raises Forbidden."""
        require_moderator(who)
        found = self.reports.all() if every else self.reports.open()
        return [seen for one in found if (seen := self._allowed(who, one)) is not None]

    def show(self, who: Principal, key: int) -> ReportInView:
        """One report. Raises Forbidden, NotFound."""
        require_moderator(who)
        report = self.reports.get(key)
        case = self.service.case(who, report.case_id)
        return self._in_view(report, case, conflict=self._conflict(who, report, case))

    def own(self, who: Principal) -> Sequence[ReportInView]:
        """What this account reported, and what it was answered; no moderator is named."""
        require_scope(who, Scope.READ, Scope.MANAGE)
        return [self._in_view(one, None) for one in self.reports.of_owner(who.id)]

    def take_down(self, who: Principal, key: int, *, code: str, reply: str = "") -> ReportInView:
        """Take the video down, and tell both sides. What was answered already is refused before anything is done.

        Without consent it is as if the owner had said no: what is made from it comes down too, and it is not made
        again. Raises Forbidden, NotFound, BadInput, NotNow.
        """
        with self._to_answer(who, key, code, TAKE_DOWN_CODES, reply) as seen:
            report = seen.report
            if code == CONSENT:
                self.service.cameos.stores.consents.veto(report.cameo, report.case_id, by=who.id)
                self.service.cameos.takedown_service.run()
            elif not seen.is_down or (seen.case is not None and recalled_by_claim(seen.case)):
                self.service.recall(who, report.case_id, code=code)
            self._answer(who, seen, TAKEN_DOWN, code, reply, told=("report_taken_down", "reported_taken_down"))
        return self.show(who, key)

    def dismiss(self, who: Principal, key: int, *, code: str, reply: str = "") -> ReportInView:
        """Leave the video as it is, and tell both sides. Raises Forbidden, NotFound, BadInput, NotNow."""
        with self._to_answer(who, key, code, KEEP_CODES, reply) as seen:
            self._answer(who, seen, KEPT, code, reply, told=("report_kept", "reported_kept"))
        return self.show(who, key)

    # -- private

    @contextmanager
    def _to_answer(
        self, who: Principal, key: int, code: str, codes: Mapping[str, str], reply: str
    ) -> Iterator[ReportInView]:
        """A report that waits, and that nobody else answers meanwhile: whoever dies in between leaves it waiting."""
        require_moderator(who)
        if code not in codes:
            raise BadInput(f"{code!r} is no reason for this; it is one of {', '.join(codes)}", param="code")
        if len(reply) > MAX_REPLY_LENGTH:
            raise BadInput(f"a reply has {MAX_REPLY_LENGTH} characters at the most", param="reply")
        with self.service.ledger.try_lock(f"likeness report {key}") as mine:
            seen = self.show(who, key)
            if seen.conflict:
                raise Forbidden(_OWN.format(seen.conflict))
            if seen.report.answer:
                raise NotNow("this report was answered already")
            if not mine:
                raise NotNow("another moderator answers this report at this moment")
            yield seen

    def _answer(
        self, who: Principal, seen: ReportInView, answer: str, code: str, reply: str, *, told: tuple[str, str]
    ) -> None:
        report = seen.report
        reply_id = self.service.context.texts.put(reply, case_id=report.cameo) if reply.strip() else ""
        notices = [(report.owner, told[0], report.case_id, report.cameo)]
        if seen.case is not None and seen.case.request.author != report.owner:
            notices.append((seen.case.request.author, told[1], report.case_id, report.cameo))
        self.reports.answer(report.key, answer, code=code, reply=reply_id, by=who.id, notices=notices)

    def _allowed(self, who: Principal, report: AnsweredReport) -> ReportInView | None:
        """As it may be shown to this moderator; None where the case is in queues of others."""
        try:
            case = self.service.case(who, report.case_id)
            return self._in_view(report, case, conflict=self._conflict(who, report, case))
        except (Forbidden, NotFound):
            return None

    def _in_view(self, report: AnsweredReport, case: Case | None, *, conflict: str = "") -> ReportInView:
        return ReportInView(
            report=report,
            words=self._read(report.words),
            reply=self._read(report.reply),
            case=case,
            conflict=conflict,
            sealed=case is not None and is_sealed(case, self.service.house_rules.sealed_rules),
        )

    def _conflict(self, who: Principal, report: AnsweredReport, case: Case) -> str:
        if self.service.one_person:
            return ""
        if account_of(report.owner) == who.id:
            return "you reported this yourself"
        return "you asked for this video yourself" if case.request.author == who.id else ""

    def _read(self, text_id: str) -> str:
        try:
            return self.service.context.texts.read(text_id) if text_id else ""
        except (Erased, NotFound):
            return ""
