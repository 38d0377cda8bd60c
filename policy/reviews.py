"""Weighs rulings: what moderators lifted, which objections remain, and where a second moderator has to look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.verdicts import Decision, Gate, Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReview:
    """The rulings about one rule: the last that was not allow, and who has allowed it since."""

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
    """The rulings about each rule, and the last of all, which applies to the case as a whole.

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
        """Rules by which a moderator held or refused, and that have not been allowed since by as many as required."""
        return {
            rule: review.objection
            for rule, review in self.by_rule.items()
            if review.objection > Decision.ALLOW and not self._allowed(rule)
        }

    def _allowed(self, rule: str) -> bool:
        review = self.by_rule.get(rule)
        return review is not None and len(review.allowed_by) >= (2 if rule in self.two_person else 1)


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
