"""What rights holders register, and what they allow: works, terms, licences and their receipts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from core.errors import BadInput, Forbidden, NotFound
from core.roles import Principal, Role, Scope, require_role, require_scope
from pipeline.rights.common_names import needs_a_person
from registry.consent.leases import EVERYONE
from registry.consent.notices import MODERATORS_ADDRESS, PostgresNotices
from registry.rights.licence_receipts import LicenceReceipt, PostgresLicenceReceipts
from registry.rights.licence_service import PostgresLicenceService
from registry.rights.registered_works import LICENSABLE_KINDS, PostgresWorks, RegisteredWork
from registry.rights.rights_holders import PostgresRightsHolders
from registry.rights.work_images import PostgresWorkImages
from registry.rights.work_licences import PostgresWorkLicences, WorkLicence, new_licence

MAX_DRAFTS = 50  # works of a holder whom nobody has verified
MAX_WORKS = 5000  # of any holder


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceRequest:
    """What a holder allows: to an account or `*`, for purposes and in countries (none: any), as parody or not."""

    licensee: str
    purposes: tuple[str, ...] = ()
    parody: str = "allowed"
    territory: tuple[str, ...] = ()
    until: datetime | None = None


class AccountNames(Protocol):
    """Which accounts there are."""

    def exists(self, account: str) -> bool:
        """Whether there is such an account, and it is not closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderWorks:
    """A holder's side of the registry. Another account's works are not there: NotFound, also for operators' own.

    `one_person`: nobody else is there who could decide about works of whoever decides.
    """

    works: PostgresWorks
    images: PostgresWorkImages
    licences: PostgresWorkLicences
    signed: PostgresLicenceReceipts
    service: PostgresLicenceService
    holders: PostgresRightsHolders
    notices: PostgresNotices
    accounts: AccountNames
    one_person: bool

    # -- works

    def own(self, who: Principal) -> Sequence[RegisteredWork]:
        """The account's works, drafts too."""
        require_scope(who, Scope.READ, Scope.MANAGE)
        return [work for work in self.works.with_drafts() if work.holder == who.id]

    def work(self, who: Principal, work_id: str) -> RegisteredWork:
        """A work of this account, or any for an operator. Raises NotFound."""
        require_scope(who, Scope.READ, Scope.MANAGE)
        work = next((one for one in self.works.with_drafts() if one.id == work_id), None)
        if work is None or not (who.has(Role.OPERATOR) or (work.holder and work.holder == who.id)):
            raise NotFound("there is no such work of yours")
        return work

    def held_work(self, who: Principal, work_id: str) -> RegisteredWork:
        """A work of this very account, whatever its roles: nobody else learns what is made with it. Raises NotFound."""
        work = self.work(who, work_id)
        if work.holder != who.id:
            raise NotFound("there is no such work of yours")
        return work

    def register(self, who: Principal, *, kind: str, names: Sequence[str], description: str = "") -> RegisteredWork:
        """Register a work: looked for at once where the holder is verified, else a draft. Raises BadInput, Forbidden.

        A name that another holder has registered makes it a draft too, and a single word, common words, and the name
        of a work that was suspended: a moderator decides.
        """
        require_role(who, Role.RIGHTS_HOLDER)
        require_scope(who, Scope.MANAGE)
        if kind not in LICENSABLE_KINDS:
            raise BadInput(f"register one of: {', '.join(LICENSABLE_KINDS)}", param="kind")
        work = RegisteredWork(
            id=f"work_{secrets.token_hex(8)}",
            kind=kind,
            names=_names(names),
            description=description.strip(),
            holder=who.id,
            is_stated=False,
            active=False,
        )
        verified, mine = self.holders.is_verified(who.id), self.own(who)
        if any((one.kind, one.names[0].casefold()) == (kind, work.names[0].casefold()) for one in mine):
            raise BadInput("You have registered this name already: add to the work that is there.", param="names")
        if len(mine) >= (MAX_WORKS if verified else MAX_DRAFTS):
            raise BadInput("you have registered as many works as you can" if verified else _TOO_MANY_DRAFTS)
        return self._kept(work, verified=verified)

    def describe(self, who: Principal, work_id: str, *, names: Sequence[str], description: str) -> RegisteredWork:
        """Give a work other names and another description. Raises NotFound, BadInput."""
        require_scope(who, Scope.MANAGE)
        known = self.work(who, work_id)
        work = replace(known, names=_names(names), description=description.strip())
        vouched = who.has(Role.OPERATOR) and (who.id != known.holder or self.one_person)
        kept = self._kept(work, verified=self.holders.is_verified(known.holder) or vouched, vouched=vouched)
        if known.active and not kept.active:
            self.notices.notify(MODERATORS_ADDRESS, "work_waits", about=work.id)
        return kept

    def remove(self, who: Principal, work_id: str) -> None:
        """Forget a work, its pictures and its licences. Their receipts stay, and no longer hold. Raises NotFound."""
        require_scope(who, Scope.MANAGE)
        work = self.work(who, work_id)
        self.images.destroy(work.id)
        self.works.remove(work.id)

    def set_active(self, who: Principal, work_id: str, *, active: bool) -> None:
        """Look for a work, or no longer: for moderators and operators. Its holder is told. Raises NotFound.

        Nobody decides about a work of their own, nor about one that has a name of theirs: Forbidden.
        """
        require_role(who, Role.MODERATOR, Role.OPERATOR)
        require_scope(who, Scope.MODERATE, Scope.MANAGE)
        work = next((one for one in self.works.with_drafts() if one.id == work_id), None)
        if work is None:
            raise NotFound(f"no work {work_id} is registered")
        if not self.one_person and any(
            own.holder == who.id and work.plain_names & own.plain_names for own in self.works.with_drafts()
        ):
            raise Forbidden("this work is yours, or has the name of one of yours: somebody else decides")
        self.works.judge_names(work, suspended=not active)
        if self.works.set_active([work_id], active=active) and work.holder:
            self.notices.notify(work.holder, "work_active" if active else "work_suspended", about=work_id)

    # -- what is allowed

    def state_terms(self, who: Principal, work_id: str, terms: str) -> LicenceReceipt:
        """Forbid, ask me, or allow: what holds where no licence does. Raises NotFound, BadInput."""
        require_scope(who, Scope.MANAGE)
        return self.service.state_terms(self.work(who, work_id).id, terms, by=who.id)

    def licences_of(self, who: Principal, work_id: str) -> Sequence[WorkLicence]:
        """All licences of a work, revoked ones too, the oldest first."""
        return self.licences.of(self.work(who, work_id).id)

    def grant(self, who: Principal, work_id: str, request: LicenceRequest) -> tuple[WorkLicence, LicenceReceipt]:
        """Allow something. Raises NotFound, BadInput."""
        require_scope(who, Scope.MANAGE)
        licence = self._licence(self.work(who, work_id), request)
        return licence, self.service.grant(licence, by=who.id)

    def change(
        self, who: Principal, work_id: str, licence_id: str, request: LicenceRequest
    ) -> tuple[WorkLicence, LicenceReceipt]:
        """Allow something else instead. Raises NotFound, NotNow, BadInput."""
        require_scope(who, Scope.MANAGE)
        self._own_licence(who, work_id, licence_id)
        licence = replace(self._licence(self.work(who, work_id), request), replaces=licence_id)
        return licence, self.service.change(licence_id, licence, by=who.id)

    def revoke(self, who: Principal, work_id: str, licence_id: str) -> LicenceReceipt:
        """Take a licence back: it stops what is not published yet. Twice is once. Raises NotFound."""
        require_scope(who, Scope.MANAGE)
        self._own_licence(who, work_id, licence_id)
        return self.service.revoke(licence_id, by=who.id) or self.signed.of_licence(licence_id)[-1]

    def receipts(self, who: Principal, work_id: str) -> Sequence[LicenceReceipt]:
        """All receipts about a work, in order."""
        return self.signed.of_work(self.work(who, work_id).id)

    # -- private

    def _kept(self, work: RegisteredWork, *, verified: bool, vouched: bool = False) -> RegisteredWork:
        """Store it: looked for if its holder is verified, and nothing about its names waits for a person."""
        known = self.works.with_drafts()
        before = next((one for one in known if one.id == work.id), None)
        may_be = verified and (before is None or before.active) and not is_taken_by_others(work, known)
        work = replace(work, active=may_be and (vouched or not self._waits_for_a_person(work, before)))
        self.works.put([work])
        if verified and not work.active:
            self.notices.notify(MODERATORS_ADDRESS, "work_waits", about=work.id)
        return work

    def _waits_for_a_person(self, work: RegisteredWork, before: RegisteredWork | None) -> bool:
        looked_at = before.plain_names if before else frozenset()
        new = replace(work, names=fresh) if (fresh := tuple(_new_names(work, looked_at))) else None
        return new is not None and (any(map(needs_a_person, new.names)) or self.works.has_suspended_name(new))

    def _licence(self, work: RegisteredWork, request: LicenceRequest) -> WorkLicence:
        if request.until is not None and request.until.tzinfo is not None and request.until <= datetime.now(UTC):
            raise BadInput("the end of this licence is past", param="until")
        if request.licensee != EVERYONE and not self.accounts.exists(request.licensee.strip()):
            raise BadInput("there is no such account: name one, or everyone", param="licensee")
        return new_licence(
            work.id,
            request.licensee,
            purposes=request.purposes,
            parody=request.parody,
            territory=request.territory,
            until=request.until,
        )

    def _own_licence(self, who: Principal, work_id: str, licence_id: str) -> None:
        if licence_id not in {one.id for one in self.licences_of(who, work_id)}:
            raise NotFound("there is no such licence of this work")


_TOO_MANY_DRAFTS = f"before you are verified you can register {MAX_DRAFTS} works"


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _new_names(work: RegisteredWork, looked_at: frozenset[str]) -> list[str]:
    return [name for name in work.names if not replace(work, names=(name,)).plain_names <= looked_at]


def is_taken_by_others(work: RegisteredWork, known: Sequence[RegisteredWork]) -> bool:
    """Whether another holder has an active work of one of these names."""
    return any(one.active and one.holder != work.holder and one.plain_names & work.plain_names for one in known)
