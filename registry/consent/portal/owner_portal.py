"""An owner's portal: who may make videos of them, whom they know and block, what waits for them, how far a takedown
is, and the certificate once they are erased."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from core.case import Case
from core.errors import BadInput, Conflict, NotFound, NotNow
from core.ports import Ledger
from core.roles import Principal
from registry.consent.cameos import ACTIVE, ERASED, Cameo
from registry.consent.consent_stores import AccountDirectory, ConsentStores
from registry.consent.end_users import account_of
from registry.consent.lease_terms import LeaseTerms
from registry.consent.leases import Lease, new_lease
from registry.consent.leaving.end_user_erasures import PREFIX, PostgresEndUserErasures
from registry.consent.likeness_uses import LikenessUse
from registry.consent.portal.audiences import (
    AudiencePlan,
    AudienceRequest,
    LikenessAudience,
    audience_of,
    plan_audience,
)
from registry.consent.portal.erasures import CERTIFICATE_TYPE, Erasure, PostgresErasures
from registry.consent.portal.people import BlockedAccount, KnownAccount, PostgresPeople
from registry.consent.portal.safe_leases import DEFAULT_BANS, DEFAULT_PURPOSES, asks_each_time, default_end
from registry.consent.portal.takedown_progress import TakedownProgress, takedown_progress
from registry.consent.takedown import TakedownService


class LogProofs(Protocol):
    """Proofs that events are in the log that cannot be quietly edited."""

    def prove(self, case_ids: Sequence[str]) -> dict[str, object]:
        """The log's key, its newest signed head, and a proof for the last event of each of these cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseDetail:
    """One use as its page shows it. `draft`: nobody has published it. `waits`: for this owner's yes or no."""

    use: LikenessUse
    draft: bool
    watchable: bool
    waits: bool
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceChange:
    """What a choice of audience did: permissions granted, and the takedowns of those that ended."""

    audience: LikenessAudience
    granted: tuple[Lease, ...]
    takedowns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateValidity:
    """Whether a certificate was signed here and what it says is so. `state`: erased, or unknown to this database."""

    valid: bool
    state: str
    statement: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerPortal:
    """What an owner sees and sets. Other accounts do not learn whether a cameo exists: they get NotFound."""

    stores: ConsentStores
    people: PostgresPeople
    erasures: PostgresErasures
    end_users: PostgresEndUserErasures
    takedown_service: TakedownService
    ledger: Ledger
    accounts: AccountDirectory
    proofs: LogProofs
    is_sealed: Callable[[Case], bool]

    # -- who may make videos of them

    def audience(self, principal: Principal, handle: str) -> LikenessAudience:
        """The choice that the permissions in force amount to."""
        cameo = self._own(principal, handle)
        return audience_of(self.stores.leases.of(cameo.id), cameo.owner, datetime.now(UTC))

    def plan_audience(self, principal: Principal, handle: str, request: AudienceRequest) -> AudiencePlan:
        """What a choice would do. Raises BadInput."""
        cameo = self._own(principal, handle)
        return plan_audience(self.stores.leases.of(cameo.id), cameo.owner, request, datetime.now(UTC))

    def set_audience(
        self, principal: Principal, handle: str, request: AudienceRequest, *, wait: bool = True
    ) -> AudienceChange:
        """Choose who may make videos. What is granted is narrow. Without `wait` what comes down does so later.

        Raises BadInput, and Conflict where it has consequences that the owner did not confirm: they are the message.
        """
        cameo, plan = self._own(principal, handle), self.plan_audience(principal, handle, request)
        if plan.points and not request.confirmed:
            raise Conflict(f"confirm this: {' '.join(plan.points)}")
        for holder in plan.grant_to:
            self._require_account(holder)
            self._require_unblocked(cameo.owner, holder)
        granted = [self.stores.consents.grant(_narrow(cameo, holder), by=principal.id)[0] for holder in plan.grant_to]
        for lease in plan.end:
            self.stores.consents.revoke(lease.id, by=principal.id)
        ended = {lease.id for lease in plan.end}
        if wait:
            self.takedown_service.run()
        return AudienceChange(
            audience=request.audience,
            granted=tuple(granted),
            takedowns=tuple(one.id for one in self.stores.cascades.of(cameo.id) if one.lease in ended),
        )

    # -- whom they know and whom they block

    def known(self, principal: Principal) -> Sequence[KnownAccount]:
        """Whom this account says it knows, and who says so too."""
        return self.people.known(principal.id)

    def blocked(self, principal: Principal) -> Sequence[BlockedAccount]:
        """Whom this account blocks."""
        return self.people.blocked(principal.id)

    def block(self, principal: Principal, account: str, *, wait: bool = True) -> Sequence[str]:
        """No permission covers this account any more, and what it made of this owner's cameos comes down.

        An account is blocked with everybody who orders by it; a party that is one of its end users, alone. Gives the
        ids of the takedowns. Twice is once. Raises NotFound, BadInput.
        """
        if account == principal.id:
            raise BadInput("you cannot block yourself", param="account")
        if not self.accounts.exists(account_of(account)):  # everybody and mutuals are no account either
            raise NotFound(f"nobody here has the account {account[:60]}")
        takedowns = self.people.block(principal.id, account)
        if wait:
            self.takedown_service.run()
        return takedowns

    def forget(self, principal: Principal, account: str, *, wait: bool = True) -> None:
        """Know an account no longer. Where they were mutuals, what either made as one comes down; `wait` as above."""
        if self.people.forget(principal.id, account) and wait:
            self.takedown_service.run()

    def unblock(self, principal: Principal, account: str) -> None:
        """Permissions count for this account again. What came down stays down."""
        self.people.unblock(principal.id, account)

    # -- what is made with it

    def waiting(self, principal: Principal, handle: str, uses: Sequence[LikenessUse]) -> frozenset[str]:
        """Those of these uses that wait for this owner's yes or no."""
        waiting = self.stores.uses.awaiting_owner(self._own(principal, handle).id, [use.case_id for use in uses])
        return frozenset(case_id for case_id in waiting if not self.is_sealed(self.ledger.load(case_id)))

    def use(self, principal: Principal, handle: str, case_id: str) -> UseDetail:
        """One use. Raises NotFound."""
        cameo = self._own(principal, handle)
        found = self.stores.uses.of(cameo.id, case_id=case_id)
        if not found or cameo.state != ACTIVE:
            raise NotFound("we know of no such video of this person")
        case = self.ledger.load(case_id)
        hidden = self.is_sealed(case)
        return UseDetail(
            use=found[0],
            draft=case.published is None,
            watchable=not hidden and (case.sealed is not None or case.rendered is not None),
            waits=not hidden and case_id in self.stores.uses.awaiting_owner(cameo.id, [case_id]),
            width=(case.rendered.width or 0) if case.rendered else 0,
            height=(case.rendered.height or 0) if case.rendered else 0,
        )

    # -- what comes down, as it does

    def progress(self, principal: Principal, handle: str, takedown_id: str) -> TakedownProgress:
        """How far a takedown has come. Raises NotFound."""
        return self._progress(self._own(principal, handle).id, takedown_id)

    def run_takedowns(self) -> None:
        """Carry on what is open, until everything is down. Safe to interrupt and to do twice."""
        self.takedown_service.run()
        self.erasures.issue_certificates()

    # -- what they are told

    def unread(self, principal: Principal) -> int:
        """How many notices this account has not read."""
        return self.stores.notices.unread(principal.id)

    def mark_read(self, principal: Principal, keys: Sequence[int] | None = None) -> int:
        """These notices, or all, are read; how many were not before."""
        return self.stores.notices.mark_read(principal.id, keys)

    # -- once they are erased

    def own_erasures(self, principal: Principal) -> Sequence[Erasure]:
        """The erasures that this account asked for."""
        return self.erasures.of(principal.id)

    def erasure(self, principal: Principal, cameo_id: str) -> Erasure:
        """One of them. Raises NotFound."""
        erasure = self.erasures.get(cameo_id)
        if erasure.account != principal.id:
            raise NotFound("there is no such erasure")
        return erasure

    def erasure_progress(self, principal: Principal, cameo_id: str) -> TakedownProgress:
        """How far the videos of an erased person have come down. Raises NotFound."""
        cameo = self.erasure(principal, cameo_id).cameo
        takedowns = [one for one in self.stores.cascades.of(cameo) if one.reason == "erased"]
        if not takedowns:
            raise NotFound("there is no such erasure")
        return self._progress(cameo, takedowns[0].id)

    def certificate(self, principal: Principal, cameo_id: str) -> dict[str, object]:
        """The certificate as a file: the signed statement, the keys, and proofs of the log. Raises NotFound, NotNow."""
        erasure = self.erasure(principal, cameo_id)
        if not erasure.certificate:
            raise NotNow("there is no certificate yet: something is still coming down")
        down = [
            item.case_id for one in self.stores.cascades.of(cameo_id) for item in self.stores.cascades.items(one.id)
        ]
        return {
            "format": "assay-erasure-certificate/1",
            "certificate": erasure.certificate,
            "says": self.check_certificate(erasure.certificate).statement,
            "keys": self.stores.keys.public_jwks(),
            "log": self.proofs.prove(sorted(down)),
        }

    def check_certificate(self, certificate: str) -> CertificateValidity:
        """Whether a certificate was signed here and nothing of the person is here. Raises BadInput for any other."""
        statement = json.loads(self.stores.keys.verify_receipt(certificate, kinds=[CERTIFICATE_TYPE]))
        if (erased := str(statement["pii_principal_id"])).startswith(PREFIX):  # an end user of an account as a whole
            known = self.end_users.is_finished(erased)
            return CertificateValidity(valid=known, state=ERASED if known else "unknown", statement=statement)
        try:
            cameo: Cameo | None = self.stores.cameos.get(str(statement["pii_principal_id"]))
        except NotFound:
            cameo = None
        state = "unknown" if cameo is None else cameo.state
        return CertificateValidity(valid=state == ERASED, state=state, statement=statement)

    # -- private

    def _progress(self, cameo_id: str, takedown_id: str) -> TakedownProgress:
        takedown = self.stores.cascades.get(takedown_id)
        if takedown.cameo != cameo_id:
            raise NotFound("there is no such report")
        return takedown_progress(self.takedown_service, takedown)

    def _own(self, principal: Principal, handle: str) -> Cameo:
        cameo = self.stores.cameos.by_handle(handle)
        if cameo is None or cameo.owner != principal.id:
            raise NotFound("there is no such cameo of yours")
        return cameo

    def _require_unblocked(self, owner: str, account: str) -> None:
        if {account, account_of(account)} & {one.account for one in self.people.blocked(owner)}:
            raise BadInput("you block this account: unblock it first", param="accounts")

    def _require_account(self, account: str) -> None:
        if not (asks_each_time(account) or self.accounts.exists(account)):
            raise NotFound(f"nobody here has the account {account[:60]}")


def _narrow(cameo: Cameo, holder: str) -> Lease:
    terms = LeaseTerms(purposes=DEFAULT_PURPOSES, bans=DEFAULT_BANS, approval=asks_each_time(holder))
    return new_lease(cameo.id, holder, until=default_end(), terms=terms)
