"""Everything a person may do about their own likeness, and what anyone may ask about a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.case import Case, Phase
from core.dispatch import hand_on
from core.errors import Conflict, Forbidden, NotFound, NotNow
from core.events import Resumed
from core.ports import Bus, Ledger, Texts, Vault
from pipeline.cascade import Cascades
from pipeline.people import Person, Role
from registry.cameos import Cameo, PostgresCameos
from registry.cascades import CameDown, Cascade, PostgresCascades
from registry.consent_receipts import ConsentReceipt, PostgresConsentReceipts, Validity, digest
from registry.consents import PostgresConsents
from registry.leases import Lease, PostgresLeases, new_lease
from registry.notices import Notice, PostgresNotices
from registry.owner_answers import PostgresOwnerAnswers
from registry.receipt_keys import ReceiptKeys
from registry.templates import PostgresTemplates
from registry.terms import BANS, PURPOSES, Terms
from registry.uses import PostgresUses, Used

if TYPE_CHECKING:
    from pipeline.cameo_review import CameoReview
    from pipeline.enrolment import Enrolment

__all__ = ["BANS", "MODERATORS", "PURPOSES", "CameoDesk", "LeaseAsked", "Registered", "Terms"]

MODERATORS = "role:moderator"
"""Stands for all moderators among those who are told something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Where what is known of people lies."""

    cameos: PostgresCameos
    leases: PostgresLeases
    consents: PostgresConsents
    receipts: PostgresConsentReceipts
    keys: ReceiptKeys
    uses: PostgresUses
    answers: PostgresOwnerAnswers
    notices: PostgresNotices
    cascades: PostgresCascades
    templates: PostgresTemplates


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseAsked:
    """What an owner allows. `holder` is an account, `*` for everyone or `~` for mutuals; `words` are limits in the
    owner's own words, which a person makes rules of before anything is made under the lease."""

    holder: str
    until: datetime | None = None
    face: bool = True
    voice: bool = False
    terms: Terms = field(default_factory=Terms)
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameoDesk:
    """An owner's side of the desk. Whether a cameo exists is nobody else's business: others get NotFound."""

    at: Registered
    ledger: Ledger
    bus: Bus
    vault: Vault
    texts: Texts
    cascade: Cascades
    enrolment: Enrolment
    review: CameoReview

    # -- who is enrolled, and what they allow

    def mine(self, who: Person) -> Sequence[Cameo]:
        """The person's own cameos, and those whom they stand for."""
        return self.at.cameos.of(who.id)

    def cameo(self, who: Person, handle: str) -> Cameo:
        """By handle or id, for its owner and for moderators. Raises NotFound."""
        found = self.at.cameos.named(handle)
        if found is None or (found.owner != who.id and not who.has(Role.MODERATOR)):
            raise NotFound("there is no such cameo of yours")
        return found

    def leases(self, who: Person, handle: str) -> Sequence[Lease]:
        """All leases, ended ones too, the oldest first."""
        return self.at.leases.of(self.cameo(who, handle).id)

    def receipts(self, who: Person, handle: str) -> Sequence[ConsentReceipt]:
        """All receipts, in order."""
        return self.at.receipts.of_cameo(self.cameo(who, handle).id)

    def lease(self, who: Person, handle: str, asked: LeaseAsked) -> tuple[Lease, ConsentReceipt]:
        """Allow something. Raises BadInput, NotNow."""
        cameo = self._own(who, handle)
        return self.at.consents.grant(self._made(cameo, asked), by=who.id)

    def change(self, who: Person, lease_id: str, asked: LeaseAsked) -> tuple[Lease, ConsentReceipt]:
        """Allow something else instead; what is not covered any more comes down. Raises NotFound, NotNow, BadInput."""
        cameo = self._whose(who, lease_id)
        done = self.at.consents.change(lease_id, self._made(cameo, asked), by=who.id)
        self.cascade.run()
        return done

    def revoke(self, who: Person, lease_id: str) -> ConsentReceipt:
        """Take a lease back: it counts at once, and what rested on it comes down now. Twice is once."""
        self._whose(who, lease_id)
        given = self.at.consents.revoke(lease_id, by=who.id)
        self.cascade.run()
        return given or self.at.receipts.of_lease(lease_id)[-1]

    def know(self, who: Person, other: str, *, known: bool = True) -> None:
        """Say that you know an account, or no longer: two who say it of each other are mutuals."""
        self.at.cameos.know(who.id, other, known=known)

    # -- what is made with it

    def uses(self, who: Person, handle: str) -> Sequence[Used]:
        """Every video that shows them, drafts and remixes included, the newest first."""
        return self.at.uses.of(self.cameo(who, handle).id)

    def draft(self, who: Person, handle: str, case_id: str, to: Path) -> Path:
        """A video that shows them, published or not. Raises NotFound."""
        case = self._use(who, handle, case_id)
        made = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        if made is None:
            raise NotFound("there is no video yet")
        return self.vault.fetch(made, to)

    def approve(self, who: Person, handle: str, case_id: str) -> Case:
        """This draft is fine. The gate that waits for it judges again."""
        cameo, case = self._own(who, handle), self._use(who, handle, case_id)
        if case.rendered is None:
            raise NotNow("there is no draft yet that could be approved")
        self.at.answers.approve(case.id, cameo.id, case.rendered.asset.digest, by=who.id)
        if case.phase is Phase.HELD and case.faltered is None:
            case = self.ledger.append(case, [Resumed(by=who.id)])
            hand_on(case, self.bus)
        return case

    def veto(self, who: Person, handle: str, case_id: str) -> Sequence[CameDown]:
        """Not this one: it and everything made from it comes down, and cannot be made again from it."""
        cameo, case = self._own(who, handle), self._use(who, handle, case_id)
        name = self.at.consents.veto(cameo.id, case.id, by=who.id)
        self.cascade.run()
        return self.at.cascades.items(name)

    def report(self, who: Person, handle: str, case_id: str, *, note: str) -> None:
        """Ask moderators to look at a use. The note is kept with the case's texts, and erasable."""
        case = self._use(who, handle, case_id)
        self.texts.keep(note, case_id=case.id)
        self.at.notices.tell(MODERATORS, "reported", about=case.id, cameo=self.cameo(who, handle).id)

    def came_down(self, who: Person, handle: str) -> Sequence[tuple[Cascade, Sequence[CameDown]]]:
        """Reports of what came down and when, the newest first."""
        cameo = self.cameo(who, handle)
        return [(one, self.at.cascades.items(one.id)) for one in self.at.cascades.of(cameo.id)]

    # -- what is known of them

    def export(self, who: Person, handle: str) -> dict[str, Any]:
        """All that is kept about a person, for the person. Templates are named, and do not leave."""
        cameo = self._own(who, handle)
        asks = {one.id: self.texts.read(one.terms.asks) for one in self.leases(who, handle) if one.terms.asks}
        return {
            "cameo": cameo,
            "leases": self.leases(who, handle),
            "limits_in_own_words": asks,
            "receipts": self.receipts(who, handle),
            "uses": self.uses(who, handle),
            "reports": [{"cascade": one, "down": items} for one, items in self.came_down(who, handle)],
            "notices": self.at.notices.of(who.id),
            "templates": [{"kind": kind, "model": model} for kind, model in self.at.templates.kept(cameo.id)],
            "enrolments": self.enrolment.kept(who),
        }

    def erase(self, who: Person, handle: str) -> ConsentReceipt:
        """Erase all that is known of a person, and take down what shows them. The log stays, and names nobody."""
        return self.destroy(self._own(who, handle), by=who.id)

    def destroy(self, cameo: Cameo, *, by: str) -> ConsentReceipt:
        """Erase a cameo, whoever asked: its owner, or the schedule. Interrupted, it is finished by the next sweep."""
        given = self.at.consents.erase(cameo.id, by=by)
        self.sweep_erased()
        self.cascade.run()
        return given

    def sweep_erased(self) -> None:
        """Destroy the keys, words and takes of those who are erased, and note that nothing is left."""
        for cameo in self.at.cameos.undestroyed():
            self.at.templates.destroy(cameo.id)
            self.texts.erase(case_id=cameo.id)
            self.enrolment.forget(cameo)
            self.at.cameos.destroyed(cameo.id)

    def notices(self, who: Person) -> Sequence[Notice]:
        """What the person was told, the newest first; a moderator is told what moderators are told."""
        found = [*self.at.notices.of(who.id), *(self.at.notices.of(MODERATORS) if who.has(Role.MODERATOR) else ())]
        return sorted(found, key=lambda one: -one.key)

    # -- for anyone

    def valid(self, receipt: str) -> Validity:
        """Does what a receipt says still hold? By the receipt itself, whose signature is checked, or its SHA-256."""
        if "." in receipt:
            self.at.keys.check(receipt)
            receipt = digest(receipt)
        return self.at.receipts.validity(receipt, datetime.now(UTC))

    def keys(self) -> dict[str, Any]:
        """The public keys with which receipts are signed, as a JWK set."""
        return self.at.keys.published()

    # -- private

    def _own(self, who: Person, handle: str) -> Cameo:
        found = self.cameo(who, handle)
        if found.owner != who.id:
            raise Forbidden("only the person, or who stands for them, can do this")
        return found

    def _whose(self, who: Person, lease_id: str) -> Cameo:
        lease = next(
            (one for cameo in self.mine(who) for one in self.at.leases.of(cameo.id) if one.id == lease_id), None
        )
        if lease is None:
            raise NotFound("there is no such lease of yours")
        return self.at.cameos.get(lease.handle)

    def _use(self, who: Person, handle: str, case_id: str) -> Case:
        if case_id not in {one.case_id for one in self.uses(who, handle)}:
            raise NotFound("there is no such video that shows them")
        return self.ledger.load(case_id)

    def _made(self, cameo: Cameo, asked: LeaseAsked) -> Lease:
        if asked.terms.asks or asked.terms.reviewed or asked.terms.watched:
            raise Conflict("limits in words are given as words, and made rules of by somebody else")
        asks = self.texts.keep(asked.words, case_id=cameo.id) if asked.words.strip() else ""
        terms = replace(asked.terms, asks=asks)
        return new_lease(cameo.id, asked.holder, until=asked.until, face=asked.face, voice=asked.voice, terms=terms)
