"""Licences, terms and answers with their receipts, over the embedded Postgres."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from core.errors import BadInput, NotFound, NotNow
from pipeline.ledgers.database import Database
from registry.consent.consent_receipts import is_consent_chain_intact, receipt_digest
from registry.consent.receipt_signing import ReceiptSigner
from registry.rights.licence_receipts import PostgresLicenceReceipts
from registry.rights.licence_service import PostgresLicenceService
from registry.rights.registered_works import PostgresWorks, RegisteredWork, UnstatedTerms
from registry.rights.rights_holders import PostgresRightsHolders
from registry.rights.work_answers import PostgresWorkAnswers
from registry.rights.work_licences import PostgresWorkLicences, licence_by_id, new_licence
from registry.rights.work_uses import PostgresWorkUses

pytestmark = pytest.mark.postgres
NOW = datetime.now(UTC)


class Desk:
    """What a holder's work is kept in."""

    def __init__(self, database: Database, keys: ReceiptSigner) -> None:
        self.works = PostgresWorks(database, UnstatedTerms(character="forbid", other="allow"))
        self.licences = PostgresWorkLicences(database)
        self.receipts = PostgresLicenceReceipts(database)
        self.answers = PostgresWorkAnswers(database)
        self.service = PostgresLicenceService(connections=database, sign=keys.sign_licence)
        self.holders = PostgresRightsHolders(database)
        self.works.put([RegisteredWork(id="w", kind="character", names=("Pipkin Hatter",), holder="studio")])

    def state(self, receipt, at: datetime = NOW) -> str:
        return self.receipts.validity(receipt.hash, at).state


@pytest.fixture
def keys(tmp_path: Path) -> ReceiptSigner:
    return ReceiptSigner(tmp_path / "keys")


@pytest.fixture
def desk(database: Database, keys: ReceiptSigner) -> Desk:
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE works, work_licences, work_answers, rights_holders CASCADE")
    return Desk(database, keys)


def test_a_licence_is_granted_changed_and_revoked_and_each_receipt_says_whether_it_holds(desk):
    first = new_licence("w", "*", parody="only")
    granted = desk.service.grant(first, by="studio")
    assert desk.state(granted) == "in_force"
    second = new_licence("w", "acct_ana", until=NOW + timedelta(days=1))
    changed = desk.service.change(first.id, second, by="studio")
    assert (desk.state(granted), desk.state(changed)) == ("replaced", "in_force")
    assert desk.state(changed, NOW + timedelta(days=2)) == "expired"
    revoked = desk.service.revoke(second.id, by="studio")
    assert (desk.state(changed), desk.state(revoked)) == ("revoked", "withdrawal")
    assert desk.service.revoke(second.id, by="studio") is None
    with pytest.raises(NotNow):
        desk.service.change(second.id, new_licence("w", "*"), by="studio")
    assert [one.revoked is None for one in desk.licences.of("w")] == [False, False]


def test_receipts_are_a_chain_signed_by_the_keys_of_consent_and_hold_no_name(desk, keys):
    made = [desk.service.state_terms("w", terms, by="studio") for terms in ("forbid", "allow", "ask")]
    made.append(desk.service.grant(new_licence("w", "*"), by="studio"))
    chain = desk.receipts.all()
    assert is_consent_chain_intact(chain)
    assert not is_consent_chain_intact([*chain[:-2], chain[-1]])
    payloads = [json.loads(keys.verify_receipt(one.jws)) for one in made]
    assert [one["event"]["event_state"] for one in payloads] == ["forbid", "allow", "ask", "granted"]
    assert not any("Pipkin" in json.dumps(one) for one in payloads)
    head, _, tail = made[0].jws.partition(".")
    with pytest.raises(BadInput):
        keys.verify_receipt(f"{head}.{'A' + tail[1:]}")
    with pytest.raises(NotFound):
        desk.receipts.validity(receipt_digest("another"), NOW)


