"""Whether a case may show the registered works that it names or looks like: read off terms, licences and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.case import Case, Phase
from core.signals import Signal
from registry.rights.registered_works import RegisteredWork
from registry.rights.work_answers import WorkAnswer
from registry.rights.work_licences import LicenceLimit, WorkLicence, WorkUse, covering_licence, nearest_limits

NAMED_SCORE = 0.9
"""From this score of `registered_work` the prompt names the work; below it, only describes something like it."""

DESCRIBED_SCORE = 0.6
SHOWN_SCORE = 0.5  # of a likeness to example pictures


@dataclass(frozen=True, slots=True)
class FoundWork:
    """A registered work in a case: whether the prompt names it, and whether a picture looks like it."""

    work: str
    is_named: bool = False
    is_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkStanding:
    """What its holder says of this case. `licence` is the one that covers it.

    `is_covered`: it may go on, by terms, licence or approved draft, or since there is no draft yet to be asked about.
    `awaits_holder`: the holder has not answered about this draft. `limits` are those that the order does not keep to.
    """

    work: RegisteredWork
    found: FoundWork
    is_covered: bool = False
    is_approved: bool = False
    awaits_holder: bool = False
    is_refused: bool = False
    is_forbidden: bool = False
    limits: frozenset[LicenceLimit] = frozenset()
    licence: WorkLicence | None = None


def found_works(signals: Iterable[Signal]) -> Mapping[str, FoundWork]:
    """The works that a case names, describes or looks like, by their ids."""
    found: dict[str, FoundWork] = {}
    for signal in signals:
        score = signal.score or 0.0
        if signal.work and score >= DESCRIBED_SCORE:
            known = found.get(signal.work, FoundWork(signal.work))
            found[signal.work] = replace(known, is_named=known.is_named or score >= NAMED_SCORE)
        if signal.example is not None and score >= SHOWN_SCORE:
            work = signal.example.work
            found[work] = replace(found.get(work, FoundWork(work)), is_shown=True)
    return found


def use_of(case: Case, at: datetime | None = None) -> WorkUse:
    """The use that an order is, as it was stated."""
    asked = case.request
    return WorkUse(account=asked.author, at=at or datetime.now(UTC), purpose=asked.purpose, territory=asked.territory)


def work_standings(
    case: Case, works: Sequence[RegisteredWork], licences: Sequence[WorkLicence], answers: Sequence[WorkAnswer]
) -> tuple[WorkStanding, ...]:
    """How the case stands with each registered work in it; works that are gone say nothing."""
    found, use = found_works(case.signals), use_of(case)
    draft = case.rendered.asset.digest if case.rendered else ""
    standings = []
    for work in works:
        if work.id not in found:
            continue
        said = [one.answer for one in answers if one.work == work.id and one.asset == draft]
        own = [one for one in licences if one.work == work.id]
        standings.append(_standing(case, WorkStanding(work=work, found=found[work.id]), own, use, said[-1:]))
    return tuple(standings)


def _standing(
    case: Case, start: WorkStanding, licences: Sequence[WorkLicence], use: WorkUse, said: Sequence[str]
) -> WorkStanding:
    work, has_draft = start.work, case.rendered is not None
    licence = covering_licence(licences, use)
    approved = list(said) == ["approved"]
    # What is published was allowed when it was published: what ends later stops what is not published yet.
    if case.phase is Phase.PUBLISHED or work.terms == "allow" or approved or licence:
        return replace(start, is_covered=True, is_approved=approved, licence=licence)
    if list(said) == ["refused"]:
        return replace(start, is_refused=True)
    if work.asks_holder:
        # Of what is only shown nobody is sure before a person has looked: until there is a draft, a moderator does.
        asked_about = start.found.is_named or start.found.is_shown
        return replace(
            start, is_covered=start.found.is_named and not has_draft, awaits_holder=has_draft and asked_about
        )
    if work.terms == "ask":
        return start
    limits = nearest_limits(licences, use)
    return replace(start, limits=limits, is_forbidden=not limits)
