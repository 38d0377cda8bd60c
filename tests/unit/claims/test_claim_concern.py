"""A moderator whom a claim concerns themselves reads nothing of who sent it, and does nothing about it."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest

from core.case import Phase
from core.errors import Forbidden
from core.roles import Principal
from pipeline.claims.claim import ClaimDecision, ClaimKind
from pipeline.claims.claim_files import read_claim_upload
from pipeline.claims.claim_forms import ClaimForm
from pipeline.claims.claim_store import ClaimFilePurpose
from pipeline.claims.claim_videos import FoundVideos
from tests.unit.claims.claim_house import MODERATOR, NOW, OTHER, WHO, ClaimHouse

PASSPORT = read_claim_upload(lambda: BytesIO(b"%PDF-1"), ClaimFilePurpose.IDENTITY)


def claim_against_the_moderator(house, kind=ClaimKind.LIKENESS):
    video = house.published(MODERATOR.id)
    form = ClaimForm(
        kind=kind,
        about=(video, "seen at my home page"),
        explanation="I know him.",
        authority="I am her mother.",
        statements=tuple(one.id for one in house.desk.laws.choose(kind).statements),
        **WHO,
    )
    sender = Principal(id="victim", roles=frozenset())
    found = FoundVideos(case_ids=(video,), certain=True)
    return house.desk.submit(form, found=found, uploads=(PASSPORT,), account=sender, address="192.0.2.1", now=NOW)[0]


@pytest.mark.parametrize("decided", [False, True])
def test_whose_video_it_is_reads_nothing_of_who_claimed_before_and_after_the_decision(decided):
    house = ClaimHouse()
    claim = claim_against_the_moderator(house)
    other, _ = house.file(*claim.case_ids)
    if decided:
        house.decide(claim.id, ClaimDecision.UPHELD, "likeness_without_consent", who=OTHER)
    file = house.store.files(claim.id)[0]
    shown = house.review.show(MODERATOR, claim.id)
    assert (shown.contact, shown.words, shown.authority, tuple(shown.files)) == ({}, {}, "", ())
    assert (shown.claim.via_account, shown.claim.urls) == ("", ()) and not shown.choices
    assert [(one.id, one.urls) for one in shown.others] == [(other.id, ())]
    with pytest.raises(Forbidden):
        house.review.file(MODERATOR, claim.id, file.id)
    whole = house.review.show(OTHER, claim.id)
    assert whole.contact["name"] and whole.words and whole.authority and whole.files
    assert b"".join(house.review.file(OTHER, claim.id, file.id)[1]) == b"%PDF-1"


def test_nobody_names_their_own_video_nor_names_another_in_its_place():
    house = ClaimHouse()
    own, foreign = house.published(MODERATOR.id), house.published("ana")
    unnamed, _ = house.file(kind=ClaimKind.INTIMATE_IMAGE)
    with pytest.raises(Forbidden):
        house.review.name_videos(MODERATOR, unnamed.id, [own], revision=unnamed.revision, now=NOW)
    claim = claim_against_the_moderator(house)
    with pytest.raises(Forbidden):
        house.review.name_videos(MODERATOR, claim.id, [foreign], revision=claim.revision, now=NOW)
    assert house.phase(own) is house.phase(foreign) is Phase.PUBLISHED


def test_where_one_person_does_everything_they_read_it_all():
    house = ClaimHouse(one_person=True)
    claim = claim_against_the_moderator(house)
    assert house.review.show(MODERATOR, claim.id).contact["name"]


def test_whoever_decided_before_reads_the_appeal_and_does_not_decide_it():
    house = ClaimHouse()
    claim, secret = house.file(house.published())
    house.decide(claim.id, ClaimDecision.REJECTED, "lawful_use")
    appeal = house.desk.appeal(secret, "No.", NOW)
    shown = house.review.show(MODERATOR, appeal.id)
    assert shown.words and "decided about this claim before" in shown.conflict


def test_another_moderator_keeps_reading_through_what_account_it_came():
    house = ClaimHouse()
    claim = claim_against_the_moderator(house)
    assert replace(house.review.show(OTHER, claim.id).claim, urls=()).via_account == "victim"
