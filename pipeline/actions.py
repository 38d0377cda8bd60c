"""What a person may do to a case now: one function, which the service obeys and pages, commands and APIs show.

`refusal` says why an action is refused; `actions` are those that it does not refuse. Whether the event that follows is
allowed at all is core.transitions' part; what is added here is who may, what a moderator has said already, and that
nobody rules on a case of their own: `conflict` says what makes it so (pipeline.access.conflicts), else it is empty.
"""

from __future__ import annotations

from enum import StrEnum

from core.case import Case, Phase
from core.errors import AssayError, Forbidden, NotNow
from core.roles import Principal, Role, Scope
from core.transitions import appealable, holding
from pipeline.policy_rollout.dual_control import has_already_allowed

RECALL_CODES = ("consent_withdrawn", "rights", "intimate_image", "illegal", "author", "mistake", "policy")


class Action(StrEnum):
    """What may be done to a case. ALLOW and REFUSE are rulings of a moderator."""

    ALLOW = "allow"
    REFUSE = "refuse"
    RESUME = "resume"
    APPEAL = "appeal"
    RECALL = "recall"
    ERASE = "erase"


def actions(principal: Principal, case: Case, *, conflict: str) -> frozenset[Action]:
    """Everything that this person may do to this case now."""
    return frozenset(action for action in Action if refusal(principal, case, action, conflict=conflict) is None)


def refusal(who: Principal, case: Case, action: Action, *, conflict: str) -> AssayError | None:
    """Why this person may not do this now (Forbidden or NotNow), or None where they may."""
    match action:
        case Action.ALLOW | Action.REFUSE:
            return _not_a_moderator(who) or _own_case(conflict) or _no_ruling(who, case, action)
        case Action.RESUME:
            return _not_a_moderator(who) or _no_resuming(case)
        case Action.APPEAL:
            return _not_theirs(who, case) or _no_scope(who) or _no_appeal(case)
        case Action.RECALL:
            return _not_theirs(who, case) or _no_scope(who) or _no_recall(case)
        case Action.ERASE:
            return _not_theirs(who, case) or _no_scope(who)


def unmeasured(case: Case) -> bool:
    """Whether a verdict holds the case because something could not be measured: measuring again may release it."""
    verdict = holding(case)
    return verdict is not None and bool(verdict.missing)


def _not_a_moderator(principal: Principal) -> AssayError | None:
    return None if principal.has(Role.MODERATOR) else Forbidden("your account needs the role moderator for this")


def _own_case(conflict: str) -> AssayError | None:
    return Forbidden(f"{conflict}: another moderator rules on it (or set one_person)") if conflict else None


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


def _no_resuming(case: Case) -> AssayError | None:
    if case.phase is Phase.HELD and (case.held_by_failure or unmeasured(case)):
        return None
    return NotNow("only a case that failed or could not be measured is resumed; this one needs a ruling")


def _no_appeal(case: Case) -> AssayError | None:
    if appealable(case):
        return None
    if case.phase is not Phase.REFUSED:
        return NotNow("only a refusal can be appealed")
    return NotNow("a person has already looked at this and refused it, or may not lift what refuses it")


def _no_recall(case: Case) -> AssayError | None:
    if case.phase in (Phase.NEW, Phase.RECALLED, Phase.WITHDRAWN):
        return NotNow("this case has been recalled already")
    return None
