"""Whether a claim keeps a video down: then nobody publishes it by undoing what somebody else did."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.claims.claim_effects import Lineage
from pipeline.claims.claim_store import ClaimStore

KEPT_BY_A_CLAIM = "a claim keeps this video down: it is decided there first"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingClaims:
    """Of claims that are open and hide, and of those that were upheld; with what was made from their videos."""

    store: ClaimStore
    lineage: Lineage

    def keeps_down(self, case_id: str) -> bool:
        """Whether a claim keeps this case down, as claims stand now."""
        return case_id in self.lineage.descendants(self.store.keeping_down())

    def why_down(self, case_id: str) -> str:
        """Why nobody may publish it again now; empty where no claim keeps it down."""
        return KEPT_BY_A_CLAIM if self.keeps_down(case_id) else ""
