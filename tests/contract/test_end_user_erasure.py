"""One end user of a platform leaves: one request erases all of them, certifies it, and touches nobody else."""

from __future__ import annotations

import json

import pytest

from core.case import Phase
from core.errors import BadInput, Erased, NotFound, NotNow
from pipeline.audit.certificate_file import verify_certificate_file
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.end_users.erasure_desk import EndUserErasureDesk
from pipeline.video_request import VideoRequest
from registry.consent.cameo_service import LeaseRequest
from registry.consent.end_users import end_user_pseudonym
from registry.consent.leaving.end_user_erasures import PostgresEndUserErasures
from tests.contract.cameo_installation import ANA, BEN, MIRA
from tests.contract.test_end_users import at, house, opened, user

pytestmark = pytest.mark.postgres
__all__ = ["at", "house", "opened"]


@pytest.fixture
def desk(at, house):
    service, _ = house
    with at.database.owner_connection() as connection:
        connection.execute("TRUNCATE end_user_erasures")
    return EndUserErasureDesk(
        erasures=PostgresEndUserErasures(at.database), service=service, controller=at.stores.consents.controller
    )


def submit(house, name, prompt):
    return house[0].submit(ANA, VideoRequest(prompt=prompt, end_user=name))


def test_all_of_one_user_is_erased_and_certified_and_another_user_of_the_account_keeps_everything(
    at, house, desk, tmp_path
):
    _, runner = house
    one, two = user(at, "one"), user(at, "two")
    own, other = at.add_cameo("one", one), at.add_cameo("two", two)
    at.add_account(ANA)
    at.add_account(BEN)
    at.add_account(MIRA)
    mira = at.add_cameo()
    lent, kept = (at.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id, end_user=n))[0] for n in ("one", "two"))
    videos = {n: submit(house, n, f"@{n} waves") for n in ("one", "two")}
    with_mira = submit(house, "one", "@mira waves")
    runner.drain()
    held = submit(house, "one", "@two dances")  # which the other has not allowed
    runner.drain()
    at.service.know(one, BEN.id)
    at.service.portal.block(one, MIRA.id)
    assert [at.phase(case) for case in (*videos.values(), with_mira, held)] == ["published"] * 3 + ["held"]

    asked = desk.erase(ANA, "one")
    assert asked.counts["orders"] == 3 and asked.counts["cameos"] == 1 and asked.counts["permissions_to_them"] == 1
    assert asked.certificate == "" and desk.erase(ANA, "one").id == asked.id  # the workers have not come yet
    with pytest.raises(NotNow):
        desk.certificate(ANA, asked.id)
    runner.drain()
    desk.run_maintenance()

    assert {at.phase(case) for case in (videos["one"], with_mira, held)} == {"withdrawn"}
    assert at.phase(videos["two"]) == "published" and at.on_shelf(videos["two"])
    for case in (videos["one"], with_mira, held):
        with pytest.raises(Erased):
            at.context.texts.read(at.ledger.load(case.id).request.prompt)
    assert at.context.texts.read(at.ledger.load(videos["two"].id).request.prompt) == "@two waves"
    assert at.stores.cameos.get(own.id).state == "erased" and at.stores.cameos.get(other.id).state == "active"
    assert [lease.id for lease in at.stores.leases.of(mira.id) if lease.revoked is None and "#" in lease.holder] == [
        kept.id
    ]
    with at.database.owner_connection() as connection:
        for table in ("cameos", "leases", "notices", "acquaintances", "blocked_accounts", "enrolments", "erasures",
                      "consent_requests", "cascades", "cameo_answers", "end_user_erasures"):  # fmt: skip
            rows = str(connection.execute(f"SELECT * FROM {table}").fetchall())
            assert one.id not in rows and end_user_pseudonym(ANA.id, "one") not in rows, table
    assert lent.id not in {lease.id for lease in at.stores.leases.of(mira.id) if lease.revoked is None}

    TransparencyLog(at.database, at.stores.keys.folder).anchor(everything=True)
    given = desk.certificate(ANA, asked.id)
    (file := tmp_path / "erasure.json").write_text(json.dumps(given))
    report = verify_certificate_file(file)
    assert (report.proven, report.without_proof) == (3, 0) and report.says["pii_principal_id"] == asked.id
    assert report.says["erased"]["texts"] >= 3
    assert at.service.portal.check_certificate(given["certificate"]).valid
    forged = given["certificate"][:-6] + "AAAAAA"
    with pytest.raises(BadInput):
        at.service.portal.check_certificate(forged)
    with pytest.raises(NotFound):
        desk.certificate(BEN, asked.id)


def test_a_mistyped_name_erases_nobody_and_neither_does_another_account(at, house, desk):
    at.add_cameo("one", user(at, "one"))
    for who, name in ((ANA, "One"), (BEN, "one")):
        with pytest.raises(NotFound, match="nothing is known"):
            desk.erase(who, name)
    with pytest.raises(BadInput):
        desk.erase(ANA, "")
    assert at.stores.cameos.of(user(at, "one").id)[0].state == "active" and desk.of(ANA) == ()


def test_what_was_interrupted_goes_on_with_the_next_sweep_and_who_comes_back_is_new(at, house, desk, monkeypatch):
    at.add_cameo("one", user(at, "one"))
    submit(house, "one", "a dog runs")
    house[1].drain()
    with monkeypatch.context() as broken, pytest.raises(OSError, match="away"):
        broken.setattr(type(house[0]), "erase", lambda *_: (_ for _ in ()).throw(OSError("away")))
        desk.erase(ANA, "one")
    [begun] = desk.of(ANA)
    assert begun.certificate == ""
    for _ in range(2):
        desk.run_maintenance()
        house[1].drain()
    desk.run_maintenance()
    assert desk.erasure(ANA, begun.id).certificate
    with pytest.raises(NotFound, match="erased already"):
        desk.erase(ANA, "one")  # there is nothing that a second certificate could speak of
    again = submit(house, "one", "a cat runs")
    house[1].drain()
    assert at.ledger.load(again.id).phase is Phase.PUBLISHED and desk.erasure(ANA, begun.id).certificate
    second = desk.erase(ANA, "one")
    assert second.id != begun.id and (second.counts["orders"], second.counts["cameos"]) == (1, 0)
