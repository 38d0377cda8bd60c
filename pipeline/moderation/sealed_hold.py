"""The sealed hold: what nobody may view, neither its prompt nor its video nor a picture of it.

A case is sealed by a rule that says so, or by whoever suspects what may not be looked at. From then on only a safety
officer acts on it, and not even they view it: they report it, refuse it, or lift the seal where it was a mistake.
"""

from __future__ import annotations

from collections.abc import Collection

from core.case import Case
from core.errors import AssayError, BadInput, Forbidden, NotNow
from core.roles import Principal, Role
from pipeline.actions import ONLY_OFFICERS, Action

SEAL_CODES = ("suspected_abuse", "illegal_to_view", "court_order", "mistake", "cleared_by_authority")
"""Why somebody sealed a case, or lifted the seal."""

SEALED = "this case is sealed: nobody may view its prompt, its video or a picture of it"


def is_sealed(case: Case, sealed_rules: Collection[str]) -> bool:
    """Whether nobody may view the case now: what a person said last counts, else the rules of its verdict."""
    if case.view_seal is not None:
        return case.view_seal.sealed
    return case.verdict is not None and any(rule in sealed_rules for rule in case.verdict.rules)


def require_viewable(case: Case, sealed_rules: Collection[str]) -> None:
    """Raises Forbidden for a sealed case, whoever asks."""
    if is_sealed(case, sealed_rules):
        raise Forbidden(SEALED)


def sealed_from(who: Principal, case: Case, sealed_rules: Collection[str]) -> str:
    """Why this person may not act on the case, in words; empty where it is not sealed, or they are a safety officer."""
    return "" if who.has(Role.SAFETY_OFFICER) or not is_sealed(case, sealed_rules) else ONLY_OFFICERS


def require_seal_code(code: str) -> str:
    """The code. Raises BadInput for one that is none."""
    if code not in SEAL_CODES:
        raise BadInput(f"{code!r} is no reason to seal a case; it is one of {', '.join(SEAL_CODES)}")
    return code


def sealed_refusal(who: Principal, case: Case, action: Action, sealed_rules: Collection[str]) -> AssayError | None:
    """Why this is not done to a sealed case, or None where it may be, or the case is not sealed.

    Its author may still take it down and appeal: what is known may be known wrongly. Nothing of it is erased meanwhile:
    an authority may ask for it.
    """
    if not is_sealed(case, sealed_rules):
        return NotNow("this case is not sealed") if action is Action.LIFT_SEAL else None
    if action is Action.LIFT_SEAL:
        return None
    if action is Action.APPEAL and case.request.author == who.id:
        return None
    own = case.request.author == who.id and not who.has(Role.MODERATOR)
    if action is Action.RECALL and own:
        return None
    if action is Action.ERASE or own:
        return NotNow("this case is sealed: what belongs to it is kept until the seal is lifted")
    if why := sealed_from(who, case, sealed_rules):
        return Forbidden(why)
    if action in (Action.REFUSE, Action.RECALL, Action.UPHOLD):
        return None
    return NotNow("this case is sealed: it is refused, or its seal is lifted first")
