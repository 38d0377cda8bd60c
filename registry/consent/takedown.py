"""When consent ends, everything that rested on it comes down: what runs, drafts, what is published, all remixes.

What has to come down is looked up each time and not stored, so that a process that dies in the middle leaves
nothing to repair: the next run finds what is left. A takedown is closed when nothing is left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from core.case import Case, Phase
from core.codec import load
from core.errors import NotFound, Unavailable
from core.events import Event, Recalled, Submitted, Withdrawn
from core.ports import PublicStore
from registry.consent.cameos import PostgresCameos
from registry.consent.leases import MUTUALS, BiometricModality, Lease, PostgresLeases, UseRequest
from registry.consent.likeness_uses import CaseShowingCameo, PostgresLikenessUses
from registry.consent.requests.consent_rules import NAMED_RULES, SHOWN_RULES
from registry.consent.takedown_store import PostgresTakedowns, Takedown, add_notices
from registry.table_cache import RegistryConnection

log = logging.getLogger("assay.cascade")

BATCH_SIZE = 500  # cases recalled in one transaction
TAKEDOWN_ACTOR = "assay:cascade"
_DOWN = (Phase.RECALLED, Phase.WITHDRAWN, Phase.REFUSED)
_DRAFTS = [phase for phase in Phase if phase not in (*_DOWN, Phase.SEALED, Phase.PUBLISHED)]
_ITEM = """
INSERT INTO cascade_items (cascade, case_id, author, phase, recalled)
SELECT %s, n.id, n.author, n.phase, now()
FROM unnest(%s::text[], %s::text[], %s::text[]) AS n(id, author, phase)
ON CONFLICT DO NOTHING
"""


RecordTakenDown = Callable[[RegistryConnection, Sequence[Case]], None]
"""Called with the connection and the cases as they were, in the transaction in which they come down."""


class BulkAppender(Protocol):
    """Appends the same events to many cases at once."""

    def phases(self, ids: Sequence[str]) -> Sequence[tuple[str, Phase]]:
        """The phase of each case, in the order of their ids."""

    def append(
        self,
        ids: Sequence[str],
        events: Sequence[Event],
        *,
        only: Sequence[Phase],
        in_transaction: Callable[[RegistryConnection, Sequence[Case]], None],
    ) -> int:
        """Append the events to those cases that are in a phase of `only`, all or none; to how many.

        `in_transaction` is called with the connection and the cases as they were, in the same transaction. Raises
        Unavailable.
        """


class Consents(Protocol):
    """What leases say now."""

    def is_still_allowed(self, cameo: str, submission: Submitted, case_id: str) -> bool:
        """Whether what a case asked for, of one cameo, is still allowed to its author."""

    def party(self, submission: Submitted) -> str:
        """For whom it was asked: the account, or its end user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownService:
    """Carries consent that ended to its end."""

    cascades: PostgresTakedowns
    uses: PostgresLikenessUses
    bulk: BulkAppender
    public_store: PublicStore
    consents: Consents
    cameos: PostgresCameos
    leases: PostgresLeases

    def run(self) -> Sequence[str]:
        """Complete every open takedown; returns the ids of those that are done. Raises Unavailable.

        One that cannot be carried holds up no other, and is tried again by the next run.
        """
        return [takedown.id for takedown in self.cascades.open() if self._is_carried(takedown)]

    def carry(self, takedown: Takedown) -> str:
        """Take down all cases of one takedown; returns its id."""
        while sum(self._take_down(takedown, batch) for batch in takedown_batches(self.due(takedown))):
            log.info("%s: looking again for what is left", takedown.id)
        self.cascades.done(takedown, self._owner(takedown.cameo))
        return takedown.id

    def due(self, takedown: Takedown) -> Sequence[str]:
        """The cases of this takedown, whether they are up or down already, in the order of their ids.

        Where a lease ended: what it had allowed and nothing else allows. Where somebody left: everything that names
        or shows them. Of a veto: the one case. Where an account was blocked: what it made of what it was ever allowed;
        an order that waits for a consent it never had goes on waiting, since its end would tell that there is a block.
        """
        ended = self._lease(takedown) if takedown.lease else None
        only = takedown.case_id or (ended.case_id if ended else "")
        showing = self.uses.cases_showing(takedown.cameo, only)
        if not showing and only:  # a lease for one order need not name them in it: it rests on the lease alone
            return self.uses.descendants([only])
        if ended is not None:
            showing = [case for case in showing if self._may_rest_on(ended, case)]
        if takedown.account:
            leases = self.leases.of(takedown.cameo)
            by_them = [case for case in showing if self._is_by(takedown.account, case)]
            showing = [case for case in by_them if self._was_allowed(leases, case)]
        roots = [case.id for case in showing if takedown.reason == "vetoed" or not self._allowed(takedown.cameo, case)]
        return self.uses.descendants(roots or ([takedown.case_id] if takedown.case_id else []))

    def _is_carried(self, takedown: Takedown) -> bool:
        try:
            self.carry(takedown)
        except Exception:  # whatever it is, it is this one's
            log.exception("%s: cannot be carried to its end now, the sweeper tries again", takedown.id)
            return False
        return True

    def _was_allowed(self, leases: Sequence[Lease], case: CaseShowingCameo) -> bool:
        """Whether a lease, also one that has ended, may have covered it; not where it is held for want of one."""
        lacks_consent = case.phase == Phase.HELD and not {*NAMED_RULES, *SHOWN_RULES}.isdisjoint(case.rules)
        return not lacks_consent and any(self._may_rest_on(lease, case) for lease in leases)

    def _is_by(self, blocked: str, case: CaseShowingCameo) -> bool:
        """Whether whoever was blocked made it: an account with all who order by it, or one of its end users."""
        return blocked in (case.author, self.consents.party(_submission(case)))

    def _may_rest_on(self, lease: Lease, case: CaseShowingCameo) -> bool:
        submission = _submission(case)
        return may_rest_on(lease, submission, case_id=case.id, party=self.consents.party(submission))

    def _lease(self, takedown: Takedown) -> Lease:
        return next(lease for lease in self.leases.of(takedown.cameo) if lease.id == takedown.lease)

    def _owner(self, cameo: str) -> str:
        try:
            return self.cameos.get(cameo).owner
        except NotFound:
            return ""

    def _allowed(self, cameo: str, case: CaseShowingCameo) -> bool:
        return self.consents.is_still_allowed(cameo, _submission(case), case.id)

    def _take_down(self, takedown: Takedown, ids: Sequence[str]) -> int:
        """How many cases were still up."""
        recalled = Recalled(by=TAKEDOWN_ACTOR, code="consent_withdrawn")
        return take_down_cases(self.bulk, self.public_store, ids, recalled, partial(_record_taken_down, takedown))


