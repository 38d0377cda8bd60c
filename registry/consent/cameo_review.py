"""What people of the installation look at: enrolments that were held, and limits that owners wrote in their own
words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import NotNow
from core.ports import TextStore
from core.roles import Principal, Role, require_role
from registry.consent.biometric_templates import PostgresBiometricTemplates
from registry.consent.cameos import ACTIVE, HELD, REFUSED, Cameo, PostgresCameos
from registry.consent.consent_receipts import ConsentReceipt
from registry.consent.consent_service import PostgresConsentService
from registry.consent.lease_terms import LeaseTerms
from registry.consent.leases import Lease, PostgresLeases
from registry.consent.notices import PostgresNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseToReview:
    """A lease with limits in its owner's words."""

    lease: Lease
    cameo: Cameo
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameoReview:
    """For moderators."""

    cameos: PostgresCameos
    leases: PostgresLeases
    consents: PostgresConsentService
    notices: PostgresNotices
    templates: PostgresBiometricTemplates
    texts: TextStore

    def held(self, who: Principal) -> Sequence[Cameo]:
        """Enrolments that wait for a person, the longest-waiting first."""
        require_role(who, Role.MODERATOR)
        return self.cameos.in_state(HELD)

    def proof(self, who: Principal, cameo_id: str) -> str:
        """What was said to show guardianship, or the right to speak for an estate."""
        require_role(who, Role.MODERATOR)
        found = self.cameos.get(cameo_id)
        return self.texts.read(found.proof) if found.proof else ""

    def admit(self, who: Principal, cameo_id: str, *, allow: bool) -> ConsentReceipt | None:
        """Decide about a held enrolment. Admitted, the person is leased to themselves. Raises NotNow, NotFound."""
        require_role(who, Role.MODERATOR)
        cameo = self.cameos.get(cameo_id)
        if cameo.state != HELD:
            raise NotNow("only an enrolment that is held can be decided about")
        if not allow:
            self.templates.destroy(cameo.id)
            self.cameos.set_state(cameo.id, REFUSED)
            self.notices.notify(cameo.owner, "enrolment_refused", cameo=cameo.id)
            return None
        return self.activate(cameo, by=who.id)

    def activate(self, cameo: Cameo, *, by: str) -> ConsentReceipt:
        """From now on the person is enrolled. For the enrolment, and for whoever reviewed it."""
        given = self.consents.enrolled(cameo.id, by=by)
        self.notices.notify(cameo.owner, "enrolled", cameo=cameo.id)
        return given

    def to_review(self, who: Principal) -> Sequence[LeaseToReview]:
        """Limits in words that nobody has made rules of."""
        require_role(who, Role.MODERATOR)
        leases = [one for cameo in self.cameos.in_state(ACTIVE) for one in self.leases.of(cameo.id)]
        waiting = [one for one in leases if one.revoked is None and one.terms.unreviewed]
        return [
            LeaseToReview(lease=one, cameo=self.cameos.get(one.handle), words=self.texts.read(one.terms.asks))
            for one in waiting
        ]

    def review(self, who: Principal, lease_id: str, terms: LeaseTerms) -> tuple[Lease, ConsentReceipt]:
        """Make rules of an owner's words. The terms are whole: what they leave out is not limited any more."""
        require_role(who, Role.MODERATOR)
        return self.consents.review(lease_id, terms, by=who.id)
