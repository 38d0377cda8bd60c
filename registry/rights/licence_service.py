"""Terms, licences and answers about drafts: each is stored with its receipt, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import BadInput, NotFound, NotNow
from registry.rights.licence_receipts import LicenceReceipt, SignLicence, issue_licence_receipt
from registry.rights.registered_works import WORK_TERMS
from registry.rights.work_licences import WorkLicence, add_licence, licence_by_id
from registry.table_cache import ConnectionProvider, RegistryConnection

_ANSWER = """
INSERT INTO work_answers (case_id, work, asset, answer, code, by) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (case_id, work, asset) DO UPDATE
SET (answer, code, by, at) = (excluded.answer, excluded.code, excluded.by, clock_timestamp())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresLicenceService:
    """What a holder does about the use of works. Who may do it is asked by whoever calls this."""

    connections: ConnectionProvider
    sign: SignLicence

    def state_terms(self, work: str, terms: str, *, by: str) -> LicenceReceipt:
        """What holds where no licence does: forbid, ask or allow. Raises BadInput, NotFound."""
        if terms not in WORK_TERMS:
            raise BadInput(f"the terms of a work are one of {', '.join(WORK_TERMS)}")
        with self.connections.connection() as connection:
            if connection.execute("UPDATE works SET terms = %s WHERE id = %s", [terms, work]).rowcount == 0:
                raise NotFound(f"no work {work} is registered")
            return issue_licence_receipt(connection, self.sign, terms, work=work, by=by)

    def grant(self, licence: WorkLicence, *, by: str) -> LicenceReceipt:
        """Grant a licence that `new_licence` made. Raises NotFound for a work that is not registered."""
        with self.connections.connection() as connection:
            return self._grant(connection, licence, "granted", by)

    def change(self, licence_id: str, now: WorkLicence, *, by: str) -> LicenceReceipt:
        """Put another licence in the place of one. Raises NotFound, NotNow for one that was revoked."""
        with self.connections.connection() as connection:
            if licence_by_id(connection, licence_id).revoked:
                raise NotNow("this licence was revoked: grant another")
            _end(connection, licence_id)
            return self._grant(connection, replace(now, replaces=licence_id), "changed", by)

    def revoke(self, licence_id: str, *, by: str) -> LicenceReceipt | None:
        """End a licence now; None if it was revoked before. Raises NotFound."""
        with self.connections.connection() as connection:
            licence = licence_by_id(connection, licence_id)
            if licence.revoked:
                return None
            _end(connection, licence_id)
            return issue_licence_receipt(connection, self.sign, "revoked", work=licence.work, by=by, licence=licence)

    def answer(self, case_id: str, work: str, asset: str, *, approve: bool, by: str, code: str = "") -> LicenceReceipt:
        """What the holder says of this draft, by its digest. It says nothing of another draft of the same case."""
        kind = "approved" if approve else "refused"
        with self.connections.connection() as connection:
            connection.execute(_ANSWER, [case_id, work, asset, kind, code, by])
            return issue_licence_receipt(connection, self.sign, kind, work=work, by=by, case_id=case_id, asset=asset)

    def _grant(self, connection: RegistryConnection, licence: WorkLicence, kind: str, by: str) -> LicenceReceipt:
        if connection.execute("SELECT 1 FROM works WHERE id = %s FOR SHARE", [licence.work]).fetchone() is None:
            raise NotFound(f"no work {licence.work} is registered")
        add_licence(connection, licence)
        return issue_licence_receipt(connection, self.sign, kind, work=licence.work, by=by, licence=licence)


def _end(connection: RegistryConnection, licence_id: str) -> None:
    connection.execute("UPDATE work_licences SET revoked = clock_timestamp() WHERE id = %s", [licence_id])
