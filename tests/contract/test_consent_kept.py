"""What is kept of consent: receipts that anyone can check, templates under a key, and their end."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from classifiers.image.face_backend import face_backend
from classifiers.match_calibration import TWO_NET_FACE_CALIBRATION
from classifiers.models.options import ModelOptions
from core.embedding_spaces import TWO_NET_FACE_SPACE
from core.errors import BadInput, Erased, Forbidden, NotFound
from pipeline.consent_wiring import combine_galleries
from registry.banks.protected_gallery import PostgresGallery
from registry.consent.cameo_service import LeaseRequest
from registry.consent.consent_receipts import is_consent_chain_intact, receipt_digest
from registry.consent.lease_terms import LeaseTerms
from registry.consent.receipt_signing import canonical_json
from tests.contract.cameo_installation import ANA, BEN, MIRA, MODERATOR, grant_lease

pytestmark = pytest.mark.postgres
NOW = datetime.now(UTC)


# Receipts


def test_each_thing_that_is_agreed_to_or_taken_back_has_a_receipt(house):
    mira = house.add_cameo()
    made = grant_lease(house)
    changed, _ = house.service.change(MIRA, made.id, LeaseRequest(holder=ANA.id, terms=LeaseTerms(bans=("politics",))))
    house.service.revoke(MIRA, changed.id)
    kinds = [one.kind for one in house.service.receipts(MIRA, "mira")]
    assert kinds == ["enrolled", "granted", "granted", "changed", "revoked"]
    assert is_consent_chain_intact(house.stores.receipts.all())
    assert mira.id == house.service.receipts(MIRA, "mira")[0].cameo


def test_a_receipt_can_be_checked_with_the_published_keys_alone(house):
    house.add_cameo()
    made = grant_lease(house, terms=LeaseTerms(purposes=("parody",), words=("moist",)), words="no meat")
    receipt = house.stores.receipts.of_lease(made.id)[0]
    found = jws.deserialize_compact(receipt.jws, KeySet.import_key_set(house.service.keys()), algorithms=["ES256"])
    import json

    said = json.loads(found.payload)
    assert canonical_json(said) == found.payload
    assert said["schema_version"] == "ISO/IEC TS 27560:2023"
    assert said["pii_processing"]["purposes_allowed"] == ["parody"]
    assert said["event"]["event_state"] == "granted"
    assert said["limits"]["words"] == 1
    assert "moist" not in found.payload.decode()
    assert "meat" not in found.payload.decode()


def test_anyone_can_ask_whether_a_receipt_still_holds(house):
    house.add_cameo()
    first = grant_lease(house)
    receipt = house.stores.receipts.of_lease(first.id)[0]
    assert (
        house.service.receipt_validity(receipt.jws).state
        == house.service.receipt_validity(receipt.hash).state
        == "in_force"
    )
    second, changed = house.service.change(MIRA, first.id, LeaseRequest(holder=ANA.id))
    assert house.service.receipt_validity(receipt.hash).state == "replaced"
    taken_back = house.service.revoke(MIRA, second.id)
    assert house.service.receipt_validity(changed.hash).state == "revoked"
    assert house.service.receipt_validity(taken_back.hash).state == "withdrawal"
    ended = grant_lease(house, until=NOW + timedelta(hours=1))
    with house.database.connection() as connection:  # two hours later
        connection.execute("UPDATE leases SET until = until - interval '2 hours' WHERE id = %s", [ended.id])
    assert house.service.receipt_validity(house.stores.receipts.of_lease(ended.id)[0].hash).state == "expired"
    house.service.erase(MIRA, "mira")
    assert house.service.receipt_validity(receipt.hash).state == "erased"


def test_a_receipt_that_was_altered_is_no_receipt(house):
    house.add_cameo()
    receipt = house.stores.receipts.of_lease(grant_lease(house).id)[0]
    head, body, mark = receipt.jws.split(".")
    for wrong in (f"{head}.{body[:-2]}AA.{mark}", f"{head}.{body}.{mark[:-4]}AAAA", "a.b.c", "e30.e30.e30"):
        with pytest.raises(BadInput):
            house.service.receipt_validity(wrong)
    with pytest.raises(NotFound):
        house.service.receipt_validity("0" * 64)
    assert receipt_digest(receipt.jws) == receipt.hash


def test_a_chain_of_which_one_is_missing_is_not_whole(house):
    house.add_cameo()
    for _ in range(3):
        grant_lease(house)
    chain = house.stores.receipts.all()
    assert is_consent_chain_intact(chain)
    assert not is_consent_chain_intact([*chain[:-2], chain[-1]])
    with pytest.raises(Exception, match="append-only"), house.database.owner_connection() as connection:
        connection.execute("DELETE FROM consent_receipts")


# Templates


def test_a_template_lies_encrypted_and_goes_with_its_key(house):
    mira = house.add_cameo()
    face = np.linspace(-0.2, 0.2, 128, dtype=np.float32)
    house.stores.templates.add(mira.id, "face", "dlib_face", face)
    assert np.array_equal(house.stores.templates.all("face")[0].vector, face)
    with house.database.connection() as connection:
        sealed = connection.execute("SELECT sealed FROM cameo_templates").fetchone()[0]
    assert face.tobytes()[:16] not in sealed
    assert "vector" not in repr(house.stores.templates.all("face")[0])
    (house.home / "vault" / "keys" / mira.id).unlink()
    house.stores.templates.add(house.add_cameo("omar", BEN).id, "face", "dlib_face", face)  # read again
    assert [one.cameo for one in house.stores.templates.all("face")] != [mira.id]


@pytest.mark.parametrize(("enrolled", "looking"), [("two_nets", "bundled"), ("bundled", "two_nets")])
def test_whoever_was_enrolled_by_other_nets_of_ours_is_matched_as_surely_as_by_the_ones_they_share(
    house, enrolled, looking
):
    theirs, ours = (face_backend(ModelOptions(face_backend=name)) for name in (enrolled, looking))
    shared, random = TWO_NET_FACE_SPACE.dimensions, np.random.default_rng(5)
    face = random.normal(0, 0.05, theirs.space.dimensions).astype(np.float32)
    mira = house.add_cameo()
    house.stores.templates.add(mira.id, "face", theirs.space.name, face)
    house.stores.templates.add(mira.id, "face", "face/arcface-w600k-r50/1", np.ones(512, np.float32))
    gallery = combine_galleries(PostgresGallery(house.database, ours.space), house.stores, ours.space, ours.comparable)
    assert gallery.size == 1 and gallery.has_person(mira.id)
    probe = random.normal(0, 0.05, ours.space.dimensions).astype(np.float32)
    at_the_limit = TWO_NET_FACE_CALIBRATION.distance_limit(1)
    away = np.zeros(shared, np.float32)
    away[0] = at_the_limit
    probe[:shared] = face[:shared] + away
    person, kind, distance = gallery.nearest(probe)
    assert (person, kind) == (mira.id, "cameo")
    assert distance == pytest.approx(ours.calibration(ModelOptions()).distance_limit(1), abs=1e-3)
    house.service.erase(MIRA, "mira")
    assert gallery.size == 0 and gallery.nearest(probe) is None and not gallery.has_person(mira.id)


def test_erasing_leaves_ids_and_nothing_else(house):
    mira = house.add_cameo()
    house.stores.templates.add(mira.id, "face", "dlib_face", np.ones(128, np.float32))
    made = grant_lease(house, terms=LeaseTerms(words=("moist",)), words="no meat")
    video = house.published(house.case(ANA, [mira]))
    house.service.erase(MIRA, "mira")
    assert house.stores.cameos.get(mira.id).handle == ""
    assert house.service.own_cameos(MIRA)[0].state == "erased"
    assert not (house.home / "vault" / "keys" / mira.id).exists()
    assert house.stores.templates.all("face") == []
    assert house.phase(video) == "withdrawn"
    with house.database.connection() as connection:
        left = [
            str(connection.execute(f"SELECT coalesce(json_agg(t), '[]') FROM {table} t").fetchone()[0])
            for table in ("cameos", "leases", "consent_receipts", "texts", "events", "notices", "cascades")
        ]
    assert not [words for words in ("moist", "meat", "'mira'", '"mira"') if any(words in one for one in left)]
    assert house.stores.receipts.of_lease(made.id)
    with pytest.raises(NotFound):
        house.service.cameo(MIRA, "mira")
    assert house.add_cameo().handle == "mira"  # free again


def test_somebody_idle_for_three_years_is_erased_by_the_schedule(house):
    mira, other = house.add_cameo(), house.add_cameo("omar", BEN)
    with house.database.connection() as connection:
        connection.execute("UPDATE cameos SET touched = touched - interval '1096 days' WHERE id = %s", [mira.id])
    house.maintenance.run_maintenance()
    assert house.stores.cameos.get(mira.id).state == "erased"
    assert house.stores.cameos.get(other.id).state == "active"
    assert house.stores.receipts.of_cameo(mira.id)[-1].kind == "erased"


def test_everything_kept_is_given_out_but_the_templates(house):
    from core.codec import dump

    mira = house.add_cameo()
    house.stores.templates.add(mira.id, "face", "dlib_face", np.ones(128, np.float32))
    grant_lease(house, words="no meat")
    case = house.case(ANA, [mira])
    given = dump(house.service.export(MIRA, "mira"))
    assert given["templates"] == [{"kind": "face", "model": "dlib_face"}]
    assert list(given["limits_in_own_words"].values()) == ["no meat"]
    assert given["uses"][0]["case_id"] == case.id
    with pytest.raises(Forbidden):
        house.service.export(MODERATOR, "mira")


def test_what_was_kept_of_refused_takes_reports_and_proof_is_erased_too(house):
    mira = house.add_cameo()
    takes, texts = house.service.enrolment.enrolments, house.context.texts
    proof = texts.put("I am who I say", case_id=mira.id)
    house.stores.cameos.set_proof(mira.id, proof)
    looks = np.ones((3, 32), np.uint8)
    for account, kind, cameo in ((MIRA, "self", ""), (MIRA, "self", mira.id), (MIRA, "minor", ""), (BEN, "self", "")):
        challenge = takes.issue(account.id, "mira", kind)
        takes.redeem(challenge.id, account.id)
        takes.record_outcome(
            challenge.id, "active" if cameo else "refused", cameo=cameo, signals=[], rules=[], capture_hashes=looks
        )
    video = house.published(house.case(MIRA, [mira]))
    house.service.report(MIRA, "mira", video.id, note="this hurts me")
    assert [one.words for one in house.service.review.reports(MODERATOR)] == ["this hurts me"]
    with pytest.raises(Forbidden):
        house.service.review.reports(MIRA)
    [reported] = house.stores.answers.reports(mira.id)
    house.service.erase(MIRA, "mira")
    assert [(one.account, one.kind) for one in (*takes.of(MIRA.id), *takes.of(BEN.id))] == [
        (MIRA.id, "minor"), (BEN.id, "self"),
    ]  # fmt: skip
    assert house.service.review.reports(MODERATOR) == []
    for text in (reported.words, proof):
        with pytest.raises(Erased):
            texts.read(text)


def test_the_export_holds_proof_answers_reports_and_every_word(house):
    from core.codec import dump

    mira = house.add_cameo()
    house.stores.cameos.set_proof(mira.id, house.context.texts.put("my passport", case_id=mira.id))
    video, other = (house.published(house.case(MIRA, [mira])) for _ in range(2))
    house.service.report(MIRA, "mira", video.id, note="this hurts me")
    house.service.veto(MIRA, "mira", other.id)
    words = house.context.texts.put("seen in person", case_id=mira.id)
    house.service.review.decisions.record(mira.id, "admitted", by=MODERATOR.id, words=words)
    given = dump(house.service.export(MIRA, "mira"))
    assert given["proof"] == "my passport"
    assert [(one["case"], one["words"]) for one in given["reported"]] == [(video.id, "this hurts me")]
    assert [(one["case_id"], one["answer"]) for one in given["answers"]] == [(other.id, "vetoed")]
    assert given["enrolment_steps"][-1]["words"] == "seen in person"


@pytest.mark.parametrize(
    ("kind", "given", "ended"),
    [
        ("self", "explicit consent given", "consent withdrawn"),
        ("minor", "explicit consent given by a guardian", "consent withdrawn"),
        ("estate", "permission given by who speaks for the estate", "permission of the estate withdrawn"),
    ],
)
def test_a_receipt_says_who_agreed_and_no_estate_consents(house, kind, given, ended):
    cameo = house.add_cameo("mira", MIRA, kind)
    lease = grant_lease(house)
    house.service.revoke(MIRA, lease.id)
    said = [_payload_of(one) for one in house.stores.receipts.of_cameo(cameo.id)]
    assert [one["event"]["event_type"] for one in said] == [given] * (len(said) - 1) + [ended]
    assert ("consent" in said[0]["pii_processing"]["lawful_basis"]) == (kind != "estate")


def _payload_of(receipt):
    body = receipt.jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
