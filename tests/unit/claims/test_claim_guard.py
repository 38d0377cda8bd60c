"""Floods, false claims and repeated ones, as claimants and moderators meet them at the desk."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest

from core.case import Phase
from core.errors import BadInput
from pipeline.access.usage import InsufficientQuota
from pipeline.claims import claim_review
from pipeline.claims.claim import ClaimDecision, ClaimKind
from pipeline.claims.claim_files import read_claim_upload
from pipeline.claims.claim_store import ClaimFilePurpose
from tests.unit.claims.claim_house import MODERATOR, NOW, OTHER, ClaimHouse

REJECTED, UPHELD = ClaimDecision.REJECTED, ClaimDecision.UPHELD


@pytest.fixture
def house():
    return ClaimHouse()


def steps(house, claim):
    return [(one.step, one.code) for one in house.store.steps(claim.id)]


def queue(house):
    return [row.claim.id for row in house.review.queue(MODERATOR, NOW)]


def test_a_flood_is_turned_away_by_the_name_of_its_rule_and_nothing_of_it_is_kept(house):
    video = house.published()
    for _ in range(10):
        house.file(video)
    with pytest.raises(InsufficientQuota, match="claims_per_day"):
        house.file(video)
    assert len(house.store.of_case(video)) == 10


def test_however_many_reports_of_intimate_images_come_each_is_taken_and_beyond_ten_a_day_a_person_looks_first(house):
    for number in range(15):
        video = house.published()
        claim, _ = house.file(video, kind=ClaimKind.INTIMATE_IMAGE)
        assert house.phase(video) is (Phase.RECALLED if number < 10 else Phase.PUBLISHED), number
        assert (("behind", "claims_per_day") in steps(house, claim)) is (number >= 10)
        assert claim.due_at is not None


def test_whoever_made_three_false_claims_hides_nothing_by_itself_until_a_moderator_names_it(house):
    for _ in range(3):
        claim, _ = house.file(house.published())
        house.decide(claim.id, REJECTED, "misuse")
    video = house.published()
    claim, _ = house.file(video, kind=ClaimKind.INTIMATE_IMAGE)
    assert house.phase(video) is Phase.PUBLISHED and claim.paused_at is None
    house.review.name_videos(MODERATOR, claim.id, [video], revision=claim.revision, now=NOW)
    assert house.phase(video) is Phase.RECALLED


@pytest.mark.parametrize(("code", "is_hidden"), [("no_infringement", False), ("misuse", False), ("incomplete", True)])
def test_what_somebody_looked_at_and_left_is_not_hidden_again_by_the_next_claim(house, code, is_hidden):
    video = house.published()
    first, _ = house.file(video, kind=ClaimKind.INTIMATE_IMAGE)
    house.work()
    house.decide(first.id, REJECTED, code)
    house.work()
    assert house.phase(video) is Phase.PUBLISHED
    second, _ = house.file(video, kind=ClaimKind.INTIMATE_IMAGE, email="s@example.org")
    assert (house.phase(video) is Phase.RECALLED) is is_hidden is (second.paused_at is not None)


def test_one_claim_is_about_twenty_videos_at_most_however_they_are_written(house):
    looked_up = []
    load = house.ledger.load
    house.ledger.load = lambda case_id: looked_up.append(case_id) or load(case_id)
    one_line = " ".join(f"{number:016x}" for number in range(400))
    house.service.videos.named([one_line])
    assert len(looked_up) == 20
    with pytest.raises(BadInput, match="20 videos"):
        house.file(one_line)
    with pytest.raises(BadInput, match="too long"):
        house.file("x" * 8001)


def test_whoever_made_three_false_claims_waits_behind_others_and_is_told_why(house):
    honest, _ = house.file(house.published())
    for _ in range(3):
        claim, _ = house.file(house.published())
        house.decide(claim.id, REJECTED, "misuse")
    false, _ = house.file(house.published())
    assert steps(house, false) == [("received", ""), ("proof_first", "false_claims")]
    assert queue(house) == [honest.id, false.id]
    intimate, _ = house.file(house.published(), kind=ClaimKind.INTIMATE_IMAGE)
    assert ("behind", "false_claims") in steps(house, intimate) and intimate.due_at is not None


def test_a_claim_that_is_only_unfounded_counts_against_nobody(house):
    for _ in range(3):
        claim, _ = house.file(house.published())
        house.decide(claim.id, REJECTED, "no_infringement")
    again, _ = house.file(house.published())
    assert steps(house, again) == [("received", "")]


def test_two_claims_that_ask_the_same_are_one_line_and_are_decided_together(house):
    video = house.published()
    first, _ = house.file(video)
    second, _ = house.file(video, email="s@example.org")
    other_kind, _ = house.file(video, kind=ClaimKind.LIKENESS)
    assert ("joined", "") in steps(house, second) and ("joined", "") not in steps(house, first)
    assert ("joined", "") not in steps(house, other_kind)
    assert len(queue(house)) == 2 and other_kind.id in queue(house)
    house.decide(first.id, UPHELD, "copyright_infringed", words="for the first alone")
    decided = house.store.get(second.id)
    assert (decided.decision, decided.code, decided.reason) == (UPHELD, "copyright_infringed", "")
    assert house.store.get(other_kind.id).open
    assert house.kept.down.keys() == {first.id, second.id}  # each keeps it down until it is lifted itself


def test_what_is_rejected_for_its_sender_decides_nothing_for_another_who_asks_the_same(house):
    video = house.published()
    first, _ = house.file(video)
    second, _ = house.file(video, email="s@example.org")
    house.decide(first.id, REJECTED, "misuse")
    assert house.store.get(second.id).open and queue(house) == [second.id]


def test_a_joined_claim_that_a_moderator_may_not_decide_waits_for_another(house):
    video = house.published()
    first, _ = house.file(video)
    second, _ = house.file(video, email="s@example.org")
    house.store.change(_through(house.store.get(second.id), MODERATOR.id), house.store.steps(second.id)[0])
    house.decide(first.id, UPHELD, "copyright_infringed")
    assert house.store.get(second.id).open
    house.decide(second.id, UPHELD, "copyright_infringed", who=OTHER)
    assert not house.store.get(second.id).open


def _through(claim, account):
    return replace(claim, via_account=account)


def test_a_flood_that_waits_does_not_hide_what_came_after_it_from_the_queue(house, monkeypatch):
    monkeypatch.setattr(claim_review, "QUEUE_PAGE", 2)
    monkeypatch.setattr(claim_review, "_AT_ONCE", 3)
    for _ in range(12):
        house.file(house.published(), kind=ClaimKind.INTIMATE_IMAGE)
    late, _ = house.file(house.published(), email="late@example.org", address="192.0.2.9")
    pages = [[row.claim.id for row in house.review.queue(MODERATOR, NOW, page=page)] for page in range(1, 9)]
    assert [len(page) for page in pages] == [2, 2, 2, 2, 2, 2, 1, 0]
    assert late.id in [one for page in pages for one in page][:11]


def test_five_hundred_claims_that_ask_the_same_are_decided_at_once(house):
    video = house.published()
    claims = [house.file(video, email=f"{number}@example.org", address=f"a{number}")[0] for number in range(500)]
    house.decide(claims[0].id, UPHELD, "copyright_infringed")
    assert not [one for one in claims if house.store.get(one.id).open]
    assert len(queue(house)) == 0


def test_whoever_signs_with_the_address_of_another_turns_only_themselves_away(house):
    for _ in range(10):
        house.file(house.published(), email="victim@example.org", address="attacker")
    with pytest.raises(InsufficientQuota):
        house.file(house.published(), email="victim@example.org", address="attacker")
    honest, _ = house.file(house.published(), email="victim@example.org", address="home")
    assert steps(house, honest) == [("received", "")]


def test_a_claim_whose_proof_finds_no_room_is_kept_without_it_and_says_so(house):
    big = read_claim_upload(lambda: BytesIO(b"%PDF-" + bytes((10 << 20) - 5)), ClaimFilePurpose.WORK)
    kept = [house.file(house.published(), kind=ClaimKind.INTIMATE_IMAGE, uploads=(big,) * 6)[0] for _ in range(3)]
    elsewhere, _ = house.file(house.published(), kind=ClaimKind.INTIMATE_IMAGE, uploads=(big,), address="b")
    assert [len(house.store.files(one.id)) for one in (*kept, elsewhere)] == [6, 6, 0, 1]
    assert [("proof_not_kept", "") in steps(house, one) for one in (*kept, elsewhere)] == [False, False, True, False]
    assert house.store.get(kept[2].id).paused_at is not None
