"""What claims do to videos: hide them, take them down with everything that was made from them, put them back.

What has to come down is looked up each time, and not stored (ADR 30); what has to go back stands in the claim until all
of it did: a process that dies in the middle leaves nothing to repair. Everything that is done about a claim is an event
of the cases that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import Conflict, NotFound
from core.events import Claimed, Event, Recalled, Reversed, Withdrawn
from core.ports import Bus, Ledger
from core.recalls import CLAIM_RECALL, recalled_by_claim, restorable
from core.transitions import allowed
from pipeline.claims.claim import CLAIMS_ACTOR, Claim, ClaimDecision, ClaimStep
from pipeline.claims.claim_ports import StayDownPort
from pipeline.claims.claim_store import ClaimStore

_DOWN = (Phase.RECALLED, Phase.WITHDRAWN)
_GONE = (Phase.WITHDRAWN, Phase.REFUSED, Phase.FAILED)
_TRIES = 8  # of an append, where somebody else moves the case at the same moment


class Lineage(Protocol):
    """What was made from what."""

    def descendants(self, roots: Sequence[str]) -> Sequence[str]:
        """These cases and everything made from them, however far down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """What went back. `waits`: something a claim took down cannot go back yet, as it is still on its way down."""

    case_ids: tuple[str, ...]
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEffects:
    """Carries claims to the cases that they are about. `forget` deletes still pictures that are kept of a case."""

    ledger: Ledger
    bus: Bus
    store: ClaimStore
    lineage: Lineage
    stay_down: StayDownPort
    forget: Callable[[Case], None]

    def note(self, claim: Claim, event: Claimed) -> None:
        """Write into the chain of each case that the claim is about what was done about it."""
        for case_id in claim.case_ids:
            self._append(case_id, lambda case: [event] if allowed(case, event) else [])

    def authors(self, claim: Claim) -> frozenset[str]:
        """The accounts whose videos it is about."""
        found = (self._load(case_id) for case_id in claim.case_ids)
        return frozenset(case.request.author for case in found if case is not None)

    def cases_of(self, account: str, case_ids: Sequence[str]) -> tuple[str, ...]:
        """Those of these cases whose author this account is."""
        found = [(case_id, self._load(case_id)) for case_id in case_ids]
        return tuple(case_id for case_id, case in found if case is not None and case.request.author == account)

    def is_visible(self, case_id: str) -> bool:
        """Whether the public can see this video now."""
        case = self._load(case_id)
        return case is not None and case.phase is Phase.PUBLISHED

    def take_down(self, claim: Claim) -> None:
        """Recall everything that this claim takes down now, as it stands, and what was made from it.

        Hidden until it is decided it is automatically, unless a moderator named the videos.
        """
        by_itself = claim.open and all(step.step != "named" for step in self.store.steps(claim.id))
        recalled = Recalled(by=CLAIMS_ACTOR, code=CLAIM_RECALL, automatic=by_itself)
        for case_id in self.lineage.descendants(claim.comes_down):
            self._append(case_id, lambda _case: [recalled], before=self.forget)

    def keep_down(self, claim: Claim) -> None:
        """Have copies and remixes of what is down stopped, where they come again. Doing it twice changes nothing."""
        self.stay_down.apply(claim.id, claim.comes_down, claim.kind.value)

    def put_back(self, claim: Claim) -> PutBack:
        """Publish again what this claim wants to have back and nothing else keeps down; doing it twice changes nothing.

        `claim` is as it stands now: what it still takes down stays down.
        """
        if frozenset(self.stay_down.kept_by(claim.id)) - frozenset(claim.comes_down):
            self.stay_down.lift(claim.id)
        if claim.comes_down:
            self.keep_down(claim)

        def restoring(case: Case) -> Sequence[Event]:
            return [Reversed(by=CLAIMS_ACTOR, code=claim.put_back_code)] if restorable(case) else []

        kept_down = frozenset(self.lineage.descendants(self.store.keeping_down()))
        back: list[str] = []
        waits = False
        for case_id in self.lineage.descendants(claim.put_back_ids):
            if case_id in kept_down:
                continue
            if self._append(case_id, restoring):
                back.append(case_id)
            else:
                case = self._load(case_id)
                waits = waits or (case is not None and case.phase in _DOWN and recalled_by_claim(case))
        return PutBack(case_ids=tuple(back), waits=waits)

    def want_back(self, claim_id: str, case_ids: Sequence[str], now: datetime) -> Claim:
        """Note that a claim that was closed meanwhile hid these all the same, so that they go back."""
        while True:
            claim = self.store.get(claim_id)
            wanted = tuple(dict.fromkeys((*claim.put_back_ids, *case_ids)))
            code = "claim_withdrawn" if claim.decision is ClaimDecision.WITHDRAWN else "claim_rejected"
            with suppress(Conflict):
                return self.store.change(
                    replace(claim, put_back_ids=wanted, put_back_code=claim.put_back_code or code),
                    ClaimStep(step="paused", at=now, by=CLAIMS_ACTOR),
                )

    def down_since(self, claim: Claim) -> datetime | None:
        """Since when everything that it takes down is down; None while something is not."""
        latest: list[datetime] = []
        for case_id in self.lineage.descendants(claim.comes_down):
            case = self._load(case_id)
            if case is None:
                continue
            if case.phase not in _GONE:
                return None
            history = self.ledger.history(case_id)
            latest += [entry.at for entry in history if isinstance(entry.event, Withdrawn)][-1:]
        return max(latest, default=None)

    def _append(
        self,
        case_id: str,
        events: Callable[[Case], Sequence[Event]],
        *,
        before: Callable[[Case], None] = lambda _case: None,
    ) -> bool:
        """Whether anything was appended. What may not follow any more is left: others were here first."""
        for _ in range(_TRIES):
            case = self._load(case_id)
            made = [] if case is None else events(case)
            if case is None or not made or not all(allowed(case, event) for event in made):
                return False
            before(case)
            try:
                moved = self.ledger.append(case, made)
            except Conflict:
                continue
            if moved.phase is not case.phase:
                hand_on(moved, self.bus)
            return True
        raise Conflict

    def _load(self, case_id: str) -> Case | None:
        try:
            return self.ledger.load(case_id)
        except NotFound:
            return None
