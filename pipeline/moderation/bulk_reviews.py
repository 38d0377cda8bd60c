"""Doing one thing to many held cases: first shown, then asked for, and carried out a minute later unless undone.

Each case is named with the revision that was seen, so that whatever moved meanwhile is left alone, and a process that
died half-way can be followed by another.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Protocol

from core.case import Case
from core.errors import AssayError, BadInput, Conflict, Forbidden, NotFound, NotNow, Unavailable
from core.roles import Principal, Scope
from core.verdicts import Decision
from pipeline.accounts import Accounts
from pipeline.actions import Action, refusal
from pipeline.moderation.review_desk import ReviewDesk, require_moderator
from pipeline.moderation.review_queue import SKIP_CODES, HeldCase
from pipeline.moderation.review_stores import BulkReview, BulkReviews
from pipeline.moderation.ruling_codes import require_ruling_code

log = logging.getLogger("assay.moderation")

BULK_ACTIONS = ("allow", "refuse", "skip", "escalate", "hand_over")
UNDO_TIME = timedelta(seconds=60)
MAX_BULK = 200
"""Cases of one bulk action."""

_POLL = 1.0  # seconds between looks at what is due


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPreview:
    """What would happen: those that can, with the revision of each, and why the others cannot."""

    can: Mapping[str, int]
    cannot: Mapping[str, str]
    entries: Sequence[HeldCase]


class BulkRulings(Protocol):
    """What carries them out: the service."""

    @property
    def reviews(self) -> ReviewDesk:
        """The desk."""

    def rule(
        self,
        who: Principal,
        case_id: str,
        decision: Decision,
        *,
        code: str,
        revision: int | None = None,
        note: str = "",
    ) -> Case:
        """Decide about a held case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDesk:
    """What moderators do to many cases at once. Each method raises Forbidden for anybody else."""

    desk: ReviewDesk

    @property
    def store(self) -> BulkReviews:
        """Where they are kept."""
        return self.desk.stores.bulk

    def preview(
        self, who: Principal, action: str, case_ids: Sequence[str], *, code: str = "", to: str = ""
    ) -> BulkPreview:
        """What would happen to these cases. Raises BadInput."""
        require_moderator(who)
        _check(action, code, to)
        if not 0 < len(case_ids) <= MAX_BULK:
            raise BadInput(f"choose from 1 to {MAX_BULK} cases")
        can: dict[str, int] = {}
        cannot: dict[str, str] = {}
        entries = []
        for case_id in dict.fromkeys(case_ids):
            entry = self.desk.stores.queue.entry(case_id)
            if entry is None:
                cannot[case_id] = "this case is not held any more"
                continue
            entries.append(self.desk.shown(entry))
            if why := self._cannot(who, entry, action, to):
                cannot[case_id] = why
            else:
                can[case_id] = entry.revision
        return BulkPreview(can=can, cannot=cannot, entries=entries)

    def ask(self, who: Principal, action: str, cases: Mapping[str, int], *, code: str = "", to: str = "") -> BulkReview:
        """Have it done in a minute. Raises BadInput, NotNow where nothing can be done."""
        preview = self.preview(who, action, list(cases), code=code, to=to)
        named = {case_id: cases[case_id] for case_id in preview.can}
        if not named:
            raise NotNow("this can be done to none of them")
        asked = BulkReview(id=secrets.token_hex(8), account=who.id, action=action, code=code, to_whom=to, cases=named)
        self.store.add(asked, UNDO_TIME)
        return asked

    def undo(self, who: Principal, bulk_id: str) -> None:
        """Take back what one asked for. Raises NotNow once it is carried out."""
        require_moderator(who)
        if not self.store.undo(who.id, bulk_id):
            raise NotNow("this was carried out already, or undone")

    def recent(self, who: Principal) -> Sequence[BulkReview]:
        """What one asked for in the last ten minutes."""
        require_moderator(who)
        return self.store.recent(who.id)

    def _cannot(self, who: Principal, entry: HeldCase, action: str, to: str) -> str:
        if why := self.desk.stores.queue.rights(who.id).refusal(entry):
            return why
        if action == "hand_over":
            return self.desk.cannot_take(who, entry.case_id, to)
        if action == "escalate" and not self.desk.has_experts(who):
            return "nobody is appointed an expert here"
        if action not in ("allow", "refuse"):
            return ""
        try:
            case = self.desk.ledger.load(entry.case_id)
        except (NotFound, Unavailable) as error:
            return str(error)
        stops = refusal(who, case, Action(action), conflict=self.desk.conflicts.of(who, case))
        return str(stops) if stops is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkWorker:
    """Carries out what is due. Rights are asked again then: whoever lost theirs within the minute does nothing."""

    service: BulkRulings
    store: BulkReviews
    accounts: Accounts
    beside: Callable[[], None] = lambda: None

    def run_forever(self, stop: Event) -> None:
        """Look every second until `stop` is set. A database that is away is waited for."""
        while not stop.wait(_POLL):
            try:
                while not stop.is_set() and self.carry_out_next():
                    pass
                self.beside()
            except AssayError as error:
                log.warning("bulk reviews wait: %s", error)
            except Exception:
                log.exception("bulk reviews wait")

    def carry_out_next(self) -> bool:
        """Carry out one that is due; whether there was one."""
        bulk = self.store.claim(timedelta(minutes=5))
        if bulk is None:
            return False
        outcome = {case_id: self._carry_out(bulk, case_id, revision) for case_id, revision in bulk.cases.items()}
        self.store.finish(bulk.id, {case_id: why for case_id, why in outcome.items() if why})
        return True

    def _carry_out(self, bulk: BulkReview, case_id: str, revision: int) -> str:
        try:
            who, desk = self._person(bulk.account), self.service.reviews
            if bulk.action not in ("allow", "refuse"):  # a ruling names the revision itself
                _require_unmoved(desk, case_id, revision)
            match bulk.action:
                case "allow" | "refuse":
                    decision = Decision[bulk.action.upper()]
                    self.service.rule(who, case_id, decision, code=bulk.code, revision=revision)
                case "skip":
                    desk.skip(who, case_id, code=bulk.code)
                case "escalate":
                    desk.escalate(who, case_id)
                case "hand_over":
                    desk.hand_over(who, case_id, to=bulk.to_whom)
        except Unavailable:
            raise
        except AssayError as error:
            return str(error) or type(error).__name__
        return ""

    def _person(self, account_id: str) -> Principal:
        account = self.accounts.get(account_id)
        if account is None or account.closed:
            raise Forbidden("this account is closed")
        return Principal(id=account.id, roles=account.roles, scopes=frozenset({Scope.MODERATE}))


def _require_unmoved(desk: ReviewDesk, case_id: str, revision: int) -> None:
    """Raises Conflict where the case has moved since it was chosen, as one that was sealed meanwhile has."""
    entry = desk.queue.entry(case_id)
    if entry is None or entry.revision != revision:
        raise Conflict


def _check(action: str, code: str, to: str) -> None:
    if action not in BULK_ACTIONS:
        raise BadInput(f"{action!r} cannot be done to many cases; one of {', '.join(BULK_ACTIONS)} can")
    if action in ("allow", "refuse"):
        require_ruling_code(Decision[action.upper()], code)
    if action == "skip" and code not in SKIP_CODES:
        raise BadInput(f"{code!r} is no reason to skip a case; it is one of {', '.join(SKIP_CODES)}")
    if action == "hand_over" and not to:
        raise BadInput("say to whom")
