"""What a moderator sees of an enrolment that waits: its pictures, and the steps so far with their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Erased
from core.ports import TextStore
from core.roles import Principal, Role, Scope, require_role, require_scope
from registry.consent.enrolment_decisions import EnrolmentDecision, PostgresEnrolmentDecisions
from registry.consent.enrolment_pictures import PostgresEnrolmentPictures


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentInspection:
    """For moderators only."""

    stored_pictures: PostgresEnrolmentPictures
    decisions: PostgresEnrolmentDecisions
    texts: TextStore

    def pictures(self, principal: Principal, cameo_id: str) -> Sequence[str]:
        """The ids of the pictures that are kept."""
        _require_moderator(principal)
        return self.stored_pictures.list(cameo_id)

    def picture(self, principal: Principal, cameo_id: str, name: str) -> bytes:
        """One of them as a JPEG. Raises NotFound."""
        _require_moderator(principal)
        return self.stored_pictures.read(cameo_id, name)

    def steps(self, principal: Principal, cameo_id: str) -> Sequence[EnrolmentDecision]:
        """What was decided so far, the first first."""
        _require_moderator(principal)
        return self.decisions.of(cameo_id)

    def words(self, principal: Principal, step: EnrolmentDecision) -> str:
        """What was written at a step; empty where nothing was, or it was erased."""
        _require_moderator(principal)
        try:
            return self.texts.read(step.words) if step.words else ""
        except Erased:
            return ""


def _require_moderator(principal: Principal) -> None:
    require_role(principal, Role.MODERATOR)
    require_scope(principal, Scope.MODERATE)
