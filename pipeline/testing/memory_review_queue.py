"""The queue of held cases over a ledger in memory, in the same order as the one over Postgres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import RLock

from core.case import Case, Phase
from core.ports import Ledger
from pipeline.moderation.review_queue import (
    COUNTED_UP_TO,
    HAND_OVER_TIME,
    LEASE_TIME,
    WHOLE_QUEUE,
    HeldCase,
    Preparation,
    QueueFilter,
    Routing,
    Unprepared,
    held_verdict,
    read_cursor,
)
from pipeline.moderation.review_rights import EVERYTHING, ReviewRights, review_subject

_ALL = 1_000_000
_ALIKE = 10
_FIRST = timedelta(days=1000)
_CLOCKS = {"standard": 72.0, "appeal": 168.0, "failure": 24.0, "trusted_flagger": 24.0}


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryReviewQueue:
    """ReviewQueue for one process. `clock` gives aware datetimes."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime] = _now) -> None:
        self._ledger, self._clock = ledger, clock
        self._leases: dict[str, tuple[str, datetime]] = {}
        self._skips: dict[tuple[str, str], tuple[int, str]] = {}
        self._routes: dict[str, tuple[Routing, datetime]] = {}
        self._flagged: set[str] = set()
        self._rights: dict[str, ReviewRights] = {}
        self._clocks: dict[str, float] = dict(_CLOCKS)
        self._priorities: dict[str, tuple[int, str]] = {}
        self._prepared: dict[str, Preparation] = {}
        self._lock = RLock()

    def held(
        self, reviewer: str, wanted: QueueFilter = WHOLE_QUEUE, *, after: str = "", limit: int = 50
    ) -> Sequence[HeldCase]:
        """As ReviewQueue.held."""
        at, case_id = read_cursor(after)
        found = [one for one in self._found(wanted) if at is None or (one.order_at, one.case_id) > (at, case_id)]
        return tuple(
            replace(
                one,
                reviewer=self._holder(one.case_id),
                skipped=self._skipped(reviewer, one),
            )
            for one in found[:limit]
        )

    def entry(self, case_id: str) -> HeldCase | None:
        """As ReviewQueue.entry."""
        return next((one for one in self._entries() if one.case_id == case_id), None)

    def entry_as_if_held(self, case: Case, since: datetime) -> HeldCase:
        """As ReviewQueue.entry_as_if_held."""
        return self._entry(case, since)

    def cases(self, case_ids: Sequence[str]) -> Sequence[Case]:
        """As ReviewQueue.cases."""
        return tuple(self._ledger.load(case_id) for case_id in case_ids)

    def count(self, wanted: QueueFilter = WHOLE_QUEUE) -> int:
        """As ReviewQueue.count."""
        found = len(list(self._found(wanted)))
        return min(found, COUNTED_UP_TO + 1) if wanted.needs_counting else found

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """As ReviewQueue.counts."""
        counted: dict[str, Counter[str]] = {}
        for one in self._entries():
            for kind, value in _kinds(one):
                counted.setdefault(kind, Counter())[value] += 1
        return {
            kind: dict(sorted(values.items(), key=lambda one: (-one[1], one[0]))) for kind, values in counted.items()
        }

    def take(self, reviewer: str, case_id: str) -> str:
        """As ReviewQueue.take."""
        with self._lock:
            if (holder := self._holder(case_id)) not in ("", reviewer):
                return holder
            self._leases[case_id] = reviewer, self._clock() + LEASE_TIME
            return reviewer

    def take_next(
        self,
        reviewer: str,
        wanted: QueueFilter = WHOLE_QUEUE,
        *,
        passing: Collection[str] = (),
        own: bool = False,
    ) -> str | None:
        """As ReviewQueue.take_next."""
        with self._lock:
            waiting = sorted(self._found(wanted), key=lambda one: one.assignee != reviewer)
            for one in waiting:
                left = one.case_id in passing or self._skipped(reviewer, one)
                theirs = (one.author == reviewer and not own) or self._handed_to_another(one, reviewer)
                if not left and not theirs and self._holder(one.case_id) in ("", reviewer):
                    self.take(reviewer, one.case_id)
                    return one.case_id
        return None

    def release(self, reviewer: str, case_id: str) -> None:
        """As ReviewQueue.release."""
        with self._lock:
            if self._holder(case_id) == reviewer:
                del self._leases[case_id]

    def skip(self, reviewer: str, case_id: str, revision: int, *, code: str) -> None:
        """As ReviewQueue.skip."""
        with self._lock:
            self._skips[reviewer, case_id] = revision, code

    def route(self, case_id: str, to: Routing) -> bool:
        """As ReviewQueue.route."""
        with self._lock:
            if (there := self.entry(case_id)) is None:
                return False
            self._routes[case_id] = replace(to, expert=to.expert or there.expert), self._clock()
            return True

    def flag(self, case_id: str) -> bool:
        """As ReviewQueue.flag."""
        self._flagged.add(case_id)
        return self.entry(case_id) is not None

    def rights(self, account: str) -> ReviewRights:
        """As ReviewQueue.rights."""
        return self._rights.get(account, EVERYTHING)

    def set_rights(self, account: str, rights: ReviewRights) -> None:
        """As ReviewQueue.set_rights."""
        self._rights[account] = rights

    def all_rights(self) -> Mapping[str, ReviewRights]:
        """As ReviewQueue.all_rights."""
        return dict(sorted(self._rights.items()))

    def set_priorities(self, clocks: Mapping[str, float], priorities: Mapping[str, tuple[int, str]]) -> int:
        """As ReviewQueue.set_priorities."""
        other = {name for name, hours in clocks.items() if self._clocks.get(name) != hours}
        changed = {rule for rule, one in priorities.items() if self._priorities.get(rule) != one or one[1] in other}
        self._clocks |= clocks
        self._priorities |= priorities
        return sum(1 for one in self._entries() if changed & set(one.rules))

    def unprepared(self, limit: int) -> Sequence[Unprepared]:
        """As ReviewQueue.unprepared."""
        waiting = [one for one in self._entries() if one.case_id not in self._prepared]
        return tuple(
            Unprepared(case_id=one.case_id, prompt=one.prompt, rendered=one.verdict.rendered) for one in waiting[:limit]
        )

    def prepare(self, case_id: str, made: Preparation) -> None:
        """As ReviewQueue.prepare."""
        self._prepared[case_id] = made

    def tidy(self) -> None:
        """As ReviewQueue.tidy: they are counted anew each time here."""

    def _found(self, wanted: QueueFilter) -> Iterator[HeldCase]:
        return (one for one in self._entries() if self._fits(one, wanted))

    def _fits(self, one: HeldCase, wanted: QueueFilter) -> bool:
        escalated = one.expert and not (wanted.assignee and wanted.rights.expert)
        if (not one.expert or not wanted.rights.expert) if wanted.expert else escalated:
            return False
        made = self._prepared.get(one.case_id, Preparation())
        said = one.verdict.view_sealed
        if wanted.without_sealed and (bool(set(wanted.sealed_rules) & set(one.rules)) if said is None else said):
            return False
        return (
            not wanted.rights.refusal(one)
            and (not wanted.rule or wanted.rule in one.rules)
            and all(
                not asked or asked == has
                for asked, has in (
                    (wanted.subject, one.subject),
                    (wanted.language, one.language),
                    (wanted.region, one.region),
                    (wanted.author, one.author),
                    (wanted.end_user, one.end_user),
                    (wanted.severity, one.severity),
                    (wanted.assignee, one.assignee),
                )
            )
            and set(wanted.words) <= set(made.words)
            and (not wanted.digest or wanted.digest in _digests(self._ledger.load(one.case_id)))
            and (not wanted.like or self._alike(made, wanted.like))
        )

    def _alike(self, made: Preparation, like: str) -> bool:
        other = self._prepared.get(like, Preparation()).looks
        return made.looks is not None and other is not None and ((made.looks ^ other) % 2**64).bit_count() <= _ALIKE

    def _entries(self) -> list[HeldCase]:
        held = self._ledger.list(phase=Phase.HELD, limit=_ALL, oldest=True)
        return sorted((self._entry(case) for case in held), key=lambda one: (one.order_at, one.case_id))

    def _entry(self, case: Case, since: datetime | None = None) -> HeldCase:
        since = since or self._since(case)
        rules, subject = case.verdict.rules if case.verdict else (), review_subject(case)
        reach, flagged = self._reach(case.request.author), case.id in self._flagged
        severity, clock = self._priority(rules, subject, flagged=flagged)
        allowed = timedelta(hours=self._clocks[clock])
        routing, _ = self._routes.get(case.id, (Routing(by=""), since))
        return HeldCase(
            case_id=case.id,
            revision=case.revision,
            since=since,
            due_at=since + allowed,
            order_at=since + allowed / (severity * reach) - (_FIRST if flagged else timedelta(0)),
            clock=clock,
            severity=severity,
            reach=reach,
            subject=subject,
            language=case.language,
            region=case.request.region,
            author=case.request.author,
            end_user=case.request.end_user,
            rules=rules,
            prompt=case.request.prompt,
            verdict=held_verdict(case),
            flagged=flagged,
            expert=routing.expert,
            assignee=routing.assignee,
            routed_by=routing.by,
            note=routing.note,
            poster=self._prepared.get(case.id, Preparation()).poster,
        )

    def _since(self, case: Case) -> datetime:
        """When it came to be held, and has been since."""
        folded, since = Case(id=case.id), self._clock()
        for entry in self._ledger.history(case.id):
            before, folded = folded, folded.apply([entry.event])
            if folded.phase is Phase.HELD and before.phase is not Phase.HELD:
                since = entry.at
        return since

    def _priority(self, rules: Sequence[str], subject: str, *, flagged: bool) -> tuple[int, str]:
        said = [self._priorities.get(rule, (2, "standard")) for rule in rules]
        said.append((1, subject if subject in ("appeal", "failure") else "standard"))
        said += [(1, "trusted_flagger")] if flagged else []
        clocks = sorted({clock for _, clock in said}, key=lambda one: (one == "standard", self._clocks[one], one))
        return max(severity for severity, _ in said), clocks[0]

    def _reach(self, author: str) -> int:
        made = len(self._ledger.list(author=author, limit=200))
        return 3 if made >= 200 else 2 if made >= 20 else 1

    def _handed_to_another(self, one: HeldCase, reviewer: str) -> bool:
        _, at = self._routes.get(one.case_id, (None, self._clock()))
        return one.assignee not in ("", reviewer) and at + HAND_OVER_TIME > self._clock()

    def _holder(self, case_id: str) -> str:
        reviewer, until = self._leases.get(case_id, ("", self._clock()))
        return reviewer if until > self._clock() else ""

    def _skipped(self, reviewer: str, one: HeldCase) -> bool:
        return self._skips.get((reviewer, one.case_id), (0, ""))[0] == one.revision


def _kinds(one: HeldCase) -> Iterator[tuple[str, str]]:
    if one.assignee:
        yield "assignee", one.assignee
    if one.expert:
        yield "expert", ""
        return
    yield from (("all", ""), ("subject", one.subject), ("language", one.language), ("region", one.region))
    yield from (("author", one.author), ("severity", str(one.severity)))
    yield from (("rule", rule) for rule in one.rules)


def _digests(case: Case) -> set[str]:
    return {asset.digest for asset in case.assets()}
