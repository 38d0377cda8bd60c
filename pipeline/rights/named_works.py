"""Which registered works the texts of a case name or describe: what a moderator reads before deciding about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classifiers.text.prompt_works import matched_name
from core.case import Case
from core.errors import Erased, NotFound, Unavailable
from core.ports import TextStore
from core.roles import Principal
from core.signals import Signal
from pipeline.disclosure import sees_everything
from pipeline.moderation.sealed_hold import is_sealed
from pipeline.rights.rights_desk import RightsDesk
from registry.rights.registered_works import RegisteredWork
from registry.rights.rights_holders import VERIFIED
from registry.rights.work_standing import DESCRIBED_SCORE, NAMED_SCORE, WorkStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkInPrompt:
    """A registered work in the texts of a case.

    `matched` is the registered name that was found, however it was written; empty where the words only describe the
    work, or were erased. `field` is the text that says it, empty for the prompt. `terms`, `holder` (an account),
    `holder_name` (as a person verified it) and `is_covered` (by its terms, a licence or an approved draft) are as they
    are now; of a work that is no longer registered they are empty, and so is `name`.
    """

    work: str
    kind: str = ""
    name: str = ""
    matched: str = ""
    field: str = ""
    is_named: bool
    score: float
    terms: str = ""
    holder: str = ""
    holder_name: str = ""
    is_covered: bool = False
    is_registered: bool = True


def named_works(desk: RightsDesk | None, who: Principal, case: Case, texts: TextStore) -> tuple[WorkInPrompt, ...]:
    """The works that the texts of a case name or describe, the surest first: for moderators, and for nobody else.

    Where the registry cannot be asked they are told by their ids alone.
    """
    found = [one for one in case.signals if one.work and (one.score or 0.0) >= DESCRIBED_SCORE]
    if not found or not sees_everything(who) or (desk and is_sealed(case, desk.matches.sealed_rules)):
        return ()
    standings = _standings(desk, case)
    holders = _holder_names(desk, [one.work.holder for one in standings.values()])
    best: dict[str, WorkInPrompt] = {}
    for signal in sorted(found, key=lambda one: -(one.score or 0.0)):
        if signal.work not in best:
            best[signal.work] = _named(signal, standings.get(signal.work), holders, _words(case, signal, texts))
    return tuple(best.values())


def named_work_line(one: WorkInPrompt) -> str:
    """A work that a case names, as a terminal says it."""
    if not one.is_registered:
        return f"it names {one.work}, which is no longer registered"
    said = f"it {'names' if one.is_named else 'describes'} {one.kind} {one.name!r} ({one.work}, {one.score:.2f})"
    matched = f", as {one.matched!r}" if one.matched and one.matched != one.name else ""
    holder = f"{one.holder_name or 'holder'} ({one.holder})" if one.holder else "no holder's account"
    covered = "; it may go on" if one.is_covered else ""
    return f"{said}{matched}: {holder}, terms: {one.terms}{covered}"


def _named(signal: Signal, standing: WorkStanding | None, holders: Mapping[str, str], words: str) -> WorkInPrompt:
    score = signal.score or 0.0
    is_named = score >= NAMED_SCORE
    if standing is None:
        return WorkInPrompt(work=signal.work, field=signal.field, is_named=is_named, score=score, is_registered=False)
    work: RegisteredWork = standing.work
    return WorkInPrompt(
        work=work.id,
        kind=work.kind,
        name=work.names[0],
        matched=matched_name(words, work.names) if is_named else "",
        field=signal.field,
        is_named=is_named,
        score=score,
        terms=work.terms,
        holder=work.holder,
        holder_name=holders.get(work.holder, ""),
        is_covered=standing.is_covered,
    )


def _standings(desk: RightsDesk | None, case: Case) -> Mapping[str, WorkStanding]:
    try:
        return {one.work.id: one for one in desk.matches.permissions.standings(case)} if desk else {}
    except Unavailable:
        return {}


def _holder_names(desk: RightsDesk | None, accounts: Sequence[str]) -> Mapping[str, str]:
    """What verified holders are called, by their accounts."""
    try:
        known = [desk.verification.holders.get(one) for one in dict.fromkeys(accounts) if one] if desk else []
    except Unavailable:
        return {}
    return {one.account: one.name for one in known if one is not None and one.state == VERIFIED}


def _words(case: Case, signal: Signal, texts: TextStore) -> str:
    text = case.request.parameter_texts.get(signal.field, "") if signal.field else case.request.prompt
    if not text or signal.at is None or signal.at.unit != "chars":
        return ""
    try:
        return texts.read(text)[int(signal.at.start) : int(signal.at.end)]
    except (Erased, NotFound):
        return ""
