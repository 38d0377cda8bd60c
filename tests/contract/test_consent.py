"""Cameos, leases, receipts and what gates are told of them, over the embedded Postgres."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from core.errors import BadInput, Conflict, Forbidden, NotFound, NotNow
from pipeline.cameo_desk import LeaseAsked
from registry.cameos import UNKNOWN, mentioned
from registry.consent_receipts import digest, is_whole
from registry.receipt_keys import canonical
from registry.terms import Terms
from tests.contract.cameo_houses import ANA, BEN, MIRA, MODERATOR, CameoHouse, asset, emptied, opened

pytestmark = pytest.mark.postgres
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def opened_house():
    with opened() as house:
        yield house


@pytest.fixture
def house(opened_house) -> CameoHouse:
    return emptied(opened_house)


def lease(house, holder=ANA.id, words="", **given):
    terms = given.pop("terms", Terms())
    return house.desk.lease(MIRA, "mira", LeaseAsked(holder=holder, terms=terms, words=words, **given))[0]


# Who may


def test_nobody_but_the_owner_may_use_a_new_cameo(house):
    mira = house.enrolled()
    assert house.facts(house.case(MIRA, [mira]))["cameos_unleased"] == 0
    assert house.facts(house.case(ANA, [mira]))["cameos_unleased"] == 1


def test_people_who_are_approved_may(house):
    mira = house.enrolled()
    lease(house)
    assert house.facts(house.case(ANA, [mira]))["cameos_unleased"] == 0
    assert house.facts(house.case(BEN, [mira]))["cameos_unleased"] == 1


def test_mutuals_are_those_who_both_say_so(house):
    mira = house.enrolled()
    lease(house, holder="~")
    case = house.case(ANA, [mira])
    assert house.facts(case)["cameos_unleased"] == 1
    house.desk.know(ANA, MIRA.id)
    assert house.facts(case)["cameos_unleased"] == 1
    house.desk.know(MIRA, ANA.id)
    assert house.facts(case)["cameos_unleased"] == 0
    house.desk.know(MIRA, ANA.id, known=False)
    assert house.facts(case)["cameos_unleased"] == 1


def test_a_handle_that_nobody_has_is_unleased_and_does_not_get_into_the_log(house):
    case = house.case(ANA, ["somebody-else"])
    assert house.facts(case)["cameos_unleased"] == 1
    assert case.request.cameos == (UNKNOWN,)


def test_somebody_who_is_held_or_refused_is_leased_to_no_one(house):
    cameo = house.at.cameos.add("mira", MIRA.id)
    house.at.leases.grant(cameo.id, "*")
    case = house.case(ANA, [cameo])
    assert house.facts(case)["cameos_unleased"] == 1
    with pytest.raises(NotNow):
        lease(house)
    assert house.desk.review.admit(MODERATOR, cameo.id, allow=False) is None
    assert house.facts(case)["cameos_unleased"] == 1


def test_purpose_and_territory_have_to_be_stated_where_they_are_limited(house):
    mira = house.enrolled()
    lease(house, terms=Terms(purposes=("parody", "personal"), territory=("DE", "FR")))
    for asked, unleased in (
        ({}, 1),
        ({"purpose": "parody"}, 1),
        ({"purpose": "parody", "territory": ("DE",)}, 0),
        ({"purpose": "parody", "territory": ("DE", "US")}, 1),
        ({"purpose": "advertising", "territory": ("DE",)}, 1),
    ):
        assert house.facts(house.case(ANA, [mira], **asked))["cameos_unleased"] == unleased, asked


def test_face_and_voice_are_asked_for_apart(house):
    mira = house.enrolled()
    lease(house)
    assert house.facts(house.case(ANA, [mira], voices=True))["cameos_unleased"] == 1
    lease(house, face=False, voice=True)
    talking = house.case(ANA, [mira], voices=True)
    assert house.facts(talking)["cameos_unleased"] == 0
    assert house.consent.leased(talking) == house.consent.leased_voices(talking) == (mira.id,)


# What for


def test_the_lease_made_for_an_account_counts_before_the_one_for_everyone(house):
    mira = house.enrolled()
    lease(house, holder="*", terms=Terms(bans=("alcohol", "politics")))
    lease(house, terms=Terms(bans=("politics",)))
    assert house.facts(house.case(ANA, [mira]))["cameo_no_alcohol"] is False
    for author in (ANA, BEN):
        assert house.facts(house.case(author, [mira]))["cameo_no_politics"] is True
    assert house.facts(house.case(BEN, [mira]))["cameo_no_alcohol"] is True


@pytest.mark.parametrize("prompt", ["mira says MOIST", "mira, moíst!", "m\u200boist cake"])
def test_words_that_somebody_will_not_say_are_found_however_they_are_written(house, prompt):
    mira = house.enrolled()
    lease(house, terms=Terms(words=("moist", "climate change")))
    assert house.facts(house.case(ANA, [mira], prompt=prompt))["cameo_words_broken"] == 1
    assert house.facts(house.case(ANA, [mira], prompt="moisture, climate"))["cameo_words_broken"] == 0


def test_where_the_prompt_is_erased_it_is_not_known_whether_words_were_broken(house):
    mira = house.enrolled()
    lease(house, terms=Terms(words=("moist",)))
    case = house.case(ANA, [mira])
    house.tools.texts.erase(case_id=case.id)
    assert "cameo_words_broken" not in house.facts(case)


def test_limits_in_words_hold_until_somebody_made_rules_of_them(house):
    mira = house.enrolled()
    made = lease(house, words="never make me eat meat")
    case = house.case(ANA, [mira])
    assert house.facts(case)["cameo_limits_unreviewed"] == 1
    waiting = house.desk.review.to_review(MODERATOR)
    assert [(one.lease.id, one.words) for one in waiting] == [(made.id, "never make me eat meat")]
    with pytest.raises(Forbidden):
        house.desk.review.review(ANA, made.id, Terms())
    now, receipt = house.desk.review.review(MODERATOR, made.id, Terms(words=("meat",), watched=True))
    facts = house.facts(case)
    assert (facts["cameo_limits_unreviewed"], facts["cameos_watched"]) == (0, 1)
    assert (now.replaces, now.terms.reviewed, receipt.kind) == (made.id, MODERATOR.id, "changed")
    assert house.desk.review.to_review(MODERATOR) == []


def test_an_owner_cannot_say_that_their_words_were_reviewed(house):
    house.enrolled()
    for terms in (Terms(reviewed="acct_mira"), Terms(watched=True), Terms(asks="t")):
        with pytest.raises(Conflict):
            lease(house, terms=terms)


def test_a_minor_is_leased_by_name_and_within_bounds(house):
    kid = house.enrolled(kind="minor")
    for holder in ("*", "~"):
        with pytest.raises(BadInput):
            lease(house, holder=holder)
    made = lease(house)
    assert made.terms.approval
    assert set(made.terms.bans) >= {"alcohol", "romance", "revealing"}
    assert house.facts(house.case(ANA, [kid]))["cameos_minor"] == 1


# What it is made from


def test_a_remix_shows_whom_its_parent_shows_and_the_rules_for_minors_follow_it(house):
    kid = house.enrolled(kind="minor")
    lease(house)
    root = house.published(house.case(ANA, [kid]))
    remix = house.published(house.case(BEN, parent=root.id))
    of_remix = house.case(BEN, references=[asset(f"s{remix.id}")])
    copied = house.case(BEN, references=[asset("encoded again")], copies=(remix.id,))
    assert house.consent.shows(of_remix) == house.consent.shows(copied) == (kid.id,)
    facts = house.facts(of_remix)
    assert (facts["cameos_minor"], facts["cameos_unleased"], facts["cameos_named"]) == (1, 1, 1)


def test_what_was_taken_down_is_known_to_what_is_made_from_it(house):
    from core.events import Recalled

    root = house.published(house.case(ANA))
    remix = house.case(BEN, parent=root.id)
    assert house.facts(remix)["parents_recalled"] == 0
    house.ledger.append(root, [Recalled(by="ana", code="author")])
    assert house.facts(remix)["parents_recalled"] == 1


def test_a_case_that_names_itself_as_its_parent_does_not_go_on_for_ever(house):
    from core.case import Case
    from core.events import Submitted

    case = house.ledger.append(Case(id="a" * 16), [Submitted(author="x", prompt="t", parent="a" * 16)])
    assert house.consent.shows(case) == ()


# Each draft


def test_a_draft_waits_for_its_owner_and_another_draft_waits_again(house):
    mira = house.enrolled()
    lease(house, terms=Terms(approval=True))
    case = house.rendered(house.case(ANA, [mira]))
    assert house.facts(case)["cameos_unapproved"] == 1
    house.desk.approve(MIRA, "mira", case.id)
    assert house.facts(case)["cameos_unapproved"] == 0
    from core.events import Rendered

    again = house.ledger.append(
        house.ledger.load(case.id), [Rendered(asset=asset("other"), engine="e", engine_version="1")]
    )
    assert house.facts(again)["cameos_unapproved"] == 1


def test_only_the_owner_approves_and_only_what_shows_them(house):
    mira = house.enrolled()
    lease(house)
    case = house.rendered(house.case(ANA, [mira]))
    with pytest.raises(NotFound):
        house.desk.approve(ANA, "mira", case.id)
    with pytest.raises(Forbidden):
        house.desk.approve(MODERATOR, "mira", case.id)
    with pytest.raises(NotFound):
        house.desk.approve(MIRA, "mira", house.rendered(house.case(ANA)).id)


# Receipts


def test_each_thing_that_is_agreed_to_or_taken_back_has_a_receipt(house):
    mira = house.enrolled()
    made = lease(house)
    changed, _ = house.desk.change(MIRA, made.id, LeaseAsked(holder=ANA.id, terms=Terms(bans=("politics",))))
    house.desk.revoke(MIRA, changed.id)
    kinds = [one.kind for one in house.desk.receipts(MIRA, "mira")]
    assert kinds == ["enrolled", "granted", "granted", "changed", "revoked"]
    assert is_whole(house.at.receipts.all())
    assert mira.id == house.desk.receipts(MIRA, "mira")[0].cameo


def test_a_receipt_can_be_checked_with_the_published_keys_alone(house):
    house.enrolled()
    made = lease(house, terms=Terms(purposes=("parody",), words=("moist",)), words="no meat")
    receipt = house.at.receipts.of_lease(made.id)[0]
    found = jws.deserialize_compact(receipt.jws, KeySet.import_key_set(house.desk.keys()), algorithms=["ES256"])
    import json

    said = json.loads(found.payload)
    assert canonical(said) == found.payload
    assert said["schema_version"] == "ISO/IEC TS 27560:2023"
    assert said["pii_processing"]["purposes_allowed"] == ["parody"]
    assert said["event"]["event_state"] == "granted"
    assert said["limits"]["words"] == 1
    assert "moist" not in found.payload.decode()
    assert "meat" not in found.payload.decode()


def test_anyone_can_ask_whether_a_receipt_still_holds(house):
    house.enrolled()
    first = lease(house)
    receipt = house.at.receipts.of_lease(first.id)[0]
    assert house.desk.valid(receipt.jws).state == house.desk.valid(receipt.hash).state == "in_force"
    second, changed = house.desk.change(MIRA, first.id, LeaseAsked(holder=ANA.id))
    assert house.desk.valid(receipt.hash).state == "replaced"
    taken_back = house.desk.revoke(MIRA, second.id)
    assert house.desk.valid(changed.hash).state == "revoked"
    assert house.desk.valid(taken_back.hash).state == "withdrawal"
    ended = lease(house, until=NOW - timedelta(hours=1))
    assert house.desk.valid(house.at.receipts.of_lease(ended.id)[0].hash).state == "expired"
    house.desk.erase(MIRA, "mira")
    assert house.desk.valid(receipt.hash).state == "erased"


def test_a_receipt_that_was_altered_is_no_receipt(house):
    house.enrolled()
    receipt = house.at.receipts.of_lease(lease(house).id)[0]
    head, body, mark = receipt.jws.split(".")
    for wrong in (f"{head}.{body[:-2]}AA.{mark}", f"{head}.{body}.{mark[:-4]}AAAA", "a.b.c", "e30.e30.e30"):
        with pytest.raises(BadInput):
            house.desk.valid(wrong)
    with pytest.raises(NotFound):
        house.desk.valid("0" * 64)
    assert digest(receipt.jws) == receipt.hash


def test_a_chain_of_which_one_is_missing_is_not_whole(house):
    house.enrolled()
    for _ in range(3):
        lease(house)
    chain = house.at.receipts.all()
    assert is_whole(chain)
    assert not is_whole([*chain[:-2], chain[-1]])
    with pytest.raises(Exception, match="append-only"), house.database.connection() as connection:
        connection.execute("DELETE FROM consent_receipts")


# Templates


def test_a_template_lies_encrypted_and_goes_with_its_key(house):
    mira = house.enrolled()
    face = np.linspace(-0.2, 0.2, 128, dtype=np.float32)
    house.at.templates.add(mira.id, "face", "dlib_face", face)
    assert np.array_equal(house.at.templates.all("face")[0].vector, face)
    with house.database.connection() as connection:
        sealed = connection.execute("SELECT sealed FROM cameo_templates").fetchone()[0]
    assert face.tobytes()[:16] not in sealed
    assert "vector" not in repr(house.at.templates.all("face")[0])
    (house.home / "vault" / "keys" / mira.id).unlink()
    house.at.templates.add(house.enrolled("omar", BEN).id, "face", "dlib_face", face)  # read again
    assert [one.cameo for one in house.at.templates.all("face")] != [mira.id]


def test_erasing_leaves_ids_and_nothing_else(house):
    mira = house.enrolled()
    house.at.templates.add(mira.id, "face", "dlib_face", np.ones(128, np.float32))
    made = lease(house, terms=Terms(words=("moist",)), words="no meat")
    video = house.published(house.case(ANA, [mira]))
    house.desk.erase(MIRA, "mira")
    assert house.at.cameos.get(mira.id).handle == ""
    assert house.desk.mine(MIRA)[0].state == "erased"
    assert not (house.home / "vault" / "keys" / mira.id).exists()
    assert house.at.templates.all("face") == []
    assert house.phase(video) == "withdrawn"
    with house.database.connection() as connection:
        left = [
            str(connection.execute(f"SELECT coalesce(json_agg(t), '[]') FROM {table} t").fetchone()[0])
            for table in ("cameos", "leases", "consent_receipts", "texts", "events", "notices", "cascades")
        ]
    assert not [words for words in ("moist", "meat", "'mira'", '"mira"') if any(words in one for one in left)]
    assert house.at.receipts.of_lease(made.id)
    with pytest.raises(NotFound):
        house.desk.cameo(MIRA, "mira")
    assert house.enrolled().handle == "mira"  # free again


def test_somebody_idle_for_three_years_is_erased_by_the_schedule(house):
    mira, other = house.enrolled(), house.enrolled("omar", BEN)
    with house.database.connection() as connection:
        connection.execute("UPDATE cameos SET touched = touched - interval '1096 days' WHERE id = %s", [mira.id])
    house.chores()
    assert house.at.cameos.get(mira.id).state == "erased"
    assert house.at.cameos.get(other.id).state == "active"
    assert house.at.receipts.of_cameo(mira.id)[-1].kind == "erased"


def test_everything_kept_is_given_out_but_the_templates(house):
    from core.codec import dump

    mira = house.enrolled()
    house.at.templates.add(mira.id, "face", "dlib_face", np.ones(128, np.float32))
    lease(house, words="no meat")
    case = house.case(ANA, [mira])
    given = dump(house.desk.export(MIRA, "mira"))
    assert given["templates"] == [{"kind": "face", "model": "dlib_face"}]
    assert list(given["limits_in_own_words"].values()) == ["no meat"]
    assert given["uses"][0]["case_id"] == case.id
    with pytest.raises(Forbidden):
        house.desk.export(MODERATOR, "mira")


@pytest.mark.parametrize(
    ("prompt", "handles"),
    [
        ("@mira waves at @Omar_2.", ("mira", "omar_2")),
        ("mail mira@example.org or see x.org/@mira", ()),
        ("(@mira) and @mira again", ("mira",)),
        ("no one", ()),
    ],
)
def test_prompts_name_people_by_their_handles(prompt, handles):
    assert mentioned(prompt) == handles
