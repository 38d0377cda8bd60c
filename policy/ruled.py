"""Weighs rulings: what moderators lifted, what of theirs stands, and where a second one has still to look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.verdicts import Decision, Gate, Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said about one rule: the last that was not allow, and who has allowed it since."""

    objection: Decision = Decision.ALLOW
    allowed_by: frozenset[str] = frozenset()

    def after(self, ruling: Ruling) -> Said:
        """With one more ruling."""
        if ruling.decision is Decision.ALLOW:
            return Said(objection=self.objection, allowed_by=self.allowed_by | {ruling.moderator})
        return Said(objection=ruling.decision)


_NOTHING = Said()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """What was said about each rule, and last of all, which stands for the case as a whole.

    `final` are rules that no ruling lifts, `two_person` those that two moderators have to allow.
    """

    about: Mapping[str, Said]
    whole: Decision
    final: Collection[str]
    two_person: Collection[str]

    def lift(self, rule: str) -> bool:
        """Whether enough people allowed what the rule found."""
        return rule not in self.final and self._allowed(rule)

    def awaits(self, rule: str) -> bool:
        """Whether one moderator allowed it and a second has to."""
        return rule in self.two_person and len(self.about.get(rule, _NOTHING).allowed_by) == 1

    def standing(self) -> dict[str, Decision]:
        """Rules that somebody held or refused by, and that have not been allowed by as many as it takes since."""
        return {
            rule: said.objection
            for rule, said in self.about.items()
            if said.objection > Decision.ALLOW and not self._allowed(rule)
        }

    def _allowed(self, rule: str) -> bool:
        said = self.about.get(rule)
        return said is not None and len(said.allowed_by) >= (2 if rule in self.two_person else 1)


def weighed(
    gate: Gate, rulings: Iterable[Ruling], *, final: Collection[str] = (), two_person: Collection[str] = ()
) -> Rulings:
    """The rulings at a gate, oldest first."""
    about: dict[str, Said] = {}
    whole = Decision.ALLOW
    for ruling in rulings:
        if ruling.gate is gate:
            whole = ruling.decision
            about.update({rule: about.get(rule, _NOTHING).after(ruling) for rule in ruling.over})
    return Rulings(about=about, whole=whole, final=final, two_person=two_person)
