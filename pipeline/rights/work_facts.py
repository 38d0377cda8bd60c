"""The facts that policy gets about registered works, and the receipts on which a case with such works rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.case import Case
from core.verdicts import Decision, Facts, Gate
from pipeline.stages.stage_context import FactSource
from registry.consent.likeness_uses import AncestorCase
from registry.rights.licence_receipts import LICENCE_GIVEN, PostgresLicenceReceipts
from registry.rights.registered_works import PostgresWorks
from registry.rights.work_answers import PostgresWorkAnswers
from registry.rights.work_licences import LicenceLimit, PostgresWorkLicences, covering_licence
from registry.rights.work_standing import WorkStanding, found_works, use_of, work_standings
from registry.rights.work_uses import PostgresWorkUses

_LIMIT_FACTS = {
    "works_outside_audience": LicenceLimit.AUDIENCE,
    "works_outside_purpose": LicenceLimit.PURPOSE,
    "works_outside_parody": LicenceLimit.PARODY,
    "works_outside_territory": LicenceLimit.TERRITORY,
    "works_ended": LicenceLimit.ENDED,
}
NO_WORKS: Facts = {
    "works_covered": False,
    "works_not_allowed": 0,
    **dict.fromkeys(_LIMIT_FACTS, 0),
    "works_unapproved": 0,
    "works_refused": 0,
    "likenesses_refused": 0,
    "works_changed": 0,
    "works_inherited": 0,
}
"""What is said of works where nothing registered is found."""


class ReceiptSource(Protocol):
    """Knows receipts on which cases rest."""

    def receipts(self, case: Case) -> tuple[str, ...]:
        """Their SHA-256."""


class CaseAncestors(Protocol):
    """What a case is made from."""

    def ancestors(
        self, case_id: str, parent: str, references: Sequence[str], copies: Sequence[str] = ()
    ) -> Sequence[AncestorCase]:
        """Every case from which this one is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPermissions:
    """How cases stand with the works that holders registered, as it is at this moment. Raises Unavailable."""

    works: PostgresWorks
    licences: PostgresWorkLicences
    answers: PostgresWorkAnswers
    signed: PostgresLicenceReceipts
    uses: PostgresWorkUses
    lineage: CaseAncestors

    def standings(self, case: Case) -> tuple[WorkStanding, ...]:
        """One for each registered work in the case."""
        found = found_works(case.signals)
        if not found:
            return ()
        answers = self.answers.of_case(case.id) if case.rendered else ()
        return work_standings(case, self.works.all(), self.licences.of_each(sorted(found)), answers)

    def facts(self, case: Case) -> Facts:
        """Counts of works by what stands against the case; of what is named alone, but for `works_covered`."""
        inherited = self._inherited(case)
        if not found_works(case.signals):
            return {**NO_WORKS, "works_inherited": inherited}
        standings = self.standings(case)
        named = [one for one in standings if one.found.is_named]
        # Somebody who let a forbidden work through at the first gate is not asked the same at the second.
        looked_at = any(one.gate is Gate.PROMPT and one.decision is Decision.ALLOW for one in case.rulings)
        barred = [one for one in named if one.is_forbidden or one.limits]
        return {
            "works_covered": all(one.is_covered for one in standings),
            "works_not_allowed": sum(one.is_forbidden for one in named),
            **{fact: sum(limit in one.limits for one in named) for fact, limit in _LIMIT_FACTS.items()},
            "works_unapproved": sum(one.awaits_holder for one in named),
            "works_refused": sum(one.is_refused for one in named),
            "likenesses_refused": sum(one.is_refused and not one.found.is_named for one in standings),
            "works_changed": len(barred) if case.rendered and not looked_at else 0,
            "works_inherited": inherited,
        }

    def _inherited(self, case: Case) -> int:
        """Works that what it is made from names, and it does not, for which neither terms nor a licence allow this."""
        asked = case.request
        if not (asked.parent or asked.references):
            return 0
        digests = [reference.digest for reference in asked.references]
        made_from = [one.id for one in self.lineage.ancestors(case.id, asked.parent, digests, asked.copies)]
        named = self.uses.named_in(made_from) - found_works(case.signals).keys() if made_from else frozenset()
        use, licences = use_of(case), self.licences.of_each(sorted(named)) if named else ()
        return sum(
            work.terms != "allow" and not covering_licence([one for one in licences if one.work == work.id], use)
            for work in self.works.all()
            if work.id in named
        )

    def receipts(self, case: Case) -> tuple[str, ...]:
        """The SHA-256 of receipts of the licences, terms and approved drafts on which the case rests."""
        found: set[str] = set()
        for one in self.standings(case):
            if not one.is_covered:
                continue
            if one.licence is not None:
                receipts = self.signed.of_licence(one.licence.id)
            elif one.is_approved:
                receipts = self.signed.of_draft(case.id, one.work.id)[-1:]
            else:
                receipts = [receipt for receipt in self.signed.of_work(one.work.id) if receipt.kind == "allow"][-1:]
            found |= {receipt.hash for receipt in receipts if receipt.kind in LICENCE_GIVEN}
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsWithWorks:
    """The facts of `inner`, and those of works."""

    inner: FactSource
    permissions: WorkPermissions

    def facts(self, case: Case) -> Facts:
        """As FactSource.facts."""
        return {**self.inner.facts(case), **self.permissions.facts(case)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsWithWorks:
    """The receipts of consent, and those of rights holders."""

    consents: ReceiptSource
    permissions: WorkPermissions

    def receipts(self, case: Case) -> tuple[str, ...]:
        """The SHA-256 of all receipts on which a case rests: they go into its manifest."""
        return tuple(sorted({*self.consents.receipts(case), *self.permissions.receipts(case)}))
