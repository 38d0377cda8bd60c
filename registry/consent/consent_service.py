"""Granting, changing, revoking: each with its receipt and, where consent ends, with a takedown, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import BadInput, NotNow
from registry.consent.cameos import ACTIVE, erase_cameo
from registry.consent.consent_receipts import ConsentReceipt, Sign, issue_consent_receipt
from registry.consent.lease_terms import LeaseTerms
from registry.consent.leases import EVERYONE, MUTUALS, Lease, add_lease, end_lease, lease_by_id, new_lease
from registry.consent.owner_decisions import add_veto
from registry.consent.portal.erasures import note_erasure
from registry.consent.takedown_store import open_takedown
from registry.table_cache import ConnectionProvider, RegistryConnection

_EXPIRED = "SELECT id FROM leases WHERE until <= %s AND ended IS NULL AND revoked IS NULL ORDER BY until LIMIT 1000"
_FOR_A_MINOR = ("alcohol", "revealing", "romance")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresConsentService:
    """What an owner does to leases. `controller` is who answers for this installation, as receipts name it."""

    connections: ConnectionProvider
    sign: Sign
    controller: str

    def enrolled(self, cameo: str, *, by: str) -> ConsentReceipt:
        """Somebody is enrolled from now on: issue a receipt, and the lease of their own likeness to themselves."""
        with self.connections.connection() as connection:
            connection.execute("UPDATE cameos SET state = 'active' WHERE id = %s AND state = 'held'", [cameo])
            receipt = self._issue(connection, "enrolled", cameo, by)
            owner, kind = _cameo(connection, cameo)
            own = new_lease(cameo, owner, voice=True, terms=_restrict_terms(LeaseTerms(), kind, owner, owner))
            add_lease(connection, own)
            self._issue(connection, "granted", cameo, by, own)
        return receipt

    def grant(
        self, lease: Lease, *, by: str, in_transaction: Callable[[RegistryConnection], None] | None = None
    ) -> tuple[Lease, ConsentReceipt]:
        """Grant a lease that `new_lease` made. Raises NotNow for a cameo that is not active, BadInput.

        `in_transaction` is called with the connection before, in the same transaction, and may raise.
        """
        with self.connections.connection() as connection:
            if in_transaction is not None:
                in_transaction(connection)
            return self._grant(connection, lease, "granted", by)

    def change(self, lease_id: str, now: Lease, *, by: str) -> tuple[Lease, ConsentReceipt]:
        """Put another lease in the place of one. What the new one does not cover comes down. Raises NotNow."""
        with self.connections.connection() as connection:
            before = lease_by_id(connection, lease_id)
            if before.case_id:
                raise NotNow("this is a yes to one order: take it back, or give a new permission beside it")
            if not end_lease(connection, lease_id):
                raise NotNow("this permission has ended: give a new one")
            open_takedown(connection, before.handle, "changed", lease=lease_id)
            return self._grant(connection, replace(now, replaces=lease_id), "changed", by)

    def revoke(self, lease_id: str, *, by: str) -> ConsentReceipt | None:
        """End a lease now, and have come down what it covered. None if it had ended before. Raises NotFound."""
        with self.connections.connection() as connection:
            lease = lease_by_id(connection, lease_id)
            if not end_lease(connection, lease_id):
                return None
            open_takedown(connection, lease.handle, "revoked", lease=lease_id)
            return self._issue(connection, "revoked", lease.handle, by, lease)

    def review(self, lease_id: str, terms: LeaseTerms, *, by: str) -> tuple[Lease, ConsentReceipt]:
        """What an owner wrote becomes rules: the lease goes on with these terms. For those who review."""
        with self.connections.connection() as connection:
            before = lease_by_id(connection, lease_id)
            if not before.terms.asks or not end_lease(connection, lease_id):
                raise NotNow("there is nothing to review in this lease")
            now = new_lease(
                before.handle,
                before.holder,
                until=before.until,
                face=before.face,
                voice=before.voice,
                terms=replace(terms, asks=before.terms.asks, reviewed=by, approval=before.terms.approval),
                replaces=lease_id,
                case_id=before.case_id,
            )
            return self._grant(connection, now, "changed", by)

    def expire(self, at: datetime) -> Sequence[str]:
        """Open takedowns for leases that have expired; returns the ids of those leases."""
        with self.connections.connection() as connection:
            ended = [row[0] for row in connection.execute(_EXPIRED, [at]).fetchall()]
            for lease_id in ended:
                lease = lease_by_id(connection, lease_id)
                open_takedown(connection, lease.handle, "expired", lease=lease_id)
                self._issue(connection, "expired", lease.handle, "assay", lease)
                connection.execute("UPDATE leases SET ended = %s WHERE id = %s", [at, lease_id])
        return ended

    def erase(self, cameo: str, *, by: str) -> ConsentReceipt:
        """End all leases of a cameo and erase what is known of the person; what shows them comes down."""
        with self.connections.connection() as connection:
            note_erasure(connection, cameo)
            connection.execute(
                "UPDATE leases SET revoked = clock_timestamp() WHERE handle = %s AND revoked IS NULL", [cameo]
            )
            erase_cameo(connection, cameo)
            open_takedown(connection, cameo, "erased")
            return self._issue(connection, "erased", cameo, by)

    def veto(self, cameo: str, case_id: str, *, by: str, words: str = "") -> str:
        """The owner does not want this use of their likeness, nor what was made from it; returns the takedown's id.

        `words` is the id of a text for the maker.
        """
        with self.connections.connection() as connection:
            return add_veto(connection, cameo, case_id, by=by, words=words)

    def _grant(self, connection: RegistryConnection, lease: Lease, kind: str, by: str) -> tuple[Lease, ConsentReceipt]:
        owner, cameo_kind = _cameo(connection, lease.handle)
        lease = replace(lease, terms=_restrict_terms(lease.terms, cameo_kind, owner, lease.holder))
        add_lease(connection, lease)
        return lease, self._issue(connection, kind, lease.handle, by, lease)

    def _issue(
        self, connection: RegistryConnection, kind: str, cameo: str, by: str, lease: Lease | None = None
    ) -> ConsentReceipt:
        return issue_consent_receipt(
            connection, self.sign, kind, cameo=cameo, by=by, controller=self.controller, lease=lease
        )


def _restrict_terms(terms: LeaseTerms, kind: str, owner: str, holder: str) -> LeaseTerms:
    """Terms no wider than the kind of person allows. A minor is never for everyone, and each draft is approved."""
    if kind != "minor":
        return terms
    if holder in (EVERYONE, MUTUALS):
        raise BadInput("videos of a minor can only be allowed to accounts that you name")
    bans = tuple(sorted({*terms.bans, *_FOR_A_MINOR}))
    return replace(terms, bans=bans, approval=terms.approval or holder != owner)


def _cameo(connection: RegistryConnection, cameo: str) -> tuple[str, str]:
    """Owner and kind. Raises NotNow unless active: nothing is leased of somebody who is held or erased."""
    row = connection.execute("SELECT owner, kind, state FROM cameos WHERE id = %s FOR SHARE", [cameo]).fetchone()
    if row is None or row[2] != ACTIVE:
        raise NotNow("nothing can be allowed: this person is not enrolled")
    connection.execute("UPDATE cameos SET touched = clock_timestamp() WHERE id = %s", [cameo])
    return row[0], row[1]
