"""Whether those whom a video shows still agree: answered from today's leases, with the day, and with nobody's name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import BadInput
from pipeline.verification.consent_lookup import ConsentOfCases, consent_by_receipt, consent_of_receipt
from registry.consent.cameo_service import LeaseRequest
from registry.rights.licence_service import PostgresLicenceService
from registry.rights.registered_works import PostgresWorks, RegisteredWork
from tests.contract.cameo_installation import ANA, BEN, MIRA, grant_lease

pytestmark = pytest.mark.postgres
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
LATER = SOON + timedelta(days=300)
PAST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


@pytest.fixture
def consents(house):
    return ConsentOfCases(ledger=house.ledger, people=house.stores, consent=house.consent)


def run_out(house, lease_id):
    """The lease ended two days ago, as it was given."""
    with house.stores.leases._connections.connection() as connection:
        connection.execute("UPDATE leases SET until = %s WHERE id = %s", [PAST, lease_id])


def receipt_state(house, lease_id):
    [receipt] = [one for one in house.stores.receipts.of_lease(lease_id) if one.kind == "granted"][:1]
    return consent_of_receipt(house.service.receipt_validity(receipt.hash), receipt.hash)


def test_a_case_that_names_nobody_rests_on_nobodys_consent(house, consents):
    assert consents.of_case(house.case(ANA).id) is None
    assert consents.of_case("0" * 16) is None


def test_in_force_until_the_lease_ends_or_for_as_long_as_nothing_is_taken_back(house, consents):
    mira = house.add_cameo()
    case = house.published(house.case(ANA, [mira]))
    assert consents.of_case(case.id).state == "unknown"  # nothing was ever allowed, so nothing was taken back
    lease = grant_lease(house, until=SOON)
    found = consents.of_case(case.id)
    assert (found.state, found.until) == ("in_force", SOON.isoformat())
    assert receipt_state(house, lease.id).until == SOON.isoformat()
    grant_lease(house)
    assert (consents.of_case(case.id).state, consents.of_case(case.id).until) == ("in_force", "")


def test_of_two_people_what_ends_first_counts_and_the_worst_of_them(house, consents):
    mira, ben = house.add_cameo(), house.add_cameo("ben", BEN)
    case = house.published(house.case(ANA, [mira, ben]))
    mine = grant_lease(house, until=LATER)
    house.service.lease(BEN, "ben", LeaseRequest(holder=ANA.id, until=SOON))
    assert consents.of_case(case.id).until == SOON.isoformat()
    house.service.revoke(MIRA, mine.id)
    assert consents.of_case(case.id).state == "withdrawn"


def test_what_ran_out_is_told_apart_from_what_was_taken_back(house, consents):
    mira = house.add_cameo()
    case = house.published(house.case(ANA, [mira]))
    lease = grant_lease(house, until=SOON)
    run_out(house, lease.id)
    for found in (consents.of_case(case.id), receipt_state(house, lease.id)):
        assert (found.state, found.ended) == ("expired", PAST.isoformat())
        assert found.says == f"The consent ended on {PAST.date()}, as it was given."
    other = grant_lease(house)
    house.service.revoke(MIRA, other.id)
    for found in (consents.of_case(case.id), receipt_state(house, other.id)):
        assert found.state == "withdrawn"
        assert found.ended[:10] == datetime.now(UTC).date().isoformat()


def test_a_lease_that_was_changed_says_so_by_its_receipt_and_still_holds_for_the_video(house, consents):
    mira = house.add_cameo()
    case = house.published(house.case(ANA, [mira]))
    lease = grant_lease(house)
    house.service.change(MIRA, lease.id, LeaseRequest(holder=ANA.id, until=SOON))
    assert receipt_state(house, lease.id).state == "changed"
    assert (consents.of_case(case.id).state, consents.of_case(case.id).until) == ("in_force", SOON.isoformat())


def test_while_somebody_is_not_active_what_they_allowed_rests(house, consents):
    mira = house.add_cameo()
    case = house.published(house.case(ANA, [mira]))
    lease = grant_lease(house)
    house.stores.cameos.set_state(mira.id, "held")
    assert consents.of_case(case.id).state == "suspended"
    assert receipt_state(house, lease.id).state == "suspended"


def test_who_erased_themselves_has_withdrawn(house, consents):
    mira = house.add_cameo()
    case = house.published(house.case(ANA, [mira]))
    lease = grant_lease(house)
    house.service.erase(MIRA, "mira")
    assert consents.of_case(case.id).state == "withdrawn"
    assert receipt_state(house, lease.id).state == "withdrawn"
    assert receipt_state(house, lease.id).ended[:10] == datetime.now(UTC).date().isoformat()
    assert "mira" not in str((consents.of_case(case.id), receipt_state(house, lease.id)))


def test_what_a_rights_holder_allows_is_nobodys_consent(house):
    PostgresWorks(house.database).put([RegisteredWork(id="w", kind="character", names=("Pipkin",), holder=ANA.id)])
    licences = PostgresLicenceService(connections=house.database, sign=house.stores.keys.sign_licence)
    allowed = licences.state_terms("w", "allow", by=ANA.id)
    assert house.service.receipt_validity(allowed.jws).valid  # as a receipt of a licence, which is asked for elsewhere
    assert consent_by_receipt(house.stores, allowed.hash).state == "unknown"
    with pytest.raises(BadInput):
        consent_by_receipt(house.stores, allowed.jws)


def test_that_somebody_is_enrolled_is_no_consent_to_a_video(house):
    mira = house.add_cameo()
    enrolled, leased = house.stores.receipts.of_cameo(mira.id)[0], grant_lease(house)
    granted = house.stores.receipts.of_lease(leased.id)[0]
    for receipt in (enrolled.jws, enrolled.hash):
        assert consent_by_receipt(house.stores, receipt).state == "none"
    for receipt in (granted.jws, granted.hash):
        assert consent_by_receipt(house.stores, receipt).state == "in_force"
