"""Taken down and kept down: what a claim was upheld against, everything made from it, and every copy that comes again.

A wish of the claims desk is stored before anything is done, and from then on the gates know of it. What has to come
down is then looked up anew until nothing is left (ADR 30), and its looks are banked one after the other. A process that
dies in the middle leaves a wish that is not done: the next run goes on with it. Undoing it is the same with the other
wish. The one that came last counts, in whatever order processes get to it (ADR 48).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from time import monotonic
from types import MappingProxyType

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import BadInput, Conflict, Erased, NotFound, Unavailable
from core.events import Claimed, Recalled, Reversed
from core.ports import BlobStore, Bus, Ledger, PublicStore, TextStore
from core.recalls import CLAIM_RECALL, recalled_by_claim
from core.transitions import allowed
from pipeline.claims.claim import CLAIMS_ACTOR
from pipeline.claims.claimed_looks import CLAIM_SOURCE, ClaimedLooks
from pipeline.tempdirs import temp_folder
from registry.banks.bank_entries import Provenance
from registry.consent.likeness_uses import PostgresLikenessUses
from registry.consent.takedown import BulkAppender, take_down_cases, takedown_batches
from registry.stay_downs.stay_down_store import (
    CaseKeptDown,
    PostgresStayDowns,
    StayDownCounts,
    StayDownRecord,
    StayDownWish,
    record_taken_down,
)

log = logging.getLogger("assay.claims")

KEPT_DOWN, RELEASED = "kept_down", "released"
"""Steps of a claim in the record of each case that it keeps down: from then on, and until then."""

LIFTED_CODE = "claim_overturned"
"""Why a case is put back, where whoever lifts a claim says no more."""

_INTERVAL = 60.0  # seconds from one look for what is not done to the next
_PATIENCE = 20.0  # seconds for which whoever decides waits for looks to be banked
_MAX_TEXT = 200
_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")


class LiftOutcome(StrEnum):
    """What lifting a claim made of a case. Only of the first can be said that it is back."""

    RESTORED = "restored"
    NOT_TAKEN_DOWN = "not_taken_down"
    DOWN_BEFORE = "down_before"
    KEPT_BY_ANOTHER_CLAIM = "kept_by_another_claim"
    ORIGINAL_IS_GONE = "original_is_gone"


LIFT_OUTCOME_TEXTS: Mapping[LiftOutcome, str] = MappingProxyType(
    {
        LiftOutcome.RESTORED: "It goes on from where it was: what was published is published again.",
        LiftOutcome.NOT_TAKEN_DOWN: "This claim did not take it down.",
        LiftOutcome.DOWN_BEFORE: "It was down before: whoever took it down puts it back, or does not.",
        LiftOutcome.KEPT_BY_ANOTHER_CLAIM: "It stays down: another claim keeps it down.",
        LiftOutcome.ORIGINAL_IS_GONE: "It cannot come back: the original was erased meanwhile.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StayDownReport:
    """How far a claim's wish got: whether it is done, and each of its cases."""

    wish: StayDownWish
    done: bool
    cases: tuple[CaseKeptDown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StayDown:
    """Keeps videos down that a claim took down. Whoever calls it has decided who may."""

    store: PostgresStayDowns
    looks: ClaimedLooks
    uses: PostgresLikenessUses
    bulk: BulkAppender
    public_store: PublicStore
    blob_store: BlobStore
    texts: TextStore
    ledger: Ledger
    bus: Bus

    def apply(self, claim_id: str, case_ids: Sequence[str], why: str) -> None:
        """From now on these videos and what is made of them stay down. Doing it again changes nothing.

        `why` is a code, as the kind of the claim: it stands in the record of each case for good, and so says nothing
        of a person. Raises BadInput, NotFound for a case that there is not, and Unavailable where the wish cannot be
        stored. Once it is stored it is carried out, here or by whoever does the upkeep.
        """
        if not 0 < len(claim_id) <= _MAX_TEXT or not claim_id.isprintable():
            raise BadInput("a claim has a tracking number")
        if not _CODE.fullmatch(why):
            raise BadInput(f"{why[:40]!r} is no code that says why, as intimate_image")
        for case_id in case_ids:
            self.ledger.load(case_id)
        self.store.wish_down(claim_id, tuple(dict.fromkeys(case_ids)), why)
        self._carry_now(claim_id)

    def lift(self, claim_id: str) -> None:
        """What this claim kept down is not kept down by it any more; `report` says what came back.

        What this took down itself is put back here; what was down before, by whoever took it down. Nothing happens
        where it kept nothing down. Raises Unavailable where the wish cannot be stored.
        """
        self.store.wish_lifted(claim_id)
        self._carry_now(claim_id)

    def kept_by(self, claim_id: str) -> Sequence[str]:
        """The videos that were named to `apply` and that this claim keeps down still."""
        return [one.case_id for one in self.store.cases(claim_id) if one.root and one.held]

    def report(self, claim_id: str) -> StayDownReport:
        """How far it got. Raises NotFound for a claim that never took anything down."""
        record = self.store.get(claim_id)
        cases = tuple(self.store.cases(claim_id))
        return StayDownReport(wish=record.wish, done=record.done is not None, cases=cases)

    def counts(self) -> StayDownCounts:
        """For statistics."""
        return self.store.counts()

    def run(self) -> Sequence[str]:
        """Go on with everything that is not done; returns the claims. Raises Unavailable."""
        unfinished = [record.claim for record in self.store.unfinished()]
        for claim in unfinished:
            self.carry(claim)
        return unfinished

    def carry(self, claim_id: str, *, seconds: float = float("inf")) -> None:
        """Do what is wished for a claim, until it is done, or what it waits for is not there yet.

        Everything is down, or back, when this returns; the looks of many remixes may take longer than `seconds`, and
        are banked by the next run.

        One process at a time: another that comes meanwhile leaves it to that one, which looks again for newer wishes.
        """
        with self.ledger.try_lock(f"stay-down {claim_id}") as mine:
            until = monotonic() + seconds
            while mine and (record := self.store.find(claim_id)) is not None and record.done is None:
                is_down = record.wish is StayDownWish.LIFTED or self._keep_down(record, until)
                if is_down and self._put_back(record):  # of an earlier wish something may still wait to be put back
                    self.store.finish(record)
                elif self.store.get(claim_id).wish_number == record.wish_number:
                    return

    def _carry_now(self, claim_id: str) -> None:
        try:
            self.carry(claim_id, seconds=_PATIENCE)
        except Unavailable as error:
            log.error("claim %s is carried out once this is back: %s", claim_id, error)

    def _keep_down(self, record: StayDownRecord, until: float) -> bool:
        recalled, kept = Recalled(by=CLAIMS_ACTOR, code=CLAIM_RECALL), _step(record, KEPT_DOWN)
        note = partial(record_taken_down, record.claim)
        left = True
        while left:
            roots = [one.case_id for one in self.store.cases(record.claim) if one.root and one.held]
            family = self.uses.descendants(roots)
            if not self.store.hold(record, family):
                return False
            left = False
            for ids in takedown_batches(family):
                up = take_down_cases(self.bulk, self.public_store, ids, recalled, note, beside=[kept])
                left = left or up > 0
        made = _provenance(record, record.why)
        while case_id := self.store.next_unbanked(record.claim):
            if monotonic() > until:
                return False
            self.looks.bank(self.ledger.load(case_id), made)
            self._write(case_id, kept)
            self.store.note_banked(record.claim, case_id)
        return True

    def _put_back(self, record: StayDownRecord) -> bool:
        """The bank first, so that nothing that is back is found in it. False where a case is still on its way down."""
        made = _provenance(record, "the claim was lifted")
        cases = [one for one in self.store.cases(record.claim) if not one.held]
        for case_id in (one.case_id for one in cases if not self.store.holders(one.case_id)):
            self.looks.release(case_id, made)
            if self.store.holders(case_id):  # another claim came at this very moment
                self.looks.put_back(case_id, made)
        for one in cases:
            if one.outcome:
                continue
            self._write(one.case_id, _step(record, RELEASED))  # first: it stands in no draft that goes on
            outcome = self._restored(record, one)
            if outcome is None:
                return False
            if outcome is LiftOutcome.RESTORED:
                kept = LiftOutcome.KEPT_BY_ANOTHER_CLAIM.value
                self.store.note_restored(record.claim, one.case_id, outcome.value, instead_of=kept)
            else:
                self.store.note_outcome(record.claim, one.case_id, outcome.value)
        return True

    def _write(self, case_id: str, step: Claimed) -> None:
        """Write into the case's chain that a claim keeps it down, or no longer does: once."""
        while True:
            case, history = self.ledger.load(case_id), self.ledger.history(case_id)
            mine = [entry.event for entry in history if _is_step_of(entry.event, step.claim)]
            if (mine[-1] == step if mine else step.step == RELEASED) or not allowed(case, step):
                return
            with suppress(Conflict):
                self.ledger.append(case, [step])
                return

    def _restored(self, record: StayDownRecord, one: CaseKeptDown) -> LiftOutcome | None:
        """Let a case go on from where it was; None while it is still on its way down."""
        case = self.ledger.load(one.case_id)
        if case.phase not in (Phase.RECALLED, Phase.WITHDRAWN):  # put back already, or never taken down
            return LiftOutcome.RESTORED if self.store.took_down(case.id) else LiftOutcome.NOT_TAKEN_DOWN
        if not recalled_by_claim(case) or not self.store.took_down(case.id):
            return LiftOutcome.DOWN_BEFORE
        if self.store.holders(case.id):
            return LiftOutcome.KEPT_BY_ANOTHER_CLAIM
        if case.phase is Phase.RECALLED:
            hand_on(case, self.bus)
            return None
        if not self._has_original(case):
            return LiftOutcome.ORIGINAL_IS_GONE
        try:
            back = self.ledger.append(case, [Reversed(by=CLAIMS_ACTOR, code=LIFTED_CODE)])
        except Conflict:  # somebody sealed it, or put it back, at this very moment
            return self._restored(record, one)
        if holders := self.store.holders(case.id):
            self.store.look_again(holders)
            for claim in holders:
                self.carry(claim)
            return LiftOutcome.KEPT_BY_ANOTHER_CLAIM
        hand_on(back, self.bus)
        return LiftOutcome.RESTORED

    def _has_original(self, case: Case) -> bool:
        """Whether what the case goes on from can still be had: the finished file, the draft, or the words asked for."""
        asset = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        try:
            if asset is None:
                self.texts.read(case.request.prompt)
            else:
                with temp_folder(self.looks.workdir) as folder:
                    self.blob_store.fetch(asset, folder / "video.bin")
        except (Erased, NotFound):
            return False
        return True


@dataclass(slots=True, kw_only=True)
class StayDownUpkeep:
    """A maintenance task, in servers and workers: once a minute, what is not done is gone on with."""

    stay_down: StayDown
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._next = monotonic() + _INTERVAL

    def run_maintenance(self) -> None:
        """Do it, if it is time. What is away is logged and waited for: no case stands still for it."""
        if monotonic() < self._next:
            return
        try:
            self.stay_down.run()
        except Unavailable as error:
            log.error("not everything that claims took down is down yet: %s", error)
        self._next = monotonic() + _INTERVAL


def _step(record: StayDownRecord, step: str) -> Claimed:
    return Claimed(claim=record.claim, kind=record.why, law="", step=step, by=CLAIMS_ACTOR)


def _is_step_of(event: object, claim: str) -> bool:
    return isinstance(event, Claimed) and event.claim == claim and event.step in (KEPT_DOWN, RELEASED)


def _provenance(record: StayDownRecord, reason: str) -> Provenance:
    return Provenance(by=CLAIMS_ACTOR, source=f"{CLAIM_SOURCE} {record.claim}", reason=reason)