def test_terms_hold_until_others_are_said_and_nothing_holds_of_a_work_that_is_suspended_or_gone(desk):
    allowed = desk.service.state_terms("w", "allow", by="studio")
    licensed = desk.service.grant(new_licence("w", "*"), by="studio")
    assert (desk.state(allowed), desk.state(licensed)) == ("in_force", "in_force")
    desk.works.set_active(["w"], active=False)
    assert desk.state(licensed) == "suspended"
    desk.works.set_active(["w"], active=True)
    forbidden = desk.service.state_terms("w", "forbid", by="studio")
    assert (desk.state(allowed), desk.state(forbidden)) == ("revoked", "withdrawal")
    desk.works.remove("w")
    assert desk.state(licensed) == "erased" and desk.licences.of("w") == ()


def test_an_approved_draft_holds_until_its_holder_says_no(desk):
    approved = desk.service.answer("c1", "w", "d1", approve=True, by="studio")
    assert desk.state(approved) == "in_force"
    desk.service.answer("c1", "w", "d1", approve=False, by="studio", code="setting")
    assert desk.state(approved) == "revoked"
    [said] = desk.answers.of_case("c1")
    assert (said.answer, said.code) == ("refused", "setting")


def test_the_application_cannot_change_a_receipt(desk, database):
    desk.service.state_terms("w", "allow", by="studio")
    for what in ("UPDATE licence_receipts SET kind = 'allow'", "DELETE FROM licence_receipts"):
        with pytest.raises(psycopg.errors.Error), database.connection() as connection:
            connection.execute(what)


def test_works_without_terms_have_the_operators_and_drafts_are_not_looked_for(desk):
    draft = RegisteredWork(id="d", kind="brand", names=("Kettle Cola",), holder="x", is_stated=False, active=False)
    unstated = RegisteredWork(id="u", kind="character", names=("Odd Fox",), holder="x", is_stated=False)
    desk.works.put([draft, unstated])
    assert [work.id for work in desk.works.all()] == ["u", "w"]
    terms = {work.id: (work.terms, work.is_stated) for work in desk.works.with_drafts()}
    assert terms == {"d": ("allow", False), "u": ("forbid", False), "w": ("ask", True)}
    desk.service.state_terms("u", "ask", by="x")
    assert {work.id: work.terms for work in desk.works.all()} == {"u": "ask", "w": "ask"}


def test_who_was_refused_asks_again_and_who_waits_or_is_verified_does_not(desk):
    desk.holders.ask("studio", "holder_1", "Studio", "t1")
    with pytest.raises(NotNow):
        desk.holders.ask("studio", "holder_2", "Studio", "t2")
    with pytest.raises(BadInput):
        desk.holders.decide("studio", "refused", by="mod", code="")
    assert desk.holders.decide("studio", "refused", by="mod", code="unclear").message.startswith("It cannot be told")
    desk.holders.ask("studio", "holder_2", "Studio", "t2")
    assert desk.holders.decide("studio", "verified", by="mod").record == "holder_2"
    assert desk.holders.is_verified("studio") and not desk.holders.is_verified("other")
    with pytest.raises(NotNow):
        desk.holders.decide("studio", "refused", by="mod", code="unclear")


def test_cases_with_a_work_are_found_by_the_indexes_of_the_view(desk, database):
    uses = PostgresWorkUses(database, character="ask", other="ask")
    assert uses.of("w") == () and uses.by_month("w") == () and uses.waiting() == []
    with database.connection() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        query = "SELECT case_id FROM case_works WHERE named @> '[\"w\"]' OR shown @> '[\"w\"]'"
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {query}").fetchall())
    assert "cases_by_named_work" in plan and "cases_by_shown_work" in plan


def test_asking_whether_a_receipt_holds_locks_nothing(desk, database):
    receipt = desk.service.grant(new_licence("w", "*"), by="studio")
    with database.connection() as connection:
        connection.execute("SET TRANSACTION READ ONLY")  # in which no row can be locked
        assert licence_by_id(connection, receipt.licence, lock=False).work == "w"
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            licence_by_id(connection, receipt.licence)
