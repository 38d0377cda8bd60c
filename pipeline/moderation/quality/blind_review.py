"""Second reviews and golden items among a moderator's cases: when one comes, what it shows, where its ruling goes.

A check is made of a case that was decided, as it was when it was held. It has an id, an age and a history like any held
case, and the page, the reasons and the refusals are those of every case. Only where a ruling would become an event it
is kept beside the log instead: no check changes a case, but for a seal, which is the case's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.case import Case, Phase
from core.errors import Conflict, Erased, NotFound, NotNow
from core.events import Event, Recalled, Reversed, Ruled, ViewSealed
from core.ports import Ledger, RecordedEvent, TextStore
from core.roles import Principal
from core.transitions import allowed
from core.verdicts import Decision, Ruling
from pipeline.access.conflicts import ConflictOfInterest
from pipeline.actions import Action, actions
from pipeline.moderation.quality.blind_cases import case_of_history, history_when_held, shown_history
from pipeline.moderation.quality.review_checks import CheckKind, ReviewCheck, ReviewChecks, SecondReview
from pipeline.moderation.quality.review_sampling import ReviewSampling
from pipeline.moderation.review_rights import EVERYTHING, DecidedCase, ReviewRights
from pipeline.moderation.sealed_hold import is_sealed

SECOND_REVIEW_DAYS = 14
"""A ruling that nobody has looked at twice by then is not looked at twice."""

_CANDIDATES = 10
_USUAL_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindReview:
    """The checks of an installation. `golden_days`: how long a golden item is shown.

    `undo_seconds`: how long a ruling on one can be taken back, as one on a case that a page shows.
    """

    ledger: Ledger
    texts: TextStore
    checks: ReviewChecks
    sampling: ReviewSampling
    golden_days: int
    sealed_rules: Collection[str] = ()
    undo_seconds: float = 0.0

    # -- dealing

    def deal(
        self, who: Principal, conflicts: ConflictOfInterest, *, rule: str = "", rights: ReviewRights = EVERYTHING
    ) -> str | None:
        """The id of the check that comes next for this person, if one does now; the same until they have ruled on it.

        With `rule`, one that this rule holds; of what this person may review (`rights`).
        """
        if (there := self.checks.open_check(who.id)) is not None:
            case = self._showable(there.kind, there.case_id, there.revision)
            if case is not None:
                return there.id if _held_by(case, rule) else None
            self.checks.drop(there.id, "gone")
        for kind, case_id, revision in self._candidates(who):
            case = self._showable(kind, case_id, revision)
            if case is None or not _held_by(case, rule) or rights.refusal(DecidedCase(case)):
                continue
            if self._may_check(who, case, conflicts) and (check := self._assign(who, kind, case_id, revision)):
                return check.id
        return None

    # -- looking

    def true_id(self, case_id: str) -> str:
        """The id of the case that a check is made of; every other id is its own."""
        check = self.checks.check(case_id)
        return check.case_id if check else case_id

    def load(self, who: Principal | None, case_id: str) -> Case:
        """A case, or what a check of this person shows. Raises NotFound, also for the check of somebody else."""
        try:
            return self.ledger.load(case_id)
        except NotFound:
            check = self.checks.check(case_id)
            if who is None or check is None or check.reviewer != who.id or check.dropped:
                raise
            if is_sealed(self.ledger.load(check.case_id), self.sealed_rules):
                raise
        return case_of_history(case_id, shown_history(self.ledger, check))

    def open_check(self, who: Principal, case_id: str) -> tuple[Case, datetime] | None:
        """What a check of this person shows, and since when it says that it is held; None once it is ruled on."""
        check = self.checks.check(case_id)
        if check is None or check.reviewer != who.id or check.decision or check.dropped:
            return None
        return self.load(who, case_id), check.shown_since

    # -- ruling

    def note_ruling(self, case: Case, ruling: Ruling) -> None:
        """A moderator ruled on the case as it was here: draw whether somebody does so again, and count it.

        What answers the appeal of a recall is no ruling on a held case, and is not given again.
        """
        if case.phase is not Phase.HELD:
            return
        if self.sampling.reviewed_twice(case.id):
            self.checks.add_second(
                SecondReview(
                    case_id=case.id,
                    revision=case.revision,
                    rules=ruling.over,
                    reviewer=ruling.moderator,
                    decision=ruling.decision.name.lower(),
                    code=ruling.code,
                )
            )
        self.checks.next_turn(ruling.moderator)

    def forget_ruling(self, case: Case) -> None:
        """The last ruling on this case was taken back before it took effect: nobody gives it once more."""
        self.checks.void_second(case.id, case.revision - 1)

    def may_take_back(self, case_id: str) -> bool:
        """Whether a ruling on this check can still be taken back; true for whatever is none: there its gate decides."""
        check = self.checks.check(case_id)
        if check is None or check.ruled is None:
            return check is None
        return datetime.now(UTC) < check.ruled + timedelta(seconds=self.undo_seconds)

    def divert(self, case: Case, event: Event) -> Case | None:
        """What a person does to a check, kept beside the log: the case as it then looks. None for every other case.

        Raises Conflict where it is decided already, NotNow for what cannot be done to one.
        """
        check = self.checks.check(case.id)
        if check is None:
            return None
        match event:
            case Ruled(ruling=ruling):
                decision, code, note = ruling.decision, ruling.code, ruling.note
            case Recalled():  # who stops a case refuses it
                decision, code, note = Decision.REFUSE, event.code, event.note
            case ViewSealed(sealed=True):  # what nobody should look at is sealed, and not shown to others as a check
                self._seal(check.case_id, event)
                decision, code, note = Decision.REFUSE, event.code, event.note
            case Reversed():
                return self._taken_back(case, check, event)
            case _:
                raise NotNow("this can only be allowed, refused or left to others")
        if not self.checks.decide(check.id, decision=decision.name.lower(), code=code, note=note):
            raise Conflict
        self.checks.next_turn(check.reviewer)
        return case.apply([event])

    def leave_to_others(self, who: Principal, case_id: str) -> bool:
        """The reviewer skips a check: they do not get it again. False, and nothing happens, for other cases."""
        check = self.checks.check(case_id)
        if check is None or check.reviewer != who.id:
            return False
        self.checks.drop(case_id, "skipped")
        self.checks.next_turn(who.id)
        return True

    # -- private

    def _seal(self, case_id: str, event: ViewSealed) -> None:
        """Seal the case itself, where its phase lets anybody do so; what is public is for a lead to take down."""
        case = self.ledger.load(case_id)
        if allowed(case, event):
            self.ledger.append(case, [event])

    def _taken_back(self, case: Case, check: ReviewCheck, event: Reversed) -> Case:
        if not self.checks.take_back(check.id):
            raise Conflict
        return case.apply([event])

    def _candidates(self, who: Principal) -> Iterator[tuple[CheckKind, str, int]]:
        turn = self.checks.turn(who.id)
        if self.sampling.golden_turn(who.id, turn):
            items = self.checks.unseen_golden(who.id, days=self.golden_days, limit=_CANDIDATES)
            least = min((item.shown for item in items), default=0)
            items = sorted(items, key=lambda one: (one.shown > least, self.sampling.order(who.id, one.case_id)))
            yield from ((CheckKind.GOLDEN, one.case_id, one.revision) for one in items)
        elif self.sampling.second_turn(who.id, turn):
            waiting = self.checks.waiting_seconds(who.id, days=SECOND_REVIEW_DAYS, limit=_CANDIDATES)
            yield from ((CheckKind.SECOND, one.case_id, one.revision) for one in waiting)

    def _showable(self, kind: CheckKind, case_id: str, revision: int) -> Case | None:
        """The case as it was held; None, and never again, where its words are erased, it was not ruled on then, or
        somebody sealed it since.
        """
        try:
            case = case_of_history(case_id, history_when_held(self.ledger, case_id, revision))
            texts = (case.request.prompt, *case.request.parameter_texts.values(), *case.words)
            for text in texts:
                self.texts.read(text)
            after = self.ledger.history(case_id)[revision : revision + 1]
            sealed = is_sealed(self.ledger.load(case_id), self.sealed_rules)
            if after and isinstance(after[0].event, Ruled) and not sealed:
                return case
        except (Erased, NotFound):
            pass
        if kind is CheckKind.SECOND:
            self.checks.void_second(case_id, revision)
        else:
            self.checks.retire_golden(case_id, revision)
        return None

    def _may_check(self, who: Principal, case: Case, conflicts: ConflictOfInterest) -> bool:
        """Whether this person could rule on it, has not done so, and it needs a ruling and no repair."""
        if who.id in _people(self.ledger.history(case.id)) or case.request.author == who.id:
            return False
        may = actions(who, case, conflict=conflicts.of(who, case))
        return {Action.ALLOW, Action.REFUSE} <= may and Action.RESUME not in may

    def _assign(self, who: Principal, kind: CheckKind, case_id: str, revision: int) -> ReviewCheck | None:
        check = ReviewCheck(
            id=secrets.token_hex(8),
            kind=kind,
            case_id=case_id,
            revision=revision,
            reviewer=who.id,
            shown_since=self._longest_held(),
        )
        return check if self.checks.assign(check) else None

    def _longest_held(self) -> datetime:
        """Since when the case is held that would come otherwise."""
        for case in self.ledger.list(phase=Phase.HELD, limit=1, oldest=True):
            return self.ledger.history(case.id)[-1].at
        return datetime.now(UTC) - _USUAL_WAIT


def _held_by(case: Case, rule: str) -> bool:
    return not rule or (case.verdict is not None and rule in case.verdict.rules)


def _people(history: Iterable[RecordedEvent]) -> set[str]:
    """Who ruled on the case, or did something else to it."""
    events = [entry.event for entry in history]
    return {event.ruling.moderator if isinstance(event, Ruled) else getattr(event, "by", "") for event in events} - {""}
