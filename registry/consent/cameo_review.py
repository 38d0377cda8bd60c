"""What people of the installation look at: enrolments that were held, and limits that owners wrote in their own
words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Forbidden, NotNow
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
    """For moderators, none of whom decides about a cameo of their own, unless the installation is `one_person`'s."""

    cameos: PostgresCameos
    leases: PostgresLeases
    consents: PostgresConsentService
    notices: PostgresNotices
    templates: PostgresBiometricTemplates
    texts: TextStore
    one_person: bool

    def held(self, principal: Principal) -> Sequence[Cameo]:
        """Enrolments that wait for a person, the longest-waiting first."""
        require_role(principal, Role.MODERATOR)
        return self.cameos.in_state(HELD)

    def proof(self, principal: Principal, cameo_id: str) -> str:
        """The statement that shows guardianship, or the right to speak for an estate."""
        require_role(principal, Role.MODERATOR)
        cameo = self.cameos.get(cameo_id)
        return self.texts.read(cameo.proof) if cameo.proof else ""

    def admit(self, principal: Principal, cameo_id: str, *, allow: bool) -> ConsentReceipt | None:
        """Decide about a held enrolment. Admitted, the person is leased to themselves. Raises NotNow, NotFound."""
        require_role(principal, Role.MODERATOR)
        cameo = self.cameos.get(cameo_id)
        if cameo.state != HELD:
            raise NotNow("only an enrolment that is held can be decided about")
        self._require_another(principal, cameo)
        if not allow:
            self.templates.destroy(cameo.id)
            self.cameos.set_state(cameo.id, REFUSED)
            self.notices.notify(cameo.owner, "enrolment_refused", cameo=cameo.id)
            return None
        return self.activate(cameo, by=principal.id)

    def activate(self, cameo: Cameo, *, by: str) -> ConsentReceipt:
        """Activate an enrolled cameo: called by the enrolment, or by the moderator who reviewed it."""
        receipt = self.consents.enrolled(cameo.id, by=by)
        self.notices.notify(cameo.owner, "enrolled", cameo=cameo.id)
        return receipt

    def to_review(self, principal: Principal) -> Sequence[LeaseToReview]:
        """Limits in words that nobody has made rules of."""
        require_role(principal, Role.MODERATOR)
        leases = [lease for cameo in self.cameos.in_state(ACTIVE) for lease in self.leases.of(cameo.id)]
        waiting = [lease for lease in leases if lease.revoked is None and lease.terms.unreviewed]
        return [
            LeaseToReview(lease=lease, cameo=self.cameos.get(lease.handle), words=self.texts.read(lease.terms.asks))
            for lease in waiting
        ]

    def review(self, principal: Principal, lease_id: str, terms: LeaseTerms) -> tuple[Lease, ConsentReceipt]:
        """Make rules of an owner's words.

        The terms replace the old ones: what they leave out is not limited any more.
        """
        require_role(principal, Role.MODERATOR)
        for own in self.cameos.of(principal.id):
            if any(lease.id == lease_id for lease in self.leases.of(own.id)):
                self._require_another(principal, own)
        return self.consents.review(lease_id, terms, by=principal.id)

    def _require_another(self, principal: Principal, cameo: Cameo) -> None:
        if cameo.owner == principal.id and not self.one_person:
            raise Forbidden("this likeness is yours: another moderator decides about it")
