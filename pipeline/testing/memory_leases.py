"""Leases in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from core.errors import NotFound
from registry.consent.leases import Lease, UseRequest, best_lease, new_lease, normalise_handle


class MemoryLeases:
    """PostgresLeases for one process. It knows of no mutuals."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}

    def grant(
        self, handle: str, holder: str, *, until: datetime | None = None, face: bool = True, voice: bool = False
    ) -> Lease:
        """See PostgresLeases."""
        lease = new_lease(handle, holder, until=until, face=face, voice=voice)
        self._leases[lease.id] = lease
        return lease

    def revoke(self, lease_id: str) -> None:
        """See PostgresLeases."""
        if lease_id not in self._leases:
            raise NotFound("there is no such lease")
        lease = self._leases[lease_id]
        self._leases[lease_id] = replace(lease, revoked=lease.revoked or datetime.now(UTC))

    def of(self, handle: str) -> Sequence[Lease]:
        """See PostgresLeases."""
        wanted = normalise_handle(handle)
        return tuple(lease for lease in tuple(self._leases.values()) if lease.handle == wanted)

    def covering_lease(self, handle: str, request: UseRequest) -> Lease | None:
        """See PostgresLeases."""
        return best_lease(self.of(handle), request)

    def leased_for_order(self, case_id: str) -> Sequence[str]:
        """See PostgresLeases."""
        return tuple(sorted({lease.handle for lease in tuple(self._leases.values()) if lease.case_id == case_id != ""}))
