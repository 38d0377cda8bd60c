"""When a hash comes to a bank, what is published already is compared with it, and a match is never passed over.

Policy says what follows, as if the match had been measured before the video was shown: what it would have refused is
recalled on the ordinary way; what it would have held is an open question, which a moderator answers; the rest is noted.
What only looks like something that a claim took down is a question too, whatever policy says.
Each match is noted once, so that whoever is interrupted begins again with the entries that are due and asks nothing
twice. Sealed videos are compared by the hashes that their seals keep, one frame a second, mirrored and turned too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from classifiers import label_subjects
from core.case import Case
from core.errors import BadInput, Conflict, NotFound, NotNow
from core.roles import Principal, Role, Scope, require_role, require_scope
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from media.lookup.bank_hashes import BankHit
from pipeline.service import CaseService
from registry.banks.bank_activity import BankActivity, PublishedMatch, SealedFrames
from registry.banks.bank_entries import CLAIMED_KIND, StoredEntry
from registry.banks.bank_matching import BankIndex

log = logging.getLogger("assay.banks")

BANKS_ACTOR = Principal(id="assay:banks", roles=frozenset({Role.MODERATOR}))
"""Who recalls what policy refuses because of a bank."""

KEEP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "agreed": "Whoever holds the rights has agreed",
        "context": "The policy allows it here: news, teaching, parody",
        "too_little": "It is in the video, but so little of it that nothing follows",
    }
)
FALSE_MATCH_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "looks_alike": "It is something else that looks alike",
        "plain_picture": "It is a plain picture, as a title or a black frame",
        "wrong_entry": "The entry itself is wrong and should leave the bank",
    }
)
TAKE_DOWN_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "illegal": "Illegal content",
        "intimate_image": "An intimate image",
        "rights": "Somebody's rights",
        "policy": "It breaks the policy",
    }
)
"""Why an open match is kept, is none, or has the video taken down, by code, in words."""

MATCH_SOURCE = "published_matches/1"
_BATCH = 2000  # entries compared with everything published at a time
_NEW_FOR = timedelta(days=30)  # how long a case may take from its measurement to its seal, held by moderators
_OVERLAP = timedelta(minutes=2)  # an event's time is taken before its transaction ends
_CODES = {"known_bad": "illegal", "known_claimed": "rights", "known_work": "rights"}

ASKED_ABOUT = frozenset({CLAIMED_KIND})
"""Kinds of banks whose matches never take down what is published: a claim was against one video, a hash says less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonReport:
    """What a comparison did: entries and videos compared, and the matches that were new, by what became of them."""

    entries: int
    videos: int
    recalled: int
    open: int
    noted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedMatches:
    """Compares, asks policy, and keeps what is open for moderators."""

    activity: BankActivity
    service: CaseService

    def run(self, progress: Callable[[int, int], None] = lambda _entries, _videos: None) -> ComparisonReport:
        """Compare what was sealed meanwhile with what is new, and every entry that is due with everything published.

        `progress` hears of entries and videos. Safe to interrupt and to do again. Raises Unavailable.
        """
        counts = {"entries": 0, "videos": 0, "recalled": 0, "open": 0, "noted": 0}
        sealed, last = self.activity.newly_sealed(overlap=_OVERLAP)
        if last is not None and (recent := self.activity.recent(datetime.now(UTC) - _NEW_FOR)):
            self._compare(recent, sealed, counts, progress)
        if last is not None:
            self.activity.remember(last)
        while due := self.activity.due(_BATCH):
            counts["entries"] += len(due)
            self._compare(due, self.activity.published(), counts, progress)
            self.activity.compared([one.key for one in due])
        return ComparisonReport(**counts)

    def open_matches(self, who: Principal, *, every: bool = False) -> Sequence[PublishedMatch]:
        """Matches that wait for a moderator, or every match there was."""
        require_role(who, Role.MODERATOR)
        require_scope(who, Scope.MODERATE)
        return self.activity.matches(only_open=not every)

    def match(self, who: Principal, key: int) -> PublishedMatch:
        """One match. Raises NotFound."""
        require_role(who, Role.MODERATOR)
        require_scope(who, Scope.MODERATE)
        found = self.activity.matches(key=key)
        if not found:
            raise NotFound(f"there is no match {key}")
        return found[0]

    def decide(self, who: Principal, key: int, *, recall: bool, code: str = "") -> PublishedMatch:
        """Answer an open question: take the video down, or keep it; why by `code`, of those that fit the answer.

        With a code of FALSE_MATCH_REASONS it was no match at all. Raises NotFound, NotNow, Forbidden, BadInput.
        """
        match = self.match(who, key)
        allowed = TAKE_DOWN_REASONS if recall else {**KEEP_REASONS, **FALSE_MATCH_REASONS}
        if code and code not in allowed:
            raise BadInput(f"{code!r} is no reason for this: one of {', '.join(allowed)}")
        if match.state != "open":
            raise NotNow(f"this match is {match.state} already")
        if conflict := self.service.conflict(who, self.service.ledger.load(match.case_id)):
            raise NotNow(f"{conflict}: another moderator decides about it")
        if recall:
            self.service.recall(who, match.case_id, code=code or _CODES.get(match.kind, "policy"))
        state = "recalled" if recall else "false" if code in FALSE_MATCH_REASONS else "kept"
        if not self.activity.decide(key, state, who.id, code=code):
            raise Conflict
        return self.activity.matches(key=key)[0]

    def _compare(
        self,
        entries: Sequence[StoredEntry],
        videos: Iterable[SealedFrames],
        counts: dict[str, int],
        progress: Callable[[int, int], None],
    ) -> None:
        known = {one.key: one for one in (*entries, *self.activity.harmless())}
        index = BankIndex(tuple(known.values()))
        for video in videos:
            counts["videos"] += 1
            progress(counts["entries"], counts["videos"])
            for hit in index.frame_hits(video.frames) if video.frames else ():
                if not hit.cleared_by and not self.activity.known_match(int(hit.entry), video.case_id):
                    counts[self._settle(video, hit)] += 1

    def _settle(self, video: SealedFrames, hit: BankHit) -> str:
        """Ask policy, do what it says, note it; what became of the match."""
        case = self.service.ledger.load(video.case_id)
        seconds = tuple(video.seconds[place] for place in hit.places)
        verdict, rules = self._judged(case, hit, seconds)
        state = "noted"
        if rules:
            refused = verdict.decision is Decision.REFUSE and hit.kind not in ASKED_ABOUT
            state = "recalled" if refused else "open"
        if state == "recalled":
            log.warning("recalled: it shows entry %s of bank %s", hit.entry, hit.bank, extra={"case": case.id})
            self.service.recall(BANKS_ACTOR, case.id, code=_CODES.get(hit.kind, "policy"))
        entry = int(hit.entry)
        self.activity.note(
            entry, case.id, score=hit.score, seconds=seconds, rules=rules, state=state, by=BANKS_ACTOR.id
        )
        return state

    def _judged(self, case: Case, hit: BankHit, seconds: Sequence[int]) -> tuple[Verdict, tuple[str, ...]]:
        """The verdict on a video of which only this is known, and the rules that this match made fire.

        Those that a moderator lifted in this very case stay lifted, unless they are final.
        """
        context = self.service.context
        facts, labels = context.facts.facts(case), label_subjects()
        clean = [
            Signal(subject=Subject.VIDEO, label=label, score=0.0, source=MATCH_SOURCE)
            for label, subjects in labels.items()
            if Subject.VIDEO in subjects
        ]
        found = Signal(
            subject=Subject.VIDEO,
            label=hit.kind,
            score=hit.score,
            source=MATCH_SOURCE,
            at=Span(start=float(min(seconds)), end=float(max(seconds) + 1)),
            evidence=hit.entry,
        )
        before = context.policy.judge(Gate.VIDEO, clean, facts, case.rulings, case.id)
        after = context.policy.judge(Gate.VIDEO, [*clean, found], facts, case.rulings, case.id)
        return after, tuple(rule for rule in after.rules if rule not in before.rules)
