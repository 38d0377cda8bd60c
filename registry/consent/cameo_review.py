"""What people of the installation look at: enrolments that were held, and limits that owners wrote in their own
words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from core.errors import BadInput, Forbidden, NotFound, NotNow
from core.ports import TextStore
from core.roles import Principal, Role, Scope, require_role, require_scope
from registry.consent.biometric_templates import PostgresBiometricTemplates
from registry.consent.cameos import ACTIVE, HELD, REFUSED, Cameo, PostgresCameos, validate_cameo
from registry.consent.consent_receipts import ConsentReceipt
from registry.consent.consent_service import PostgresConsentService
from registry.consent.end_users import account_of
from registry.consent.enrolment_challenges import PostgresEnrolmentChallenges
from registry.consent.enrolment_decisions import (
    APPEAL_TERM,
    EnrolmentDecision,
    PostgresEnrolmentDecisions,
    require_refusal_code,
)
from registry.consent.enrolment_pictures import PostgresEnrolmentPictures
from registry.consent.lease_terms import LeaseTerms
from registry.consent.leases import Lease, PostgresLeases
from registry.consent.notices import MODERATORS_ADDRESS, PostgresNotices
from registry.consent.owner_decisions import PostgresOwnerDecisions
from registry.consent.takedown import TakedownService

WORDING_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "unclear": "It cannot be told from these words what may be done and what may not.",
        "cannot_be_kept": "Nothing here can see to it that this limit is kept.",
        "unlawful": "What these words ask for is against the law.",
        "about_others": "These words are about other people than the one whose likeness it is.",
    }
)
"""Why no rules can be made of an owner's words, by code, in the words that the owner reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseToReview:
    """A lease with limits in its owner's words."""

    lease: Lease
    cameo: Cameo
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedUse:
    """A use that an owner asked moderators to look at, and what they wrote."""

    case_id: str
    cameo: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CameoReview:
    """For moderators, none of whom decides about a cameo of their own, unless the installation is `one_person`'s."""

    cameos: PostgresCameos
    leases: PostgresLeases
    consents: PostgresConsentService
    notices: PostgresNotices
    templates: PostgresBiometricTemplates
    pictures: PostgresEnrolmentPictures
    takes: PostgresEnrolmentChallenges
    decisions: PostgresEnrolmentDecisions
    takedown: TakedownService
    texts: TextStore
    answers: PostgresOwnerDecisions
    one_person: bool

    # -- enrolments

    def held(self, principal: Principal) -> Sequence[Cameo]:
        """Enrolments that wait for a person, the longest-waiting first."""
        _require_moderator(principal)
        return self.cameos.in_state(HELD)

    def proof(self, principal: Principal, cameo_id: str) -> str:
        """The statement that shows guardianship, or the right to speak for an estate."""
        _require_moderator(principal)
        cameo = self.cameos.get(cameo_id)
        return self.texts.read(cameo.proof) if cameo.proof else ""

    def wait(self, cameo: Cameo) -> None:
        """Tell moderators that an enrolment waits for them."""
        self.notices.notify(MODERATORS_ADDRESS, "enrolment_waits", cameo=cameo.id)

    def admit(
        self, principal: Principal, cameo_id: str, *, allow: bool, code: str = "", note: str = ""
    ) -> ConsentReceipt | None:
        """Decide about a held enrolment; refusing needs a `code` of ENROLMENT_REFUSALS. The owner is told.

        Admitted, the person is leased to themselves. Refused, the handle is free, and what was shown is kept for
        APPEAL_TERM; after an appeal it is destroyed at once. Raises NotNow, NotFound, Forbidden, BadInput.
        """
        _require_moderator(principal)
        cameo = self.cameos.get(cameo_id)
        if cameo.state != HELD:
            raise NotNow("only an enrolment that is held can be decided about")
        self._require_another(principal, cameo)
        steps = self.decisions.of(cameo.id)
        if any(step.step == "refused" and step.by == principal.id for step in steps) and not self.one_person:
            raise Forbidden("you have refused it before: another moderator decides about the appeal")
        if allow:
            receipt = self.activate(cameo, by=principal.id)
            self.decisions.record(cameo.id, "admitted", by=principal.id, words=self._kept(note, cameo))
            self.pictures.destroy(cameo.id)
            return receipt
        require_refusal_code(code)
        self.decisions.refuse(cameo.id, by=principal.id, code=code, words=self._kept(note, cameo))
        appealed = any(step.step == "appealed" for step in steps)
        told = "enrolment_refused_again" if appealed else "enrolment_refused"
        self.notices.notify(cameo.owner, told, cameo=cameo.id)
        if appealed:
            self._close(cameo.id, by=principal.id)
        return None

    def may_decide(self, principal: Principal, cameo_id: str) -> bool:
        """Whether this moderator may decide about it now: not about their own, nor twice."""
        _require_moderator(principal)
        cameo, steps = self.cameos.get(cameo_id), self.decisions.of(cameo_id)
        is_concerned = _speaks_for(principal, cameo) or any(
            step.step == "refused" and step.by == principal.id for step in steps
        )
        return cameo.state == HELD and (self.one_person or not is_concerned)

    def activate(self, cameo: Cameo, *, by: str) -> ConsentReceipt:
        """Activate an enrolled cameo: called by the enrolment, or by the moderator who reviewed it."""
        receipt = self.consents.enrolled(cameo.id, by=by)
        self.notices.notify(cameo.owner, "enrolled", cameo=cameo.id)
        return receipt

    def refusal(self, principal: Principal, cameo_id: str) -> EnrolmentDecision | None:
        """Why an enrolment of this person was refused, for the person; None where it was not."""
        cameo = self._own(principal, cameo_id)
        steps = [step for step in self.decisions.of(cameo.id) if step.step == "refused"]
        return steps[-1] if steps and cameo.state == REFUSED else None

    def may_appeal(self, principal: Principal, cameo_id: str) -> bool:
        """Whether the person can still ask that another moderator looks at it."""
        cameo = self._own(principal, cameo_id)
        return cameo.state == REFUSED and _appealable(self.decisions.of(cameo.id))

    def appeal(self, principal: Principal, cameo_id: str, *, words: str, handle: str = "") -> Cameo:
        """Ask once, in time, that another moderator looks at a refusal; under another handle where the old is taken.

        Raises NotFound, NotNow, BadInput.
        """
        require_scope(principal, Scope.MANAGE)
        cameo = self._own(principal, cameo_id)
        if not words.strip():
            raise BadInput("say why it should be decided otherwise")
        if cameo.state != REFUSED or not _appealable(self.decisions.of(cameo.id)):
            raise NotNow("this enrolment can not be appealed any more")
        validate_cameo(handle.strip() or cameo.wanted, cameo.kind)
        handle = handle.strip() or cameo.wanted
        self.decisions.appeal(cameo.id, handle, by=principal.id, words=self._kept(words, cameo))
        self.notices.notify(MODERATORS_ADDRESS, "enrolment_appealed", cameo=cameo.id)
        return self.cameos.get(cameo.id)

    def close_refused(self, at: datetime) -> None:
        """Destroy what was kept of refused enrolments that nobody has appealed in time."""
        for cameo_id in self.decisions.past_appeal(at):
            self._close(cameo_id, by="assay:retention")

    # -- uses that somebody reported

    def reports(self, principal: Principal) -> Sequence[ReportedUse]:
        """What people wrote about uses of their likeness, the newest first."""
        _require_moderator(principal)
        return [
            ReportedUse(case_id=one.case_id, cameo=one.cameo, words=self.texts.read(one.words), at=one.at)
            for one in self.answers.reports()
        ]

    # -- limits in words

    def to_review(self, principal: Principal) -> Sequence[LeaseToReview]:
        """Limits in words that nobody has made rules of."""
        _require_moderator(principal)
        leases = [lease for cameo in self.cameos.in_state(ACTIVE) for lease in self.leases.of(cameo.id)]
        waiting = [lease for lease in leases if lease.revoked is None and lease.terms.unreviewed]
        return [
            LeaseToReview(lease=lease, cameo=self.cameos.get(lease.handle), words=self.texts.read(lease.terms.asks))
            for lease in waiting
        ]

    def wording(self, principal: Principal, lease_id: str) -> LeaseToReview:
        """One of `to_review`. Raises NotFound."""
        found = [waiting for waiting in self.to_review(principal) if waiting.lease.id == lease_id]
        if not found:
            raise NotFound("no words of this lease wait to be read")
        return found[0]

    def review(self, principal: Principal, lease_id: str, terms: LeaseTerms) -> tuple[Lease, ConsentReceipt]:
        """Make rules of an owner's words. The owner is told.

        The terms replace the old ones: what they leave out is not limited any more.
        """
        _require_moderator(principal)
        self._require_no_lease_of(principal, lease_id)
        lease, receipt = self.consents.review(lease_id, terms, by=principal.id)
        self.notices.notify(self.cameos.get(lease.handle).owner, "wording_reviewed", about=lease.id, cameo=lease.handle)
        return lease, receipt

    def refuse_wording(self, principal: Principal, lease_id: str, *, code: str) -> None:
        """No rules can be made of an owner's words, for a reason of WORDING_REFUSALS: the lease ends.

        Raises BadInput, NotFound, Forbidden.
        """
        if code not in WORDING_REFUSALS:
            raise BadInput(f"say why they are refused: one of {', '.join(WORDING_REFUSALS)}")
        lease = self.wording(principal, lease_id).lease
        self._require_no_lease_of(principal, lease_id)
        self.consents.revoke(lease_id, by=principal.id)
        owner = self.cameos.get(lease.handle).owner
        self.notices.notify(owner, f"wording_refused_{code}", about=lease_id, cameo=lease.handle)
        self.takedown.run()

    # -- private

    def _close(self, cameo_id: str, *, by: str) -> None:
        """What was kept for an appeal is destroyed. Interrupted, it is done again: the step is written last."""
        self.templates.destroy(cameo_id)
        self.pictures.destroy(cameo_id)
        self.texts.erase(case_id=cameo_id)
        self.takes.forget(cameo_id)
        self.cameos.forget_wanted(cameo_id)
        self.decisions.record(cameo_id, "closed", by=by)

    def _kept(self, words: str, cameo: Cameo) -> str:
        return self.texts.put(words, case_id=cameo.id) if words.strip() else ""

    def _own(self, principal: Principal, cameo_id: str) -> Cameo:
        cameo = self.cameos.get(cameo_id)
        if cameo.owner != principal.id:
            raise NotFound("there is no such cameo")
        return cameo

    def _require_no_lease_of(self, principal: Principal, lease_id: str) -> None:
        for own in self.cameos.of_account(principal.id):
            if any(lease.id == lease_id for lease in self.leases.of(own.id)):
                self._require_another(principal, own)

    def _require_another(self, principal: Principal, cameo: Cameo) -> None:
        if _speaks_for(principal, cameo) and not self.one_person:
            raise Forbidden("this likeness is yours: another moderator decides about it")


def _require_moderator(principal: Principal) -> None:
    require_role(principal, Role.MODERATOR)
    require_scope(principal, Scope.MODERATE)


def _speaks_for(who: Principal, cameo: Cameo) -> bool:
    """Whether it is theirs, or of whom their account calls an end user: that is a name of the account's own choice."""
    return account_of(cameo.owner) == account_of(who.id)


def _appealable(steps: Sequence[EnrolmentDecision]) -> bool:
    """Whether the last step is the first refusal, and not long ago."""
    if not steps or steps[-1].step != "refused" or any(step.step == "appealed" for step in steps):
        return False
    return steps[-1].at + APPEAL_TERM > datetime.now(UTC)
