"""Everything a person may do about their own likeness, and what anyone may ask about a receipt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import BadInput, Conflict, Erased, Forbidden, NotFound, NotNow
from core.events import Resumed
from core.ports import BlobStore, Bus, Ledger, TextStore
from core.roles import Principal, Role
from registry.consent.cameos import ACTIVE, Cameo
from registry.consent.consent_receipts import ConsentReceipt, ReceiptValidity, receipt_digest
from registry.consent.consent_stores import AccountDirectory, ConsentStores, OtherReceipts
from registry.consent.end_users import account_of
from registry.consent.lease_terms import BANNED_TOPICS, PURPOSES, LeaseTerms
from registry.consent.leases import EVERYONE, MUTUALS, Lease, new_lease
from registry.consent.likeness_uses import LikenessUse, recognised_cameos
from registry.consent.notices import MODERATORS_ADDRESS, Notice
from registry.consent.portal.safe_leases import LeaseScope, wide_points
from registry.consent.takedown import TakedownService
from registry.consent.takedown_store import Takedown, TakenDownCase

if TYPE_CHECKING:
    from registry.consent.cameo_review import CameoReview
    from registry.consent.end_users import EndUserKey
    from registry.consent.enrolment_inspection import EnrolmentInspection
    from registry.consent.enrolment_service import EnrolmentService
    from registry.consent.found.found_desk import FoundDesk
    from registry.consent.portal.owner_portal import OwnerPortal
    from registry.consent.requests.request_desk import ConsentRequestDesk

__all__ = [
    "BANNED_TOPICS",
    "MODERATORS_ADDRESS",
    "PURPOSES",
    "CameoService",
    "ConsentStores",
    "LeaseRequest",
    "LeaseTerms",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """What an owner allows. `holder` is an account, `*` for everyone or `~` for mutuals; `words` are limits in the
    owner's own words, which a person makes rules of before anything is made under the lease. `confirmed`: the owner
    said that they mean it, where it is wide (`wide_points`); whoever passes on what an owner asks says what they said.

    `end_user` is what the account calls the one of its users who may; without it every user of the account may.
    """

    holder: str
    end_user: str = ""
    until: datetime | None = None
    face: bool = True
    voice: bool = False
    terms: LeaseTerms = field(default_factory=LeaseTerms)
    words: str = ""
    confirmed: bool = True


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
    inspection: EnrolmentInspection
    accounts: AccountDirectory
    portal: OwnerPortal
    requests: ConsentRequestDesk
    found: FoundDesk
    end_users: EndUserKey
    is_sealed: Callable[[Case], bool]
    other_receipts: OtherReceipts | None = None

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
        """Allow something. Raises BadInput, NotNow; Conflict for what is wide and was not confirmed."""
        cameo = self._own(principal, handle)
        granted = self.stores.consents.grant(self._build_lease(cameo, request), by=principal.id)
        self._ask_for_review(granted[0])
        return granted

    def change(self, principal: Principal, lease_id: str, request: LeaseRequest) -> tuple[Lease, ConsentReceipt]:
        """Allow something else instead; what is not covered any more comes down. Raises NotFound, NotNow, BadInput."""
        cameo = self._cameo_of_lease(principal, lease_id)
        changed = self.stores.consents.change(lease_id, self._build_lease(cameo, request), by=principal.id)
        self._ask_for_review(changed[0])
        self.takedown_service.run()
        return changed

    def revoke(self, principal: Principal, lease_id: str, *, wait: bool = True) -> ConsentReceipt:
        """Take a lease back: it counts at once, and what rested on it comes down now. Twice is once.

        Without `wait` what comes down does so in the next `portal.run_takedowns`: for pages that show how it goes.
        """
        self._cameo_of_lease(principal, lease_id)
        receipt = self.stores.consents.revoke(lease_id, by=principal.id)
        if wait:
            self.takedown_service.run()
        return receipt or self.stores.receipts.of_lease(lease_id)[-1]

    def know(self, principal: Principal, other: str, *, known: bool = True, wait: bool = True) -> None:
        """Say that you know an account, or no longer: two who say it of each other are mutuals.

        Where they were, what either made under a permission for mutuals comes down then; `wait` as in `revoke`.
        Raises NotFound for an account that is not there: who opens it later would be known without having been meant.
        """
        if known and not self.accounts.exists(account_of(other)):
            raise NotFound("there is no such account")
        if known:
            self.stores.cameos.know(principal.id, other)
        else:
            self.portal.forget(principal, other, wait=wait)

    # -- what is made with it

    def shows(self, who: Principal, case: Case) -> bool:
        """Whether a case names a cameo of this account or of an end user of it, or its finished video shows one, or it
        is made from such a case, however far back."""
        own, request = {cameo.id for cameo in self.stores.cameos.of_account(who.id)}, case.request
        if not own or own & set(request.cameos) or (case.sealed and own & recognised_cameos(case)):
            return bool(own)
        references = [asset.digest for asset in request.references]
        ancestors = self.stores.uses.ancestors(case.id, request.parent, references, request.copies)
        return any(own & {*ancestor.cameos, *ancestor.recognised} for ancestor in ancestors)

    def uses(self, principal: Principal, handle: str) -> Sequence[LikenessUse]:
        """Every video that shows them, drafts and remixes included, the newest first; none before they are enrolled."""
        cameo = self.cameo(principal, handle)
        return self.stores.uses.of(cameo.id) if cameo.state == ACTIVE else ()

    def fetch_use(self, principal: Principal, handle: str, case_id: str, to: Path) -> Path:
        """A video that shows them, published or not. Raises NotFound."""
        case = self._use(principal, handle, case_id)
        if self.is_sealed(case):
            raise NotFound("nobody may view this video")
        asset = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        if asset is None:
            raise NotFound("there is no video yet")
        return self.blob_store.fetch(asset, to)

    def approve(self, principal: Principal, handle: str, case_id: str, *, words: str = "", asset: str = "") -> Case:
        """This draft is fine. The gate that waits for it judges again. The maker reads `words`; they are erasable.

        `asset` is the digest of the draft that was watched: where there is another by now, NotNow.
        """
        cameo, case = self._own(principal, handle), self._use(principal, handle, case_id)
        if case.rendered is None:
            raise NotNow("there is no draft yet that could be approved")
        if self.is_sealed(case):
            raise NotNow("nobody may view this video")
        if asset and asset != case.rendered.asset.digest:
            raise NotNow("there is another draft by now: watch it first")
        note = self._keep_words(words, cameo)
        self.stores.answers.approve(case.id, cameo.id, case.rendered.asset.digest, by=principal.id, words=note)
        if case.phase is Phase.HELD and not case.held_by_failure:
            case = self.ledger.append(case, [Resumed(by=principal.id)])
            hand_on(case, self.bus)
        return case

    def veto(
        self, principal: Principal, handle: str, case_id: str, *, words: str = "", wait: bool = True
    ) -> Sequence[TakenDownCase]:
        """Not this one: it and everything made from it comes down, and cannot be made again from it.

        The maker reads `words`; they are erasable. `wait` as in `revoke`. Where it only seems to show them, and policy
        lets no such no act by itself, NotNow: moderators look, as FoundDesk.remove asks them to.
        """
        cameo, case = self._own(principal, handle), self._use(principal, handle, case_id)
        if not self.found.takes_a_no(cameo.id, case):
            raise NotNow("this video only seems to show you: ask for its removal, and moderators look at it")
        note = self._keep_words(words, cameo)
        name = self.stores.consents.veto(cameo.id, case.id, by=principal.id, words=note)
        if wait:
            self.takedown_service.run()
        return self.stores.cascades.items(name)

    def may_refuse(self, principal: Principal, handle: str, case_id: str) -> bool:
        """Whether this owner's no takes a video down by itself: it is of them, and does not only seem so to us."""
        return self.found.takes_a_no(self._own(principal, handle).id, self._use(principal, handle, case_id))

    def owner_words(self, principal: Principal, case_ids: Sequence[str]) -> dict[str, str]:
        """What owners wrote about those of these cases that this account made."""
        words = self.stores.answers.words(case_ids)
        own = [case_id for case_id in words if self.ledger.load(case_id).request.author == principal.id]
        return {case_id: text for case_id in own if (text := self._words(words[case_id]))}

    def report(self, principal: Principal, handle: str, case_id: str, *, note: str) -> None:
        """Ask moderators to look at a use. They read the note; it is erased with the cameo."""
        cameo, case = self.cameo(principal, handle), self._use(principal, handle, case_id)
        self.stores.answers.report(case.id, cameo.id, self.texts.put(note, case_id=cameo.id))
        self.stores.notices.notify(MODERATORS_ADDRESS, "reported", about=case.id, cameo=cameo.id)

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
            "uses": self.stores.uses.of(cameo.id, limit=None) if cameo.state == ACTIVE else (),
            "reports": [{"cascade": one, "down": items} for one, items in self.takedown_reports(who, handle)],
            "notices": self.stores.notices.of(who.id, limit=None),
            "known_accounts": self.portal.known(who),
            "blocked_accounts": self.portal.blocked(who),
            "templates": [{"kind": kind, "model": model} for kind, model in self.stores.templates.kept(cameo.id)],
            "proof": self._words(cameo.proof),
            "enrolment_steps": [
                {"step": step.step, "why": step.message, "at": step.at, "words": self._words(step.words)}
                for step in self.review.decisions.of(cameo.id)
            ],
            "enrolment_pictures": len(self.stores.enrolment_pictures.list(cameo.id)),
            "answers": [
                {"case_id": one.case_id, "answer": one.answer, "words": self._words(one.words), "at": one.at}
                for one in self.stores.answers.answers(cameo.id)
            ],
            "reported": [
                {
                    "case": one.case_id,
                    "words": self._words(one.words),
                    "at": one.at,
                    "answer": one.answer,
                    "reply": self._words(one.reply),
                }
                for one in self.stores.answers.reports(cameo.id)
            ],
            "enrolments": self.enrolment.own_challenges(who),
            "consent_requests": self.requests.exported(who, cameo),
            "found": self.found.exported(cameo.id),
        }

    def erase(self, principal: Principal, handle: str, *, wait: bool = True) -> ConsentReceipt:
        """Erase all that is known of a person, and take down what shows them. The log remains, and names nobody.

        `wait` as in `revoke`: what is known is gone either way.
        """
        return self.destroy(self._own(principal, handle), by=principal.id, wait=wait)

    def destroy(self, cameo: Cameo, *, by: str, wait: bool = True) -> ConsentReceipt:
        """Erase a cameo, for its owner or by the schedule. If interrupted, the next sweep finishes it."""
        receipt = self.stores.consents.erase(cameo.id, by=by)
        self.finish_erasures()
        if wait:
            self.portal.run_takedowns()
        return receipt

    def finish_erasures(self) -> None:
        """Destroy the keys, words and takes of those who are erased, and note that nothing is left."""
        for cameo in self.stores.cameos.pending_destruction():
            self.stores.templates.destroy(cameo.id)
            self.stores.enrolment_pictures.destroy(cameo.id)
            self.portal.erasures.count_texts(cameo.id, self.texts.erase(case_id=cameo.id))
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
        now = datetime.now(UTC)
        try:
            return self.stores.receipts.validity(receipt, now)
        except NotFound:
            if self.other_receipts is None:
                raise
        return self.other_receipts.validity(receipt, now)

    def keys(self) -> dict[str, object]:
        """The public keys with which receipts are signed, as a JWK set."""
        return self.stores.keys.public_jwks()

    # -- private

    def _words(self, text_id: str) -> str:
        try:
            return self.texts.read(text_id) if text_id else ""
        except Erased:
            return ""

    def _allows(self, cameo: Cameo, who: Principal) -> bool:
        leases, now = self.stores.leases.of(cameo.id), datetime.now(UTC)
        holders = (who.id, account_of(who.id), "*")
        blocked = any(one.account in holders for one in self.portal.people.blocked(cameo.owner))
        held = any(one.holder in holders and one.in_force(now) for one in leases)
        return cameo.state == ACTIVE and held and not blocked

    def _own(self, who: Principal, handle: str) -> Cameo:
        found = self.cameo(who, handle)
        if found.owner != who.id:
            raise Forbidden("only the person, or whoever speaks for them, can do this")
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
            raise NotFound("you gave no such permission")
        return self.stores.cameos.get(lease.handle)

    def _use(self, principal: Principal, handle: str, case_id: str) -> Case:
        cameo = self.cameo(principal, handle)
        if cameo.state != ACTIVE or not self.stores.uses.of(cameo.id, case_id=case_id):
            raise NotFound("we know of no such video of this person")
        return self.ledger.load(case_id)

    def _ask_for_review(self, lease: Lease) -> None:
        """Tell moderators that there are words to make rules of."""
        if lease.terms.unreviewed:
            self.stores.notices.notify(MODERATORS_ADDRESS, "wording_waits", about=lease.id)

    def _keep_words(self, words: str, cameo: Cameo) -> str:
        """The id of what an owner wrote, erased with the cameo; empty where they wrote nothing."""
        return self.texts.put(words.strip()[:4000], case_id=cameo.id) if words.strip() else ""

    def _build_lease(self, cameo: Cameo, request: LeaseRequest) -> Lease:
        if any(one.account == request.holder for one in self.portal.people.blocked(cameo.owner)):
            raise BadInput("you block this account: unblock it first", param="holder")
        scope = LeaseScope(holder=request.holder, until=request.until, terms=request.terms, owner=cameo.owner)
        if not request.confirmed and (points := wide_points(scope)):
            raise Conflict(f"confirm this: {' '.join(points)}")
        if request.terms.asks or request.terms.reviewed or request.terms.watched:
            raise Conflict("limits in words are given as words; a moderator makes rules of them")
        if request.until is not None and request.until.tzinfo is not None and request.until <= datetime.now(UTC):
            raise BadInput("this permission would end in the past: choose a later day")
        if request.end_user and request.holder in (EVERYONE, MUTUALS):
            raise BadInput("name the account whose end user this is", param="end_user")
        asks = self.texts.put(request.words, case_id=cameo.id) if request.words.strip() else ""
        terms = replace(request.terms, asks=asks)
        holder = self.end_users.named(request.holder, request.end_user)
        return new_lease(cameo.id, holder, until=request.until, face=request.face, voice=request.voice, terms=terms)
