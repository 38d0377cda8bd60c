"""What a moderator does about what was decided: takes a ruling back, reverses it, answers an appeal, seals a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.case import Case
from core.errors import BadInput, Conflict
from core.events import Event, Reversed, Ruled, ViewSealed
from core.recalls import APPEAL_GRANTED
from core.roles import Principal, Role, Scope, require_role, require_scope
from core.verdicts import Decision, Gate, Ruling
from pipeline.actions import Action
from pipeline.moderation.ruling_codes import require_ruling_code
from pipeline.moderation.sealed_hold import require_seal_code

REVERSAL_CODES = ("mistake", "new_evidence", "policy_changed")
"""Why a decision is reversed."""

SLIP = "slip"  # the code of a ruling that was taken back before it took effect


@dataclass(frozen=True, slots=True)
class ReversalDesk:
    """For moderators only: each method raises Forbidden for anybody else, Conflict where the case has moved on.

    `load` gives the case to whoever may act on it, `keep` stores a note about it; `permit` raises for what may not be
    done now; `append` stores an event and sends the case on.
    """

    load: Callable[[Principal, str], Case]
    keep: Callable[[str, Case], str]
    permit: Callable[[Principal, Case, Action], None]
    append: Callable[[Case, Event], Case]

    def undo(self, who: Principal, case_id: str, *, revision: int) -> Case:
        """Take one's own ruling back before the gate weighs it. Raises NotNow once it has."""
        case = self._load(who, case_id)
        self.permit(who, case, Action.UNDO)
        return self.append(_seen(case, revision), Reversed(by=who.id, code=SLIP))

    def reverse(self, who: Principal, case_id: str, *, code: str, revision: int, note: str = "") -> Case:
        """Undo a moderator's refusal, or a recall, and what followed from it. The gate then judges again."""
        if code not in REVERSAL_CODES:
            raise BadInput(f"{code!r} is no reason to reverse; it is one of {', '.join(REVERSAL_CODES)}")
        case = _seen(self._load(who, case_id), revision)
        self.permit(who, case, Action.REVERSE)
        return self.append(case, Reversed(by=who.id, code=code, note=self.keep(note, case)))

    def grant(self, who: Principal, case_id: str, *, revision: int, note: str = "") -> Case:
        """Grant the appeal of a video that was taken down: the recall is undone. For somebody who had no part in it."""
        case = _seen(self._load(who, case_id), revision)
        self.permit(who, case, Action.GRANT)
        return self.append(case, Reversed(by=who.id, code=APPEAL_GRANTED, note=self.keep(note, case)))

    def uphold(
        self, who: Principal, case_id: str, *, code: str, revision: int, note: str = "", reply: str = ""
    ) -> Case:
        """Leave it down, for a reason as of a refusal; `reply` is for its author. Who took it down may not."""
        case = _seen(self._load(who, case_id), revision)
        self.permit(who, case, Action.UPHOLD)
        ruling = Ruling(
            gate=case.verdict.gate if case.verdict else Gate.PROMPT,
            decision=Decision.REFUSE,
            moderator=who.id,
            code=require_ruling_code(Decision.REFUSE, code),
            over=(),
            note=self.keep(note, case),
            reply=self.keep(reply, case),
            on_appeal=True,
        )
        return self.append(case, Ruled(ruling=ruling))

    def seal(self, who: Principal, case_id: str, *, code: str, revision: int, note: str = "") -> Case:
        """From now on nobody may view this case."""
        return self._seal(who, case_id, Action.SEAL, code=code, revision=revision, note=note)

    def lift_seal(self, who: Principal, case_id: str, *, code: str, revision: int, note: str = "") -> Case:
        """The case may be viewed again; for safety officers. Raises Forbidden."""
        return self._seal(who, case_id, Action.LIFT_SEAL, code=code, revision=revision, note=note)

    def _seal(self, who: Principal, case_id: str, action: Action, *, code: str, revision: int, note: str) -> Case:
        case = _seen(self._load(who, case_id), revision)
        self.permit(who, case, action)
        code, note_id = require_seal_code(code), self.keep(note, case)
        return self.append(case, ViewSealed(by=who.id, code=code, sealed=action is Action.SEAL, note=note_id))

    def _load(self, who: Principal, case_id: str) -> Case:
        require_role(who, Role.MODERATOR, Role.SAFETY_OFFICER)  # first, so that nobody else learns what there is
        require_scope(who, Scope.MODERATE)
        return self.load(who, case_id)


def _seen(case: Case, revision: int) -> Case:
    if case.revision != revision:
        raise Conflict
    return case
