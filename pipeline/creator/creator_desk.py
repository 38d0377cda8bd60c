"""The desk of whoever wanted a video: a link that the platform passes on, what it shows, and an appeal through it.

A link acts for nobody but this: it reads the story of one video, and may appeal its refusal as the account that ordered
it could. What was erased is gone here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from classifiers.text.language_detection import detect_language
from core.case import Case
from core.errors import BadInput, Erased, NotFound
from core.events import Appealed
from core.roles import Principal, Role, Scope, require_scope
from pipeline.actions import Action
from pipeline.case_explanation import CaseExplanation, ExplainedReason
from pipeline.case_record import CaseRecord, case_record
from pipeline.creator.creator_links import CreatorLink, PostgresCreatorLinks
from pipeline.creator.video_story import VideoStep, appeal_outcome, video_steps
from pipeline.moderation.sealed_hold import is_sealed
from pipeline.service import CaseService

DEFAULT_DAYS = 183
"""How long a link works: six months, in which a decision can be complained about (Article 20(1) of the DSA)."""

MOST_DAYS = 730
MAX_APPEAL_LENGTH = 4000

_NO_SUCH_LINK = "this link is not known here, or no longer works: ask whoever gave it to you for another"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatorView:
    """What the page says. `explanation` is why it is held or was refused; `may_appeal`: whether a person can be asked.

    `outcome` is of the last appeal, as `appeal_outcome` has it, and `appeal` its words. `reply` is what a moderator
    wrote; `reply_language` is its language (ISO 639-1), empty where it cannot be told.
    """

    case: Case
    record: CaseRecord
    steps: tuple[VideoStep, ...]
    explanation: CaseExplanation | None
    may_appeal: bool
    outcome: str
    appeal: str
    reply: str
    reply_language: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatorDesk:
    """For platforms: give a link out and take it back. For whoever has it: read, and appeal."""

    service: CaseService
    links: PostgresCreatorLinks

    # -- for the account that ordered the video

    def offer(self, who: Principal, case_id: str, *, days: int = DEFAULT_DAYS) -> CreatorLink:
        """The link of a video of this account, in force for so many days from now at the least.

        Raises NotFound for another's video, BadInput, Erased.
        """
        self._own(who, case_id)
        if not 1 <= days <= MOST_DAYS:
            raise BadInput(f"a link works for 1 to {MOST_DAYS} days", param="days")
        return self.links.make(case_id, expires=datetime.now(UTC) + timedelta(days=days))

    def revoke(self, who: Principal, case_id: str) -> None:
        """From now on the link opens nothing. Raises NotFound for another's video."""
        require_scope(who, Scope.SUBMIT)
        self.service.video(who, case_id)
        self.links.revoke(case_id)

    # -- for whoever has the link

    def view(self, secret: str) -> CreatorView:
        """What became of the video. Raises NotFound for a link that does not work, Erased where the case was erased."""
        link, record = self._opened(secret)
        case, steps = record.case, video_steps(record.history)
        return CreatorView(
            case=case,
            record=record,
            steps=steps,
            explanation=self._explanation(record),
            may_appeal=Action.APPEAL in self.service.actions(_author(case), case),
            outcome=appeal_outcome(steps),
            appeal=self._appeal_words(record),
            reply=record.reply,
            reply_language=detect_language(record.reply, self.service.likeness.models) or "" if record.reply else "",
            until=link.expires,
        )

    def appeal(self, secret: str, words: str) -> None:
        """Ask that a person look at the refusal, once, as the account could. Raises as `view`, and NotNow, BadInput."""
        if len(words) > MAX_APPEAL_LENGTH:
            raise BadInput(f"an appeal has {MAX_APPEAL_LENGTH} characters at the most")
        _, record = self._opened(secret)
        self.service.appeal(_author(record.case), record.case.id, note=words)

    # -- private

    def _own(self, who: Principal, case_id: str) -> CaseRecord:
        require_scope(who, Scope.SUBMIT)
        record = self.service.video(who, case_id)
        if record.prompt is None:
            raise Erased("what was known of this video was erased: there is nothing to show")
        return record

    def _opened(self, secret: str) -> tuple[CreatorLink, CaseRecord]:
        link = self.links.find(secret) if len(secret) <= 100 else None
        if link is None:
            raise NotFound(_NO_SUCH_LINK)
        history = self.service.ledger.history(link.case_id)
        case = Case(id=link.case_id).apply(entry.event for entry in history)
        record = case_record(case, history, self.service.context.texts)
        if record.prompt is None:
            raise Erased("what was known of this video was erased")
        return link, record

    def _explanation(self, record: CaseRecord) -> CaseExplanation | None:
        """Of a sealed case without its words: nobody may view those."""
        found = self.service.explanation(record)
        if found is None or not is_sealed(record.case, self.service.house_rules.sealed_rules):
            return found
        return CaseExplanation(reasons=tuple(_without_places(one) for one in found.reasons))

    def _appeal_words(self, record: CaseRecord) -> str:
        notes = [e.event.note for e in record.history if isinstance(e.event, Appealed) and e.event.note]
        try:
            return self.service.context.texts.read(notes[-1]) if notes else ""
        except Erased:
            return ""


def _author(case: Case) -> Principal:
    """The account that ordered it, as far as a link acts for it."""
    return Principal(
        id=case.request.author, roles=frozenset({Role.PLATFORM}), scopes=frozenset({Scope.READ, Scope.SUBMIT})
    )


def _without_places(reason: ExplainedReason) -> ExplainedReason:
    return ExplainedReason(rule=reason.rule, text=reason.text, missing=reason.missing, dsa=reason.dsa)
