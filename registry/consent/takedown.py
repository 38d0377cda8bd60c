"""When consent ends, everything that rested on it comes down: what runs, drafts, what is published, all remixes.

What has to come down is looked up each time and not stored, so that a process that dies in the middle leaves
nothing to repair: the next run finds what is left. A takedown is closed when nothing is left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from core.case import Case, Phase
from core.codec import load
from core.errors import NotFound, Unavailable
from core.events import Event, Recalled, Submitted, Withdrawn
from core.ports import PublicStore
from registry.consent.cameos import PostgresCameos
from registry.consent.likeness_uses import CaseNamingCameo, PostgresLikenessUses
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

    def is_still_allowed(self, cameo: str, submission: Submitted) -> bool:
        """Whether what a case asked for, of one cameo, is still allowed to its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownService:
    """Carries consent that ended to its end."""

    cascades: PostgresTakedowns
    uses: PostgresLikenessUses
    bulk: BulkAppender
    public_store: PublicStore
    consents: Consents
    cameos: PostgresCameos

    def run(self) -> Sequence[str]:
        """Complete every open takedown; returns the ids of those that are done. Raises Unavailable."""
        return [self.carry(takedown) for takedown in self.cascades.open()]

    def carry(self, takedown: Takedown) -> str:
        """Take down all cases of one takedown; returns its id."""
        while sum(self._take_down(takedown, batch) for batch in _batches(self.due(takedown))):
            log.info("%s: looking again for what is left", takedown.id)
        self.cascades.done(takedown, self._owner(takedown.cameo))
        return takedown.id

    def due(self, takedown: Takedown) -> Sequence[str]:
        """The cases of this takedown, whether they are up or down already, in the order of their ids."""
        case_ids = self.uses.cases_naming(takedown.cameo, takedown.case_id)
        roots = [case.id for case in case_ids if takedown.reason == "vetoed" or not self._allowed(takedown.cameo, case)]
        return self.uses.descendants(roots or ([takedown.case_id] if takedown.case_id else []))

    def _owner(self, cameo: str) -> str:
        try:
            return self.cameos.get(cameo).owner
        except NotFound:
            return ""

    def _allowed(self, cameo: str, case: CaseNamingCameo) -> bool:
        submission: Submitted = load(Submitted, case.submission)
        return self.consents.is_still_allowed(cameo, submission)

    def _take_down(self, takedown: Takedown, ids: Sequence[str]) -> int:
        """How many cases were still up. Public copies go first: what a crash then leaves is found by the next run."""
        up = [(case_id, phase) for case_id, phase in self.bulk.phases(ids) if phase not in _DOWN]
        public = self._withdrawn([case_id for case_id, phase in up if phase is Phase.PUBLISHED])
        recalled = Recalled(by=TAKEDOWN_ACTOR, code="consent_withdrawn")
        record = partial(_record_taken_down, takedown)
        self.bulk.append(sorted(public), [recalled, Withdrawn()], only=[Phase.PUBLISHED], in_transaction=record)
        remaining = [case_id for case_id, _ in up if case_id not in public]
        self.bulk.append(remaining, [recalled, Withdrawn()], only=_DRAFTS, in_transaction=record)
        # A sealed case may be in the middle of being published: the stage `withdraw` waits for the worker that has it.
        self.bulk.append(remaining, [recalled], only=[Phase.SEALED, Phase.PUBLISHED], in_transaction=record)
        return len(up)

    def _withdrawn(self, ids: Sequence[str]) -> frozenset[str]:
        """Those whose public copy has been removed. What cannot be removed now is due like any recalled case."""
        try:
            self.public_store.withdraw_all(ids)
        except Unavailable as error:
            log.warning("not withdrawn, the sweeper will: %s", error)
            return frozenset()
        return frozenset(ids)


def _record_taken_down(one: Takedown, connection: RegistryConnection, cases: Sequence[Case]) -> None:
    """The report gets its lines and the authors are told, in the transaction in which it happens."""
    authors, names = [case.request.author for case in cases], [case.id for case in cases]
    connection.execute(_ITEM, [one.id, names, authors, [case.phase.value for case in cases]])
    add_notices(connection, [(case.request.author, f"recalled_{one.reason}", case.id, one.cameo) for case in cases])


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), BATCH_SIZE):
        yield ids[start : start + BATCH_SIZE]