def take_down_cases(
    bulk: BulkAppender,
    public_store: PublicStore,
    ids: Sequence[str],
    recalled: Recalled,
    record: RecordTakenDown,
    *,
    beside: Sequence[Event] = (),
) -> int:
    """Take down those of these cases that are up, drafts too; how many were. `record` is called in the transaction.

    Events of `beside` follow in the record of each. Public copies go first: what a crash then leaves is found by the
    next run.
    """
    up = [(case_id, phase) for case_id, phase in bulk.phases(ids) if phase not in _DOWN]
    public = _withdrawn(public_store, [case_id for case_id, phase in up if phase is Phase.PUBLISHED])
    bulk.append(sorted(public), [recalled, Withdrawn(), *beside], only=[Phase.PUBLISHED], in_transaction=record)
    remaining = [case_id for case_id, _ in up if case_id not in public]
    bulk.append(remaining, [recalled, Withdrawn(), *beside], only=_DRAFTS, in_transaction=record)
    # A sealed case may be in the middle of being published: the stage `withdraw` waits for the worker that has it.
    bulk.append(remaining, [recalled, *beside], only=[Phase.SEALED, Phase.PUBLISHED], in_transaction=record)
    return len(up)


def _withdrawn(public_store: PublicStore, ids: Sequence[str]) -> frozenset[str]:
    """Those whose public copy has been removed. What cannot be removed now is due like any recalled case."""
    try:
        public_store.withdraw_all(ids)
    except Unavailable as error:
        log.warning("not withdrawn, the sweeper will: %s", error)
        return frozenset()
    return frozenset(ids)


def may_rest_on(lease: Lease, submission: Submitted, *, case_id: str = "", party: str = "") -> bool:
    """Whether a lease, while it was in force, allowed the face or the voice for what was asked.

    Who knew the owner at that time is not kept: a lease to mutuals counts for whoever asked.
    """
    then = datetime.min.replace(tzinfo=UTC)  # before any end: only the terms are compared
    request = UseRequest(
        account=submission.author,
        party=party,
        case_id=case_id,
        at=then,
        purpose=submission.purpose,
        territory=submission.territory,
        mutual=lease.holder == MUTUALS,
    )
    in_force = replace(lease, revoked=None)
    return any(in_force.covers(replace(request, modality=modality)) for modality in BiometricModality)


def _submission(case: CaseShowingCameo) -> Submitted:
    submission: Submitted = load(Submitted, case.submission)
    return submission


def _record_taken_down(one: Takedown, connection: RegistryConnection, cases: Sequence[Case]) -> None:
    """The report gets its lines and the authors are told, in the transaction in which it happens."""
    authors, names = [case.request.author for case in cases], [case.id for case in cases]
    connection.execute(_ITEM, [one.id, names, authors, [case.phase.value for case in cases]])
    add_notices(connection, [(case.request.author, _notice_code(one, case), case.id, one.cameo) for case in cases])


def _notice_code(one: Takedown, case: Case) -> str:
    """A published video was taken down; of an order that was still on its way nobody had seen one.

    Who is blocked does not learn it: they read what they would if a permission had been taken back.
    """
    reason = "revoked" if one.reason == "blocked" else one.reason
    return f"recalled_{reason}" if case.published is not None else f"stopped_{reason}"


def takedown_batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as are recalled in one transaction."""
    for start in range(0, len(ids), BATCH_SIZE):
        yield ids[start : start + BATCH_SIZE]
