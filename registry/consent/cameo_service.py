"""Everything a person may do about their own likeness, and what anyone may ask about a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import Conflict, Forbidden, NotFound, NotNow
from core.events import Resumed
from core.ports import BlobStore, Bus, Ledger, TextStore
from core.roles import Principal, Role
from registry.consent.biometric_templates import PostgresBiometricTemplates
from registry.consent.cameos import ACTIVE, Cameo, PostgresCameos
from registry.consent.consent_receipts import ConsentReceipt, PostgresConsentReceipts, ReceiptValidity, receipt_digest
from registry.consent.consent_service import PostgresConsentService
from registry.consent.lease_terms import BANNED_TOPICS, PURPOSES, LeaseTerms
from registry.consent.leases import Lease, PostgresLeases, new_lease
from registry.consent.likeness_uses import LikenessUse, PostgresLikenessUses
from registry.consent.notices import Notice, PostgresNotices
from registry.consent.owner_decisions import PostgresOwnerDecisions
from registry.consent.receipt_signing import ReceiptSigner
from registry.consent.takedown import TakedownService
from registry.consent.takedown_store import PostgresTakedowns, Takedown, TakenDownCase

if TYPE_CHECKING:
    from registry.consent.cameo_review import CameoReview
    from registry.consent.enrolment_service import EnrolmentService

__all__ = [
    "BANNED_TOPICS",
    "MODERATORS_ADDRESS",
    "PURPOSES",
    "CameoService",
    "ConsentStores",
    "LeaseRequest",
    "LeaseTerms",
]

MODERATORS_ADDRESS = "role:moderator"
"""Means all moderators as the recipient of a notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentStores:
    """The stores of what is known of people."""

    cameos: PostgresCameos
    leases: PostgresLeases
    consents: PostgresConsentService
    receipts: PostgresConsentReceipts
    keys: ReceiptSigner
    uses: PostgresLikenessUses
    answers: PostgresOwnerDecisions
    notices: PostgresNotices
    cascades: PostgresTakedowns
    templates: PostgresBiometricTemplates


