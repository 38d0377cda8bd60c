"""The owner's portal: choices of audience, people who are blocked, progress of takedowns, certificates of erasure."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.case import Phase
from core.errors import BadInput, Conflict, NotFound, NotNow
from core.events import Sealed
from pipeline.audit.event_proofs import check_event_proofs, inclusion_paths
from pipeline.audit.merkle import hash_leaf, prove_inclusion
from pipeline.audit.signed_note import parse_note_key
from pipeline.audit.transparency_log import TransparencyLog
from registry.consent import AudienceRequest, LeaseRequest, LeaseTerms, LikenessAudience, lease_sentences
from registry.consent.lease_terms import BANNED_TOPICS
from registry.consent.portal.safe_leases import DEFAULT_PURPOSES, LeaseScope, wide_points
from tests.contract.cameo_installation import (
    ANA,
    BEN,
    MIRA,
    asset,
    grant_lease,
    open_cameo_installation,
    reset_installation,
)
from tests.lawful import carry

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def opened_house():
    with open_cameo_installation() as opened:
        yield opened


@pytest.fixture
def house(opened_house):
    ready = reset_installation(opened_house)
    for who in (MIRA, ANA, BEN):
        ready.add_account(who)
    return ready


def choose(house, audience, *accounts, confirmed=False):
    request = AudienceRequest(audience=LikenessAudience(audience), accounts=accounts, confirmed=confirmed)
    return house.service.portal.set_audience(MIRA, "mira", request)


def in_force(house):
    now = datetime.now(UTC)
    return {
        lease.holder: lease
        for lease in house.service.leases(MIRA, "mira")
        if lease.in_force(now) and lease.holder != MIRA.id
    }


def test_a_new_cameo_is_for_its_owner_alone_and_each_choice_is_narrow(house):
    house.add_cameo()
    assert house.service.portal.audience(MIRA, "mira") is LikenessAudience.ME
    choose(house, "named", ANA.id)
    lease = in_force(house)[ANA.id]
    assert (lease.terms.purposes, lease.terms.bans, lease.terms.approval) == (DEFAULT_PURPOSES, BANNED_TOPICS, False)
    assert timedelta(days=29) < lease.until - datetime.now(UTC) <= timedelta(days=30)
    assert not lease.voice
    assert house.service.portal.audience(MIRA, "mira") is LikenessAudience.NAMED
    choose(house, "mutuals")
    assert house.service.portal.audience(MIRA, "mira") is LikenessAudience.MUTUALS
    assert in_force(house)["~"].terms.approval and in_force(house)[ANA.id].id == lease.id


def test_everybody_has_to_be_confirmed_in_words_and_is_asked_each_time(house):
    house.add_cameo()
    with pytest.raises(Conflict, match="Anyone with an account here may ask"):
        choose(house, "everyone")
    assert in_force(house) == {}
    choose(house, "everyone", confirmed=True)
    assert in_force(house)["*"].terms.approval


def test_a_narrower_choice_says_what_ends_and_takes_down_what_rested_on_it(house):
    mira = house.add_cameo()
    grant_lease(house, holder="*")
    grant_lease(house, holder=ANA.id)
    hers, his = house.published(house.case(ANA, [mira])), house.published(house.case(BEN, [mira]))
    with pytest.raises(Conflict, match="One permission ends"):
        choose(house, "named", ANA.id)
    assert house.phase(his) == "published"
    change = choose(house, "named", ANA.id, confirmed=True)
    assert (house.phase(hers), house.phase(his)) == ("published", "withdrawn")
    assert [house.stores.cascades.get(one).done is not None for one in change.takedowns] == [True]
    choose(house, "me", confirmed=True)
    assert house.phase(hers) == "withdrawn" and in_force(house) == {}


def test_a_choice_of_named_people_needs_names_that_there_are(house):
    house.add_cameo()
    with pytest.raises(BadInput, match="name the accounts"):
        choose(house, "named")
    with pytest.raises(BadInput, match="name the accounts"):
        choose(house, "named", "*")
    with pytest.raises(NotFound, match="nobody here has the account acct_nobody"):
        choose(house, "named", "acct_nobody")


def test_a_minor_is_never_for_everybody_and_another_account_is_told_of_no_cameo(house):
    house.add_cameo(kind="minor")
    with pytest.raises(BadInput, match="accounts that you name"):
        choose(house, "everyone", confirmed=True)
    with pytest.raises(NotFound):
        house.service.portal.audience(BEN, "mira")


def test_what_is_wide_is_refused_until_it_is_confirmed(house):
    house.add_cameo()
    wide = LeaseRequest(holder="*", confirmed=False)
    with pytest.raises(Conflict, match=r"you do not see them first.*no end.*every purpose.*No topic"):
        house.service.lease(MIRA, "mira", wide)
    narrow = LeaseRequest(
        holder=ANA.id,
        until=datetime.now(UTC) + timedelta(days=30),
        terms=LeaseTerms(purposes=DEFAULT_PURPOSES, bans=BANNED_TOPICS),
        confirmed=False,
    )
    assert house.service.lease(MIRA, "mira", narrow)[0].holder == ANA.id


def test_what_one_allows_oneself_is_never_wide():
    assert wide_points(LeaseScope(holder=MIRA.id, until=None, terms=LeaseTerms(), owner=MIRA.id)) == ()


def test_each_limit_of_a_permission_is_a_sentence(house):
    house.add_cameo()
    terms = LeaseTerms(purposes=("parody",), territory=("DE",), bans=("alcohol",), words=("moist",), approval=True)
    lease = grant_lease(house, terms=terms, until=datetime(2099, 1, 31, tzinfo=UTC))
    assert lease_sentences(lease, MIRA.id) == (
        "The account acct_ana may use your face.",
        "It ends on 2099-01-31.",
        "You see each video first and say yes or no.",
        "For parody.",
        "For nothing else.",
        "Only in these countries: DE.",
        "Not with alcohol.",
        "Not with these words: moist.",
    )


@pytest.mark.parametrize("holder", [ANA.id, "*", "~"])
def test_a_blocked_account_is_covered_by_no_permission_whoever_it_is_made_to(house, holder):
    mira = house.add_cameo()
    house.service.know(MIRA, ANA.id)
    house.service.know(ANA, MIRA.id)
    grant_lease(house, holder=holder, voice=True)
    assert house.facts(house.case(ANA, [mira], voices=True))["cameos_unleased"] == 0
    house.service.portal.block(MIRA, ANA.id)
    blocked = house.case(ANA, [mira], voices=True)
    assert house.facts(blocked)["cameos_unleased"] == 1
    assert house.consent.may_appear(blocked).faces == house.consent.may_appear(blocked).voices == ()
    with pytest.raises(NotFound):
        house.service.usable(ANA, "mira")
    house.service.portal.unblock(MIRA, ANA.id)
    unblocked = house.facts(house.case(ANA, [mira], voices=True))
    assert unblocked["cameos_unleased"] == (1 if holder == "~" else 0)  # to block somebody is to know them no longer


def test_what_a_blocked_account_made_comes_down_and_what_others_made_stays(house):
    mira = house.add_cameo()
    grant_lease(house, holder="*")
    hers, his = house.published(house.case(ANA, [mira])), house.published(house.case(BEN, [mira]))
    remix = house.published(house.case(BEN, parent=hers.id))
    waiting = house.case(ANA, [mira])
    house.service.portal.block(MIRA, ANA.id)
    assert [house.phase(one) for one in (hers, remix, waiting, his)] == ["withdrawn"] * 3 + ["published"]
    told = {one.about: one.code for one in house.stores.notices.of(ANA.id)}
    assert told == {hers.id: "recalled_revoked", waiting.id: "stopped_revoked"}  # not that they are blocked
    assert house.service.portal.block(MIRA, ANA.id) == ()


def test_whoever_is_blocked_is_given_no_permission_by_mistake(house):
    house.add_cameo()
    house.service.portal.block(MIRA, ANA.id)
    with pytest.raises(BadInput, match="unblock"):
        grant_lease(house)
    with pytest.raises(BadInput, match="unblock"):
        choose(house, "named", ANA.id)
    assert in_force(house) == {}


def test_who_blocks_whom_is_shown_to_nobody_else(house):
    house.add_cameo()
    house.service.portal.block(MIRA, ANA.id)
    assert [one.account for one in house.service.portal.blocked(MIRA)] == [ANA.id]
    assert house.service.portal.blocked(ANA) == house.service.portal.blocked(BEN) == ()
    with pytest.raises(BadInput):
        house.service.portal.block(MIRA, MIRA.id)
    with pytest.raises(NotFound):
        house.service.portal.block(MIRA, "acct_nobody")


def test_acquaintances_are_told_apart_from_mutuals(house):
    house.service.know(MIRA, ANA.id)
    house.service.know(MIRA, BEN.id)
    house.service.know(BEN, MIRA.id)
    assert [(one.account, one.mutual) for one in house.service.portal.known(MIRA)] == [(ANA.id, False), (BEN.id, True)]


@pytest.mark.parametrize("who_parts", [MIRA, ANA])
def test_what_was_made_under_a_permission_for_mutuals_comes_down_once_they_are_none(house, who_parts):
    mira = house.add_cameo()
    house.service.know(MIRA, ANA.id)
    house.service.know(ANA, MIRA.id)
    grant_lease(house, holder="~")
    hers, own = house.published(house.case(ANA, [mira])), house.published(house.case(MIRA, [mira]))
    house.service.know(who_parts, ({MIRA.id, ANA.id} - {who_parts.id}).pop(), known=False)
    assert (house.phase(hers), house.phase(own)) == ("withdrawn", "published")


def test_a_takedown_is_seen_as_it_goes(house):
    mira = house.add_cameo()
    lease = grant_lease(house)
    videos = [house.published(house.case(ANA, [mira])) for _ in range(3)]
    house.service.revoke(MIRA, lease.id, wait=False)
    [takedown] = house.stores.cascades.of(mira.id)

    def progress():
        now = house.service.portal.progress(MIRA, "mira", takedown.id)
        return now.total, now.down, now.left, now.done

    assert progress() == (3, 0, 3, False)
    assert all(house.facts(house.case(ANA, [mira]))["cameos_unleased"] for _ in range(1))
    house.service.portal.run_takedowns()
    done = house.service.portal.progress(MIRA, "mira", takedown.id)
    assert {step.case_id for step in done.steps} >= {video.id for video in videos}
    assert (done.left, done.done) == (0, True)
    with pytest.raises(NotFound):
        house.service.portal.progress(BEN, "mira", takedown.id)


def test_where_nothing_had_been_made_nobody_reads_that_something_came_down(house):
    house.add_cameo()
    lease = grant_lease(house)
    house.service.revoke(MIRA, lease.id)
    [notice] = [one for one in house.stores.notices.of(MIRA.id) if one.code != "enrolled"]
    assert notice.code == "nothing_revoked" and "nothing had to come down" in notice.message


def test_the_maker_of_a_finished_video_that_nobody_saw_reads_that_it_was_stopped(house):
    mira = house.add_cameo()
    lease = grant_lease(house)
    case = house.rendered(house.case(ANA, [mira]))
    sealed = Sealed(asset=asset("s"), payload=case.id, manifest_id="m", manifest=asset("m"), soft_binding="b")
    case = carry(house.ledger, case, Phase.SEALED, sealed=sealed)
    house.service.revoke(MIRA, lease.id)
    [told] = house.stores.notices.of(ANA.id)
    assert told.code == "stopped_revoked" and "taken down" not in told.message


def test_an_owner_is_told_once_who_published_a_video_of_them_and_reads_it(house):
    mira = house.add_cameo()
    grant_lease(house)
    video = house.published(house.case(ANA, [mira]))
    house.published(house.case(MIRA, [mira]))
    for _ in range(2):
        house.maintenance.run_maintenance()
    used = [one for one in house.service.notices(MIRA) if one.code == "used"]
    assert [one.about for one in used] == [video.id]
    portal = house.service.portal
    before = portal.unread(MIRA)
    assert portal.mark_read(ANA, [used[0].key]) == 0
    assert portal.mark_read(MIRA, [used[0].key]) == 1
    assert portal.unread(MIRA) == before - 1
    assert portal.mark_read(MIRA) == before - 1 and portal.unread(MIRA) == 0


def test_the_maker_reads_what_the_owner_wrote_and_erasing_destroys_it(house):
    mira = house.add_cameo()
    grant_lease(house)
    video = house.published(house.case(ANA, [mira]))
    house.service.veto(MIRA, "mira", video.id, words="  Please not with my dog.  ")
    assert house.service.owner_words(ANA, [video.id]) == {video.id: "Please not with my dog."}
    assert house.service.owner_words(BEN, [video.id]) == {}
    assert house.service.export(MIRA, "mira")["answers"][0]["words"] == "Please not with my dog."
    house.service.erase(MIRA, "mira")
    assert house.service.owner_words(ANA, [video.id]) == {}


def test_an_erased_person_gets_a_certificate_with_proofs_that_hold(house):
    mira = house.add_cameo()
    house.stores.templates.add(mira.id, "face", "net", np.ones(4, np.float32))
    grant_lease(house)
    video = house.published(house.case(ANA, [mira]))
    house.service.report(MIRA, "mira", video.id, note="look")
    house.service.portal.block(MIRA, BEN.id)
    house.service.erase(MIRA, "mira", wait=False)
    with pytest.raises(NotNow):
        house.service.portal.certificate(MIRA, mira.id)
    assert house.service.portal.erasure_progress(MIRA, mira.id).left == 1
    house.service.portal.run_takedowns()
    TransparencyLog(house.database, house.stores.keys.folder).anchor(everything=True)
    given = house.service.portal.certificate(MIRA, mira.id)
    assert given["says"]["erased"] == {
        "enrolment_pictures": 0,
        "enrolment_takes": 0,
        "face_templates": 1,
        "handle": 1,
        "permissions_ended": 2,
        "reports": 1,
        "texts": 1,
        "voice_templates": 0,
    }
    assert given["says"]["videos_taken_down"] == 1
    assert "mira" not in json.dumps(given).replace(mira.id, "")
    log = given["log"]
    assert (check_event_proofs(log, parse_note_key(log["key"])), log["without_proof"]) == (1, 0)
    assert house.service.portal.check_certificate(given["certificate"]).valid
    assert [one.code for one in house.stores.notices.of(MIRA.id)].count("certificate") == 1
    assert house.service.portal.blocked(MIRA) == ()
    with pytest.raises(NotFound):
        house.service.portal.certificate(BEN, mira.id)


def test_a_certificate_or_a_proof_that_was_changed_does_not_hold(house):
    mira = house.add_cameo()
    grant_lease(house)
    house.published(house.case(ANA, [mira]))
    house.service.erase(MIRA, "mira")
    TransparencyLog(house.database, house.stores.keys.folder).anchor(everything=True)
    given = house.service.portal.certificate(MIRA, mira.id)
    head, body, signature = given["certificate"].split(".")
    with pytest.raises(BadInput):
        house.service.portal.check_certificate(".".join([head, body[:-4] + "AAAA", signature]))
    log = given["log"]
    key, proof = parse_note_key(log["key"]), log["proofs"][0]
    for broken in ({**proof, "record": proof["record"].replace("\n1", "\n2", 1)}, {**proof, "position": 10**6}):
        with pytest.raises(BadInput):
            check_event_proofs({**log, "proofs": [broken]}, key)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_many_proofs_at_once_are_those_made_one_by_one(size):
    leaves = [hash_leaf(str(number).encode()) for number in range(size)]
    assert inclusion_paths(leaves, range(size)) == [prove_inclusion(leaves, at) for at in range(size)]
