"""Held cases in which somebody or something is recognised: what moderators compare picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.case import Case, Phase
from core.roles import Principal, Role, Scope, require_role, require_scope
from core.signals import Signal
from pipeline.moderation.sealed_hold import is_sealed
from pipeline.rights.work_match_pictures import WorkMatch, work_matches
from pipeline.service import CaseService
from registry.rights.registered_works import RegisteredWork

PEOPLE_LABELS = frozenset({"protected_person", "protected_voice", "cameo_beside_protected"})
"""Labels that say that a person is recognised who has not agreed."""

LIKENESS_THRESHOLD = 0.5
_MOST = 200  # held cases that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLikeness:
    """A held case, the registered works that it looks like, and the signals of people who are recognised in it."""

    case: Case
    works: tuple[WorkMatch, ...]
    people: tuple[Signal, ...]


def held_likenesses(service: CaseService, who: Principal, works: Sequence[RegisteredWork]) -> Sequence[HeldLikeness]:
    """Of the held cases those with a likeness at its threshold or above. Raises Forbidden but for moderators."""
    require_role(who, Role.MODERATOR)
    require_scope(who, Scope.MODERATE)
    found = [_likenesses(case, works) for case in service.cases(who, phase=Phase.HELD, limit=_MOST)]
    rules = service.house_rules.sealed_rules
    return [one for one in found if (one.works or one.people) and not is_sealed(one.case, rules)]


def _likenesses(case: Case, works: Sequence[RegisteredWork]) -> HeldLikeness:
    people = [signal for signal in case.signals if signal.label in PEOPLE_LABELS and _reaches(signal)]
    return HeldLikeness(
        case=case,
        works=tuple(match for match in work_matches(case, works) if _reaches(match.signal)),
        people=tuple(people),
    )


def _reaches(signal: Signal) -> bool:
    return signal.score is not None and signal.score >= LIKENESS_THRESHOLD
