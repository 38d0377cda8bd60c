"""The list of appeals against what was taken down, the longest-waiting first; each is answered at its case.

Their clock is that of every other appeal. What a claim took down is appealed at the claims desk, with its own list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.case import Case
from core.errors import AssayError
from core.events import Appealed
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.actions import Action
from pipeline.appeals.removal_figures import appeal_time
from pipeline.ledgers.database import Database
from pipeline.service import CaseService

MOST_LISTED = 200

_WAITING = "SELECT case_id FROM waiting_recall_appeals ORDER BY moved, case_id LIMIT %s"


@dataclass(frozen=True, slots=True)
class WaitingAppeal:
    """An appeal that waits: since when, until when it is to be answered, and why this moderator does not answer it,
    empty where they may.
    """

    case: Case
    since: datetime
    due_at: datetime
    conflict: str

    def is_late(self, now: datetime) -> bool:
        """Whether its clock ran out."""
        return now > self.due_at


@dataclass(frozen=True, slots=True)
class RecallAppealDesk:
    """For moderators."""

    service: CaseService
    database: Database

    def waiting(self, who: Principal) -> Sequence[WaitingAppeal]:
        """Those in this moderator's part of the queue. Raises Forbidden."""
        require_role(who, Role.MODERATOR, Role.SAFETY_OFFICER)
        require_scope(who, Scope.MODERATE)
        with self.database.statements() as connection:
            ids = [case_id for (case_id,) in connection.execute(_WAITING, (MOST_LISTED,)).fetchall()]
        found = [self._waiting(who, case_id) for case_id in ids]
        return sorted((one for one in found if one is not None), key=lambda one: one.since)

    def _waiting(self, who: Principal, case_id: str) -> WaitingAppeal | None:
        try:
            case = self.service.case(who, case_id)
        except AssayError:  # in a part of the queue that is not theirs
            return None
        since = max((e.at for e in self.service.ledger.history(case_id) if isinstance(e.event, Appealed)), default=None)
        may = Action.UPHOLD in self.service.actions(who, case)
        conflict = "" if may else self.service.conflict(who, case)
        if since is None or not (may or conflict):
            return None
        return WaitingAppeal(case, since, since + appeal_time(), conflict)
