"""What people of the house look at: enrolments that were held, and limits that owners wrote in their own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import NotNow
from core.ports import Texts
from pipeline.people import Person, Role, require
from registry.cameos import ACTIVE, HELD, REFUSED, Cameo, PostgresCameos
from registry.consent_receipts import ConsentReceipt
from registry.consents import PostgresConsents
from registry.leases import Lease, PostgresLeases
from registry.notices import PostgresNotices
from registry.templates import PostgresTemplates
from registry.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ToReview:
    """A lease with limits in its owner's words."""

    lease: Lease
    cameo: Cameo
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameoReview:
    """For moderators."""

    cameos: PostgresCameos
    leases: PostgresLeases
    consents: PostgresConsents
    notices: PostgresNotices
    templates: PostgresTemplates
    texts: Texts

    def held(self, who: Person) -> Sequence[Cameo]:
        """Enrolments that wait for a person, the longest-waiting first."""
        require(who, Role.MODERATOR)
        return self.cameos.in_state(HELD)

    def proof(self, who: Person, cameo_id: str) -> str:
        """What was said to show guardianship, or the right to speak for an estate."""
        require(who, Role.MODERATOR)
        found = self.cameos.get(cameo_id)
        return self.texts.read(found.proof) if found.proof else ""

    def admit(self, who: Person, cameo_id: str, *, allow: bool) -> ConsentReceipt | None:
        """Decide about a held enrolment. Admitted, the person is leased to themselves. Raises NotNow, NotFound."""
        require(who, Role.MODERATOR)
        cameo = self.cameos.get(cameo_id)
        if cameo.state != HELD:
            raise NotNow("only an enrolment that is held can be decided about")
        if not allow:
            self.templates.destroy(cameo.id)
            self.cameos.move(cameo.id, REFUSED)
            self.notices.tell(cameo.owner, "enrolment_refused", cameo=cameo.id)
            return None
        return self.activate(cameo, by=who.id)

    def activate(self, cameo: Cameo, *, by: str) -> ConsentReceipt:
        """From now on the person is enrolled. For the enrolment, and for whoever reviewed it."""
        given = self.consents.enrolled(cameo.id, by=by)
        self.notices.tell(cameo.owner, "enrolled", cameo=cameo.id)
        return given

    def to_review(self, who: Person) -> Sequence[ToReview]:
        """Limits in words that nobody has made rules of."""
        require(who, Role.MODERATOR)
        leases = [one for cameo in self.cameos.in_state(ACTIVE) for one in self.leases.of(cameo.id)]
        waiting = [one for one in leases if one.revoked is None and one.terms.unreviewed]
        return [
            ToReview(lease=one, cameo=self.cameos.get(one.handle), words=self.texts.read(one.terms.asks))
            for one in waiting
        ]

    def review(self, who: Person, lease_id: str, terms: Terms) -> tuple[Lease, ConsentReceipt]:
        """Make rules of an owner's words. The terms are whole: what they leave out is not limited any more."""
        require(who, Role.MODERATOR)
        return self.consents.review(lease_id, terms, by=who.id)
