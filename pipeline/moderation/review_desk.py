"""What a moderator does with the queue: sees who reviews what, takes the next case, leaves one to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.case import Case, Phase
from core.errors import BadInput, NotNow
from core.ports import Ledger
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.access.conflicts import ConflictOfInterest
from pipeline.actions import Action, actions
from pipeline.moderation.review_queue import SKIP_CODES, HeldCase, ReviewQueue

PAGE_LENGTH = 50
_MAX_PASSED = 50  # cases of one's own, one after the other, before the search for the next one ends
_DECIDING = frozenset({Action.ALLOW, Action.REFUSE, Action.RESUME})


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """A page of the queue. `held`: how many there are in all; `by_rule`: how many each rule holds, the commonest first;
    `following`: the case behind which the next page begins, empty on the last.
    """

    cases: Sequence[HeldCase]
    held: int
    by_rule: Mapping[str, int]
    following: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDesk:
    """The queue, for moderators only: each method raises Forbidden for anybody else."""

    ledger: Ledger
    queue: ReviewQueue
    conflicts: ConflictOfInterest

    def page(self, who: Principal, *, rule: str = "", after: str = "", limit: int = PAGE_LENGTH) -> QueuePage:
        """Held cases, the longest-waiting first."""
        _require_moderator(who)
        found = self.queue.held(who.id, rule=rule, after=after, limit=limit + 1)
        return QueuePage(
            cases=found[:limit],
            held=self.queue.count(rule=rule),
            by_rule=self.queue.by_rule(),
            following=found[limit - 1].case.id if len(found) > limit else "",
        )

    def open(self, who: Principal, case: Case) -> str:
        """Who reviews this case now: this person, unless somebody else has it open. Empty where it is not held."""
        if not who.has(Role.MODERATOR) or case.phase is not Phase.HELD:
            return ""
        _require_moderator(who)
        return self.queue.take(who.id, case.id)

    def take_next(self, who: Principal, *, rule: str = "") -> str | None:
        """The longest-waiting case that this person may decide, theirs for ten minutes; None where none waits."""
        _require_moderator(who)
        passed: list[str] = []
        while len(passed) < _MAX_PASSED:
            case_id = self.queue.take_next(who.id, rule=rule, passing=passed, own=self.conflicts.one_person)
            if case_id is None:
                return None
            case = self.ledger.load(case_id)
            if actions(who, case, conflict=self.conflicts.of(who, case)) & _DECIDING:
                return case_id
            self.queue.release(who.id, case_id)
            passed.append(case_id)
        return None

    def leave(self, who: Principal, case_id: str) -> None:
        """End this person's review of a case: it is free for others."""
        _require_moderator(who)
        self.queue.release(who.id, case_id)

    def skip(self, who: Principal, case_id: str, *, code: str) -> None:
        """Leave a held case to others. Raises BadInput, NotFound, NotNow."""
        _require_moderator(who)
        if code not in SKIP_CODES:
            raise BadInput(f"{code!r} is no reason to skip a case; it is one of {', '.join(SKIP_CODES)}")
        case = self.ledger.load(case_id)
        if case.phase is not Phase.HELD:
            raise NotNow("this case is not held any more")
        self.queue.skip(who.id, case, code=code)
        self.queue.release(who.id, case_id)


def _require_moderator(who: Principal) -> None:
    require_role(who, Role.MODERATOR)
    require_scope(who, Scope.MODERATE)
