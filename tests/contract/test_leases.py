"""One suite for every keeper of leases. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest

from core.errors import BadInput, NotFound
from pipeline.testing.memory_leases import MemoryLeases
from registry.consent.leases import BiometricModality, PostgresLeases, UseRequest
from tests.contract.registry_backend import RegistryBackend

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class ConsentStatus(StrEnum):
    """What the leases of a cameo say of one use."""

    UNKNOWN = "unknown"
    GRANTED = "granted"
    DENIED = "denied"


def consent_status(
    leases: PostgresLeases | MemoryLeases,
    handle: str,
    account: str,
    at: datetime,
    *,
    modality: BiometricModality = BiometricModality.FACE,
) -> ConsentStatus:
    if not leases.of(handle):
        return ConsentStatus.UNKNOWN
    covering = leases.covering_lease(handle, UseRequest(account=account, at=at, modality=modality))
    return ConsentStatus.GRANTED if covering else ConsentStatus.DENIED


def test_a_cameo_that_no_one_leased_is_unknown(registry: RegistryBackend) -> None:
    assert consent_status(registry.leases, "mira", "ana", NOW) is ConsentStatus.UNKNOWN


def test_a_lease_is_for_its_holder_only(registry: RegistryBackend) -> None:
    registry.leases.grant("mira", "ana")
    assert consent_status(registry.leases, "mira", "ana", NOW) is ConsentStatus.GRANTED
    assert consent_status(registry.leases, "mira", "ben", NOW) is ConsentStatus.DENIED
    assert consent_status(registry.leases, "omar", "ana", NOW) is ConsentStatus.UNKNOWN


def test_a_lease_for_everyone_is_for_everyone(registry: RegistryBackend) -> None:
    registry.leases.grant("mira", "*")
    assert consent_status(registry.leases, "mira", "anyone", NOW) is ConsentStatus.GRANTED


def test_a_lease_ends_at_its_end(registry: RegistryBackend) -> None:
    registry.leases.grant("mira", "ana", until=NOW)
    assert consent_status(registry.leases, "mira", "ana", NOW - timedelta(microseconds=1)) is ConsentStatus.GRANTED
    assert consent_status(registry.leases, "mira", "ana", NOW) is ConsentStatus.DENIED


def test_a_revoked_lease_covers_nothing_from_then_on(registry: RegistryBackend) -> None:
    lease = registry.leases.grant("mira", "ana", until=NOW + HOUR)
    registry.leases.revoke(lease.id)
    registry.leases.revoke(lease.id)
    for at in (NOW - 1000 * HOUR, NOW):  # nor for a clock that goes slow
        assert consent_status(registry.leases, "mira", "ana", at) is ConsentStatus.DENIED
    assert [kept.revoked is not None for kept in registry.leases.of("mira")] == [True]


def test_one_lease_that_covers_is_enough(registry: RegistryBackend) -> None:
    registry.leases.revoke(registry.leases.grant("mira", "ana").id)
    registry.leases.grant("mira", "ana", until=NOW - HOUR)
    assert consent_status(registry.leases, "mira", "ana", NOW) is ConsentStatus.DENIED
    registry.leases.grant("mira", "ana", until=NOW + HOUR)
    assert consent_status(registry.leases, "mira", "ana", NOW) is ConsentStatus.GRANTED
    assert len(registry.leases.of("mira")) == 3


def test_face_and_voice_are_leased_apart(registry: RegistryBackend) -> None:
    registry.leases.grant("mira", "ana")
    registry.leases.grant("omar", "ana", face=False, voice=True)
    assert consent_status(registry.leases, "mira", "ana", NOW, modality=BiometricModality.VOICE) is ConsentStatus.DENIED
    assert (
        consent_status(registry.leases, "omar", "ana", NOW, modality=BiometricModality.VOICE) is ConsentStatus.GRANTED
    )
    assert consent_status(registry.leases, "omar", "ana", NOW) is ConsentStatus.DENIED


@pytest.mark.parametrize("written", ["@Mira", "MIRA", " mira ", "ｍｉｒａ"])
def test_a_handle_is_the_same_however_it_is_written(registry: RegistryBackend, written: str) -> None:
    registry.leases.grant("mira", "ana")
    assert consent_status(registry.leases, written, "ana", NOW) is ConsentStatus.GRANTED
    assert registry.leases.grant(written, "ben").handle == "mira"


def test_a_lease_that_allows_nothing_or_no_one_is_refused(registry: RegistryBackend) -> None:
    for wrong in (("", "ana"), ("@", "ana"), ("mira", "")):
        with pytest.raises(BadInput):
            registry.leases.grant(*wrong)
    with pytest.raises(BadInput):
        registry.leases.grant("mira", "ana", face=False)
    with pytest.raises(BadInput):
        registry.leases.grant("mira", "ana", until=datetime(2027, 1, 1))  # noqa: DTZ001
    with pytest.raises(NotFound):
        registry.leases.revoke("lease_of_no_one")
    assert registry.leases.of("mira") == ()
