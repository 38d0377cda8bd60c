"""What a person may do to a case now: one function, which the service obeys and pages, commands and APIs show.

`refusal` says why an action is refused; `actions` are those that it does not refuse. Whether the event that follows is
allowed at all is core.transitions' part; what is added here is who may, what a moderator has said already, and that
nobody rules on a case of their own: `conflict` says what makes it so (pipeline.access.conflicts), else it is empty.
"""

from __future__ import annotations

from enum import StrEnum

from core.case import Case, Phase
from core.errors import AssayError, Forbidden, NotNow
from core.events import ViewSealed
from core.recalls import recall_appealable, recall_appealed, recalled_by_claim
from core.roles import Principal, Role, Scope
from core.transitions import allowed, appealable, holding, reversible, undoable
from pipeline.policy_rollout.dual_control import has_already_allowed

RECALL_CODES = ("consent_withdrawn", "rights", "intimate_image", "illegal", "author", "mistake", "policy")

ONLY_OFFICERS = "this case is sealed: only an account with the role safety_officer may act on it"
"""The conflict of whoever may not act on a sealed case: then nothing of it is theirs to do."""


TOO_LATE = "the six months in which this could be appealed are over"
"""What stands where a conflict does once the time of an appeal is over."""


class Action(StrEnum):
    """What may be done to a case. ALLOW and REFUSE are rulings of a moderator.

    UNDO takes one's own ruling back before it takes effect; SEAL closes a case to everybody's eyes.
    GRANT and UPHOLD answer the appeal of a video that was taken down.
    """

    ALLOW = "allow"
    REFUSE = "refuse"
    RESUME = "resume"
    APPEAL = "appeal"
    RECALL = "recall"
    ERASE = "erase"
    UNDO = "undo"
    REVERSE = "reverse"
    SEAL = "seal"
    LIFT_SEAL = "lift_seal"
    GRANT = "grant"
    UPHOLD = "uphold"


def actions(principal: Principal, case: Case, *, conflict: str) -> frozenset[Action]:
    """Everything that this person may do to this case now."""
    return frozenset(action for action in Action if refusal(principal, case, action, conflict=conflict) is None)


def refusal(who: Principal, case: Case, action: Action, *, conflict: str) -> AssayError | None:
    """Why this person may not do this now (Forbidden or NotNow), or None where they may."""
    match action:
        case Action.ALLOW | Action.REFUSE:
            return _not_a_moderator(who) or _own_case(conflict) or _no_ruling(who, case, action)
        case Action.RESUME:
            return _not_a_moderator(who) or _sealed(conflict) or _no_resuming(case)
        case Action.APPEAL:
            return _not_theirs(who, case) or _no_scope(who) or _no_appeal(case, conflict)
        case Action.RECALL:
            return _not_theirs(who, case) or _no_scope(who) or _no_recall(case)
        case Action.ERASE:
            return _not_theirs(who, case) or _no_scope(who)
        case Action.GRANT | Action.UPHOLD:
            return _not_a_moderator(who) or _own_case(conflict) or _no_answer(case)
        case Action.UNDO | Action.REVERSE | Action.SEAL:
            return _not_a_moderator(who) or _no_correction(who, case, action)
        case Action.LIFT_SEAL:
            only = None if who.has(Role.SAFETY_OFFICER) else Forbidden("only a safety officer lifts a seal")
            return only or _no_sealing(who, case)


def unmeasured(case: Case) -> bool:
    """Whether a verdict holds the case because something could not be measured: measuring again may release it."""
    verdict = holding(case)
    return verdict is not None and bool(verdict.missing)


def _not_a_moderator(principal: Principal) -> AssayError | None:
    return None if principal.has(Role.MODERATOR) else Forbidden("your account needs the role moderator for this")


def _own_case(conflict: str) -> AssayError | None:
    return Forbidden(f"{conflict}: another moderator rules on it (or set one_person)") if conflict else None


def _sealed(conflict: str) -> AssayError | None:
    return Forbidden(conflict) if conflict == ONLY_OFFICERS else None


def _not_theirs(principal: Principal, case: Case) -> AssayError | None:
    if principal.has(Role.MODERATOR) or (case.submitted is not None and case.submitted.author == principal.id):
        return None
    return Forbidden("this case belongs to another account")


def _no_scope(who: Principal) -> AssayError | None:
    """A moderator's key may take down without being one that orders videos."""
    if who.scopes & {Scope.SUBMIT, Scope.MODERATE}:
        return None
    return Forbidden("this key needs the scope submit for this")


def _no_ruling(who: Principal, case: Case, action: Action) -> AssayError | None:
    verdict = holding(case)
    if verdict is None:
        return NotNow("only a case that a verdict held can be ruled on")
    if action is Action.ALLOW and has_already_allowed(who.id, verdict.gate, verdict, case.rulings):
        return NotNow("you have allowed this already: a second moderator has to, or one may refuse")
    return None


def _no_correction(who: Principal, case: Case, action: Action) -> AssayError | None:
    if action is Action.SEAL:
        return _no_sealing(who, case)
    if action is Action.UNDO:
        theirs = undoable(case) and case.rulings[-1].moderator == who.id
        return None if theirs else NotNow("no ruling of yours waits to take effect; a decision can be reversed")
    if reversible(case):
        return None
    if recall_appealed(case):
        return NotNow("this was appealed: the appeal is answered")
    if case.recalled is not None:
        return NotNow("this recall is not undone: it runs, or the author, somebody's right or the law asked for it")
    return NotNow("only a refusal by a moderator, and a recall by mistake or for the policy, can be reversed")


def _no_sealing(who: Principal, case: Case) -> AssayError | None:
    if allowed(case, ViewSealed(by=who.id, code="")):
        return None
    return NotNow("this case moves by itself just now: a seal is put or lifted once it is held, refused or taken down")


def _no_resuming(case: Case) -> AssayError | None:
    if case.phase is Phase.HELD and (case.held_by_failure or unmeasured(case)):
        return None
    return NotNow("only a case that failed or could not be measured is resumed; this one needs a ruling")


def _no_answer(case: Case) -> AssayError | None:
    return None if recall_appealed(case) else NotNow("no appeal of a video that was taken down waits here")


def _no_appeal(case: Case, conflict: str) -> AssayError | None:
    if recall_appealable(case):
        return NotNow(TOO_LATE) if conflict == TOO_LATE else None
    if appealable(case):
        return None
    if recalled_by_claim(case):
        return NotNow("a claim took this video down: its decision is appealed at the claim")
    if case.recalled is not None and case.recalled.code == "consent_withdrawn":
        return NotNow("whoever is shown decides about their likeness: that is not appealed here")
    if case.phase is not Phase.REFUSED:
        return NotNow("only a refusal, and a video that was taken down here, can be appealed, once")
    return NotNow("a person has already looked at this after an appeal, or may not lift what refuses it")


def _no_recall(case: Case) -> AssayError | None:
    if case.phase in (Phase.NEW, Phase.RECALLED, Phase.WITHDRAWN) and not recalled_by_claim(case):
        return NotNow("this case has been recalled already")
    return None
