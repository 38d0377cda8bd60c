"""What a moderator does with the queue: sees who reviews what, takes the next case, leaves or hands one to others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from core.case import Case, Phase
from core.errors import BadInput, Forbidden, NotNow
from core.ports import Ledger, TextStore
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.access.conflicts import ConflictOfInterest
from pipeline.actions import Action, actions
from pipeline.moderation.quality.blind_review import BlindReview
from pipeline.moderation.review_queue import (
    SKIP_CODES,
    WHOLE_QUEUE,
    HeldCase,
    QueueFilter,
    ReviewQueue,
    Routing,
)
from pipeline.moderation.review_rights import ReviewRights
from pipeline.moderation.review_stores import ReviewStores
from pipeline.moderation.sealed_hold import SEALED

PAGE_LENGTH = 50
MAX_NOTE_LENGTH = 4000
_MAX_PASSED = 50  # cases of one's own, one after the other, before the search for the next one ends
_DECIDING = frozenset({Action.ALLOW, Action.REFUSE, Action.RESUME})


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """A page of the queue. `held`: how many there are in all, as ReviewQueue.count says; `counts`: how many of each
    kind; `following`: the place behind which the next page begins, empty on the last. `rights`: what this person may
    review.
    """

    cases: Sequence[HeldCase]
    held: int
    counts: Mapping[str, Mapping[str, int]]
    following: str
    rights: ReviewRights


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDesk:
    """The queue, for moderators only: each method raises Forbidden for anybody else, and for a queue not theirs."""

    ledger: Ledger
    stores: ReviewStores
    conflicts: ConflictOfInterest
    texts: TextStore
    blind: BlindReview | None = None
    sealed_rules: Collection[str] = ()

    @property
    def queue(self) -> ReviewQueue:
        """The queue itself, which asks nobody who they are."""
        return self.stores.queue

    def page(
        self, who: Principal, wanted: QueueFilter = WHOLE_QUEUE, *, after: str = "", limit: int = PAGE_LENGTH
    ) -> QueuePage:
        """Held cases in their order: how grave times how many it reaches times how much of the clock has run."""
        require_moderator(who)
        rights = self.queue.rights(who.id)
        within = self._searched(replace(wanted, rights=rights))
        found = self.queue.held(who.id, within, after=after, limit=limit + 1)
        return QueuePage(
            cases=[self.shown(one) for one in found[:limit]],
            held=self.queue.count(within),
            counts=_told(self.queue.counts(), rights, who),
            following=found[limit - 1].cursor if len(found) > limit else "",
            rights=rights,
        )

    def cases(self, who: Principal, *, limit: int) -> Sequence[Case]:
        """The first of them whole, for programs."""
        require_moderator(who)
        wanted = QueueFilter(rights=self.queue.rights(who.id))
        return self.queue.cases([one.case_id for one in self.queue.held(who.id, wanted, limit=limit)])

    def allowed(self, who: Principal, cases: Sequence[Case]) -> Sequence[Case]:
        """Of these cases those that `require_allowed` lets this moderator see; a moderator of all queues sees all."""
        rights = self.queue.rights(who.id)
        if not rights.limited:
            return cases
        entries = {one.id: self.queue.entry(one.id) for one in cases if one.phase is Phase.HELD}
        return [
            one
            for one in cases
            if one.request.author == who.id or (entry := entries.get(one.id)) is None or not rights.refusal(entry)
        ]

    def require_allowed(self, who: Principal, case: Case) -> None:
        """Raises Forbidden for a moderator in whose queues a held case is not. Their own orders are always theirs."""
        if case.phase is not Phase.HELD or not who.has(Role.MODERATOR) or case.request.author == who.id:
            return
        entry = self.queue.entry(case.id)
        if entry is not None and (why := self.queue.rights(who.id).refusal(entry)):
            raise Forbidden(why)

    def open(self, who: Principal, case: Case) -> str:
        """Who reviews this case now: this person, unless somebody else has it open. Empty where it is not held."""
        if not who.has(Role.MODERATOR) or case.phase is not Phase.HELD:
            return ""
        require_moderator(who)
        self.require_allowed(who, case)
        return self.queue.take(who.id, case.id)

    def entry(self, who: Principal, case_id: str) -> HeldCase | None:
        """A held case as it stands in the queue."""
        require_moderator(who)
        found = self.queue.entry(case_id) or self._check_entry(who, case_id)
        return self.shown(found) if found is not None else None

    def shown(self, held: HeldCase) -> HeldCase:
        """A held case as it may be shown: without its prompt and its picture where it is sealed."""
        said = held.verdict.view_sealed
        sealed = said if said is not None else any(rule in self.sealed_rules for rule in held.rules)
        return replace(held, prompt="", poster="", sealed=True) if sealed else held

    def note(self, who: Principal, entry: HeldCase) -> str:
        """What was written to whom it was handed over. Raises Erased."""
        require_moderator(who)
        return self.texts.read(entry.note) if entry.note else ""

    def take_next(self, who: Principal, wanted: QueueFilter = WHOLE_QUEUE) -> str | None:
        """The first case that this person may decide, theirs for ten minutes; None where none waits.

        Experts who ask for nothing in particular are given what was escalated first.
        """
        require_moderator(who)
        within = self._searched(replace(wanted, rights=self.queue.rights(who.id)))
        if not who.has(Role.SAFETY_OFFICER):  # whoever may not act on them does not wade through them
            within = self._unsealed(within)
        if (check := self._check_for(who, within)) is not None:
            return check
        if wanted == WHOLE_QUEUE and within.rights.expert:
            found = self._take_next(who, replace(within, expert=True))
            if found is not None:
                return found
        return self._take_next(who, within)

    def leave(self, who: Principal, case_id: str) -> None:
        """End this person's review of a case: it is free for others."""
        require_moderator(who)
        self.queue.release(who.id, case_id)

    def skip(self, who: Principal, case_id: str, *, code: str) -> None:
        """Leave a held case to others. Raises BadInput, NotFound, NotNow."""
        if code not in SKIP_CODES:
            raise BadInput(f"{code!r} is no reason to skip a case; it is one of {', '.join(SKIP_CODES)}")
        case = self._held(who, case_id)
        if self._left_check(who, case_id):
            return
        self.queue.skip(who.id, case_id, case.revision, code=code)
        self.queue.release(who.id, case_id)

    def escalate(self, who: Principal, case_id: str, *, note: str = "") -> None:
        """Put a held case into the queue of the experts, who alone rule on it then. Raises NotNow without experts."""
        self._held(who, case_id)
        if not self.has_experts(who):
            raise NotNow("nobody is appointed an expert here: an operator does so with `assay reviewers set --expert`")
        if not self._left_check(who, case_id):
            self._route(who, case_id, Routing(by=who.id, expert=True, note=self._keep(note, case_id)))

    def hand_over(self, who: Principal, case_id: str, *, to: str, note: str = "") -> None:
        """Hand a held case to another moderator; for a day it is the next one for them and for nobody else.

        Raises BadInput for whoever may not review it.
        """
        case = self._held(who, case_id)
        if (why := self.cannot_take(who, case_id, to)) or case.request.author == to:
            raise BadInput(why or f"{to} ordered this video")
        if not self._left_check(who, case_id):
            self._route(who, case_id, Routing(by=who.id, assignee=to, note=self._keep(note, case_id)))

    def cannot_take(self, who: Principal, case_id: str, to: str) -> str:
        """Why a case cannot be handed to this account; empty where it can."""
        account = self.stores.accounts.get(to)
        if to == who.id:
            return "this is you"
        if account is None or account.closed or Role.MODERATOR not in account.roles:
            return f"{to} is no moderator here"
        entry = self.queue.entry(case_id)
        return self.queue.rights(to).refusal(entry) if entry is not None else ""

    def colleagues(self, who: Principal) -> Sequence[str]:
        """The other moderators, to whom a case can be handed."""
        require_moderator(who)
        everybody = self.stores.accounts.all()
        return [one.id for one in everybody if Role.MODERATOR in one.roles and not one.closed and one.id != who.id]

    def has_experts(self, who: Principal) -> bool:
        """Whether anybody is appointed to whom a case can be escalated."""
        require_moderator(who)
        return any(rights.expert for rights in self.queue.all_rights().values())

    # -- for operators

    def all_rights(self, who: Principal) -> Mapping[str, ReviewRights]:
        """The rights of every moderator who has any of their own."""
        _require_operator(who)
        return self.queue.all_rights()

    def set_rights(self, who: Principal, account: str, rights: ReviewRights) -> None:
        """Let a moderator review this and nothing else. No moderator does so."""
        _require_operator(who)
        self.queue.set_rights(account, rights)

    def flag(self, who: Principal, case_id: str) -> None:
        """A trusted flagger reported this held case. Raises NotNow where it is not held."""
        _require_operator(who)
        if not self.queue.flag(case_id):
            raise NotNow("this case is not held")

    # -- private

    def _check_for(self, who: Principal, within: QueueFilter) -> str | None:
        if self.blind is None:
            return None
        return self.blind.deal(who, self.conflicts, rule=within.rule, rights=within.rights)

    def _check_entry(self, who: Principal, case_id: str) -> HeldCase | None:
        """Where a check of theirs would stand, so that its page has all that the page of a held case has."""
        found = self.blind.open_check(who, case_id) if self.blind is not None else None
        return self.queue.entry_as_if_held(*found) if found is not None else None

    def _left_check(self, who: Principal, case_id: str) -> bool:
        """Whether this was a check of theirs, which then goes to others; whoever sends a case away cannot tell."""
        return self.blind is not None and self.blind.leave_to_others(who, case_id)

    def _searched(self, wanted: QueueFilter) -> QueueFilter:
        """A search by what a case shows or says finds nothing that is sealed: it would tell what is in it."""
        if wanted.like and (found := self.queue.entry(wanted.like)) is not None and self.shown(found).sealed:
            raise Forbidden(SEALED)
        return self._unsealed(wanted) if wanted.words or wanted.digest or wanted.like else wanted

    def _unsealed(self, wanted: QueueFilter) -> QueueFilter:
        return replace(wanted, without_sealed=True, sealed_rules=tuple(sorted(self.sealed_rules)))

    def _take_next(self, who: Principal, within: QueueFilter) -> str | None:
        passed: list[str] = []
        while len(passed) < _MAX_PASSED:
            case_id = self.queue.take_next(who.id, within, passing=passed, own=self.conflicts.one_person)
            if case_id is None:
                return None
            case = self.ledger.load(case_id)
            if actions(who, case, conflict=self.conflicts.of(who, case)) & _DECIDING:
                return case_id
            self.queue.release(who.id, case_id)
            passed.append(case_id)
        return None

    def _held(self, who: Principal, case_id: str) -> Case:
        require_moderator(who)
        case = self.ledger.load(case_id)
        if case.phase is not Phase.HELD:
            raise NotNow("this case is not held any more")
        self.require_allowed(who, case)
        return case

    def _route(self, who: Principal, case_id: str, to: Routing) -> None:
        if not self.queue.route(case_id, to):
            raise NotNow("this case is not held any more")
        self.queue.release(who.id, case_id)

    def _keep(self, note: str, case_id: str) -> str:
        if len(note) > MAX_NOTE_LENGTH:
            raise BadInput(f"a note has {MAX_NOTE_LENGTH} characters at the most")
        return self.texts.put(note, case_id=case_id) if note.strip() else ""


def require_moderator(who: Principal) -> None:
    """Raises Forbidden for anybody who is none, and for a key that is not for it."""
    require_role(who, Role.MODERATOR)
    require_scope(who, Scope.MODERATE)


def _require_operator(who: Principal) -> None:
    require_role(who, Role.OPERATOR)
    require_scope(who, Scope.MANAGE)


def _told(
    counts: Mapping[str, Mapping[str, int]], rights: ReviewRights, who: Principal
) -> Mapping[str, Mapping[str, int]]:
    """Of the counts what is this person's business: no queue that is not theirs, and of hand-overs their own."""
    allowed = {
        "subject": rights.subjects,
        "language": rights.languages,
        "region": rights.regions,
        "author": rights.authors,
        "rule": rights.rules,
        "severity": tuple(str(one) for one in range(1, rights.max_severity + 1)),
        "assignee": (who.id,),
    }
    told = {
        kind: {value: n for value, n in values.items() if not allowed.get(kind) or value in allowed[kind]}
        for kind, values in counts.items()
    }
    return told if rights.expert else {kind: values for kind, values in told.items() if kind != "expert"}
