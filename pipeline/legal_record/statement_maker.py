"""Makes statements of reasons: restrictions joined with the sentences of the policy that gave the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.errors import AssayError
from core.events import Judged
from core.ports import Ledger
from core.verdicts import Verdict
from pipeline.legal_record.classification import CategoryOf
from pipeline.legal_record.restriction import Period, Restriction, RestrictionLog
from pipeline.legal_record.statement import Payload, StatementOptions, statement_of
from pipeline.stages.stage_context import PolicyGate


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementMaker:
    """Makes one, or those of a period as they are read."""

    restrictions: RestrictionLog
    ledger: Ledger
    policy: PolicyGate
    category_of: CategoryOf
    options: StatementOptions

    def named(self, puid: str) -> Payload:
        """By its puid. Raises NotFound."""
        return self.of(self.restrictions.named(puid))

    def within(self, period: Period) -> Iterator[Payload]:
        """Those of a period in their order."""
        return map(self.of, self.restrictions.within(period))

    def of(self, one: Restriction) -> Payload:
        """That of a restriction."""
        history = self.ledger.history(one.case_id)
        verdicts = [e.event.verdict for e in history if isinstance(e.event, Judged) and e.revision <= one.revision]
        return statement_of(
            one,
            category_of=self.category_of,
            sentences=self._sentences(verdicts[-1]) if verdicts else {},
            options=self.options,
            language=self.ledger.load(one.case_id).language,
        )

    def _sentences(self, verdict: Verdict) -> Mapping[str, str]:
        """What the rule files say, and nothing that was measured; empty where the policy of then is gone."""
        try:
            return {reason.rule: reason.text for reason in self.policy.explain(verdict, ())}
        except AssayError:
            return {}