class AccountDirectory(Protocol):
    """Which accounts there are."""

    def exists(self, account: str) -> bool:
        """Whether there is such an account, and it is not closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """What an owner allows. `holder` is an account, `*` for everyone or `~` for mutuals; `words` are limits in the
    owner's own words, which a person makes rules of before anything is made under the lease."""

    holder: str
    until: datetime | None = None
    face: bool = True
    voice: bool = False
    terms: LeaseTerms = field(default_factory=LeaseTerms)
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameoService:
    """An owner's side of the service. Other accounts do not learn whether a cameo exists: they get NotFound."""

    stores: ConsentStores
    ledger: Ledger
    bus: Bus
    blob_store: BlobStore
    texts: TextStore
    takedown_service: TakedownService
    enrolment: EnrolmentService
    review: CameoReview
    accounts: AccountDirectory

    # -- who is enrolled, and what they allow

    def own_cameos(self, principal: Principal) -> Sequence[Cameo]:
        """The person's own cameos, and those of people whom they represent."""
        return self.stores.cameos.of(principal.id)

    def cameo(self, principal: Principal, handle: str) -> Cameo:
        """By handle or id, for its owner and for moderators. Raises NotFound."""
        cameo = self.stores.cameos.by_handle(handle)
        if cameo is None or (cameo.owner != principal.id and not principal.has(Role.MODERATOR)):
            raise NotFound("there is no such cameo of yours")
        return cameo

    def usable(self, who: Principal, handle: str) -> Cameo:
        """By handle or id, for its owner and for whom it has a lease in force. Raises NotFound."""
        found = self.stores.cameos.by_handle(handle)
        if found is None or not (found.owner == who.id or self._allows(found, who)):
            raise NotFound("there is no character of that name that you may use")
        return found

    def leases(self, who: Principal, handle: str) -> Sequence[Lease]:
        """All leases, ended ones too, the oldest first."""
        return self.stores.leases.of(self.cameo(who, handle).id)

    def receipts(self, principal: Principal, handle: str) -> Sequence[ConsentReceipt]:
        """All receipts, in order."""
        return self.stores.receipts.of_cameo(self.cameo(principal, handle).id)

    def lease(self, principal: Principal, handle: str, request: LeaseRequest) -> tuple[Lease, ConsentReceipt]:
        """Allow something. Raises BadInput, NotNow."""
        cameo = self._own(principal, handle)
        return self.stores.consents.grant(self._build_lease(cameo, request), by=principal.id)

    def change(self, principal: Principal, lease_id: str, request: LeaseRequest) -> tuple[Lease, ConsentReceipt]:
        """Allow something else instead; what is not covered any more comes down. Raises NotFound, NotNow, BadInput."""
        cameo = self._cameo_of_lease(principal, lease_id)
        changed = self.stores.consents.change(lease_id, self._build_lease(cameo, request), by=principal.id)
        self.takedown_service.run()
        return changed

    def revoke(self, principal: Principal, lease_id: str) -> ConsentReceipt:
        """Take a lease back: it counts at once, and what rested on it comes down now. Twice is once."""
        self._cameo_of_lease(principal, lease_id)
        receipt = self.stores.consents.revoke(lease_id, by=principal.id)
        self.takedown_service.run()
        return receipt or self.stores.receipts.of_lease(lease_id)[-1]

    def know(self, principal: Principal, other: str, *, known: bool = True) -> None:
        """Say that you know an account, or no longer: two who say it of each other are mutuals.

        Raises NotFound for an account that is not there: who opens it later would be known without having been meant.
        """
        if known and not self.accounts.exists(other):
            raise NotFound("there is no such account")
        self.stores.cameos.know(principal.id, other, known=known)

    # -- what is made with it

    def shows(self, who: Principal, case: Case) -> bool:
        """Whether a case names a cameo of this account, or is made from one that does, however far back."""
        own, request = {cameo.id for cameo in self.own_cameos(who)}, case.request
        if not own or own & set(request.cameos):
            return bool(own)
        references = [asset.digest for asset in request.references]
        ancestors = self.stores.uses.ancestors(case.id, request.parent, references, request.copies)
        return any(own & set(ancestor.cameos) for ancestor in ancestors)

    def uses(self, principal: Principal, handle: str) -> Sequence[LikenessUse]:
        """Every video that shows them, drafts and remixes included, the newest first."""
        return self.stores.uses.of(self.cameo(principal, handle).id)

    def fetch_use(self, principal: Principal, handle: str, case_id: str, to: Path) -> Path:
        """A video that shows them, published or not. Raises NotFound."""
        case = self._use(principal, handle, case_id)
        asset = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        if asset is None:
            raise NotFound("there is no video yet")
        return self.blob_store.fetch(asset, to)

    def approve(self, principal: Principal, handle: str, case_id: str) -> Case:
        """This draft is fine. The gate that waits for it judges again."""
        cameo, case = self._own(principal, handle), self._use(principal, handle, case_id)
        if case.rendered is None:
            raise NotNow("there is no draft yet that could be approved")
        self.stores.answers.approve(case.id, cameo.id, case.rendered.asset.digest, by=principal.id)
        if case.phase is Phase.HELD and not case.held_by_failure:
            case = self.ledger.append(case, [Resumed(by=principal.id)])
            hand_on(case, self.bus)
        return case

    def veto(self, principal: Principal, handle: str, case_id: str) -> Sequence[TakenDownCase]:
        """Not this one: it and everything made from it comes down, and cannot be made again from it."""
        cameo, case = self._own(principal, handle), self._use(principal, handle, case_id)
        name = self.stores.consents.veto(cameo.id, case.id, by=principal.id)
        self.takedown_service.run()
        return self.stores.cascades.items(name)

    def report(self, principal: Principal, handle: str, case_id: str, *, note: str) -> None:
        """Ask moderators to look at a use. The note is kept with the case's texts, and erasable."""
        case = self._use(principal, handle, case_id)
        self.texts.put(note, case_id=case.id)
        self.stores.notices.notify(
            MODERATORS_ADDRESS, "reported", about=case.id, cameo=self.cameo(principal, handle).id
        )

    def takedown_reports(self, principal: Principal, handle: str) -> Sequence[tuple[Takedown, Sequence[TakenDownCase]]]:
        """Reports of what came down and when, the newest first."""
        cameo = self.cameo(principal, handle)
        return [(takedown, self.stores.cascades.items(takedown.id)) for takedown in self.stores.cascades.of(cameo.id)]

    # -- what is known of them

    def export(self, who: Principal, handle: str) -> dict[str, object]:
        """All that is kept about a person, for the person. Templates are named, and do not leave."""
        cameo = self._own(who, handle)
        asks = {one.id: self.texts.read(one.terms.asks) for one in self.leases(who, handle) if one.terms.asks}
        return {
            "cameo": cameo,
            "leases": self.leases(who, handle),
            "limits_in_own_words": asks,
            "receipts": self.receipts(who, handle),
            "uses": self.uses(who, handle),
            "reports": [{"cascade": one, "down": items} for one, items in self.takedown_reports(who, handle)],
            "notices": self.stores.notices.of(who.id),
            "templates": [{"kind": kind, "model": model} for kind, model in self.stores.templates.kept(cameo.id)],
            "enrolments": self.enrolment.own_challenges(who),
        }

    def erase(self, principal: Principal, handle: str) -> ConsentReceipt:
        """Erase all that is known of a person, and take down what shows them. The log remains, and names nobody."""
        return self.destroy(self._own(principal, handle), by=principal.id)

    def destroy(self, cameo: Cameo, *, by: str) -> ConsentReceipt:
        """Erase a cameo, for its owner or by the schedule. If interrupted, the next sweep finishes it."""
        receipt = self.stores.consents.erase(cameo.id, by=by)
        self.finish_erasures()
        self.takedown_service.run()
        return receipt

    def finish_erasures(self) -> None:
        """Destroy the keys, words and takes of those who are erased, and note that nothing is left."""
        for cameo in self.stores.cameos.pending_destruction():
            self.stores.templates.destroy(cameo.id)
            self.texts.erase(case_id=cameo.id)
            self.enrolment.forget(cameo)
            self.stores.cameos.mark_destroyed(cameo.id)

    def notices(self, principal: Principal) -> Sequence[Notice]:
        """The person's notices, the newest first; a moderator also gets those for moderators."""
        notices = [
            *self.stores.notices.of(principal.id),
            *(self.stores.notices.of(MODERATORS_ADDRESS) if principal.has(Role.MODERATOR) else ()),
        ]
        return sorted(notices, key=lambda one: -one.key)

    # -- for anyone

    def receipt_validity(self, receipt: str) -> ReceiptValidity:
        """Does what a receipt says still hold? By the receipt itself, whose signature is checked, or its SHA-256."""
        if "." in receipt:
            self.stores.keys.verify_receipt(receipt)
            receipt = receipt_digest(receipt)
        return self.stores.receipts.validity(receipt, datetime.now(UTC))

    def keys(self) -> dict[str, object]:
        """The public keys with which receipts are signed, as a JWK set."""
        return self.stores.keys.public_jwks()

    # -- private

    def _allows(self, cameo: Cameo, who: Principal) -> bool:
        leases, now = self.stores.leases.of(cameo.id), datetime.now(UTC)
        return cameo.state == ACTIVE and any(one.holder in (who.id, "*") and one.in_force(now) for one in leases)

    def _own(self, who: Principal, handle: str) -> Cameo:
        found = self.cameo(who, handle)
        if found.owner != who.id:
            raise Forbidden("only the person, or who stands for them, can do this")
        return found

    def _cameo_of_lease(self, principal: Principal, lease_id: str) -> Cameo:
        lease = next(
            (
                item
                for cameo in self.own_cameos(principal)
                for item in self.stores.leases.of(cameo.id)
                if item.id == lease_id
            ),
            None,
        )
        if lease is None:
            raise NotFound("there is no such lease of yours")
        return self.stores.cameos.get(lease.handle)

    def _use(self, principal: Principal, handle: str, case_id: str) -> Case:
        if case_id not in {use.case_id for use in self.uses(principal, handle)}:
            raise NotFound("there is no such video that shows them")
        return self.ledger.load(case_id)

    def _build_lease(self, cameo: Cameo, request: LeaseRequest) -> Lease:
        if request.terms.asks or request.terms.reviewed or request.terms.watched:
            raise Conflict("limits in words are given as words; a moderator makes rules of them")
        asks = self.texts.put(request.words, case_id=cameo.id) if request.words.strip() else ""
        terms = replace(request.terms, asks=asks)
        return new_lease(
            cameo.id, request.holder, until=request.until, face=request.face, voice=request.voice, terms=terms
        )
