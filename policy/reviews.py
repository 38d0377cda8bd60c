"""Weighs rulings: what moderators lifted, what of theirs stands, and where a second one has still to look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.verdicts import Decision, Gate, Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReview:
    """What was said about one rule: the last that was not allow, and who has allowed it since."""

    objection: Decision = Decision.ALLOW
    allowed_by: frozenset[str] = frozenset()

    def with_ruling(self, ruling: Ruling) -> RuleReview:
        """With one more ruling."""
        if ruling.decision is Decision.ALLOW:
            return RuleReview(objection=self.objection, allowed_by=self.allowed_by | {ruling.moderator})
        return RuleReview(objection=ruling.decision)


_NO_REVIEW = RuleReview()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReviews:
    """What was said about each rule, and last of all, which stands for the case as a whole.

    `final` are rules that no ruling lifts, `two_person` those that two moderators have to allow.
    """

    by_rule: Mapping[str, RuleReview]
    overall: Decision
    final: Collection[str]
    two_person: Collection[str]

    def is_lifted(self, rule: str) -> bool:
        """Whether enough people allowed what the rule found."""
        return rule not in self.final and self._allowed(rule)

    def awaits_second_moderator(self, rule: str) -> bool:
        """Whether one moderator allowed it and a second has to."""
        return rule in self.two_person and len(self.by_rule.get(rule, _NO_REVIEW).allowed_by) == 1

    def standing_objections(self) -> dict[str, Decision]:
        """Rules that somebody held or refused by, and that have not been allowed by as many as it takes since."""
        return {
            rule: said.objection
            for rule, said in self.by_rule.items()
            if said.objection > Decision.ALLOW and not self._allowed(rule)
        }

    def _allowed(self, rule: str) -> bool:
        said = self.by_rule.get(rule)
        return said is not None and len(said.allowed_by) >= (2 if rule in self.two_person else 1)


def collect_reviews(
    gate: Gate, rulings: Iterable[Ruling], *, final: Collection[str] = (), two_person: Collection[str] = ()
) -> GateReviews:
    """The rulings at a gate, oldest first."""
    about: dict[str, RuleReview] = {}
    whole = Decision.ALLOW
    for ruling in rulings:
        if ruling.gate is gate:
            whole = ruling.decision
            about.update({rule: about.get(rule, _NO_REVIEW).with_ruling(ruling) for rule in ruling.over})
    return GateReviews(by_rule=about, overall=whole, final=final, two_person=two_person)
