"""Appeals of several authors of one claim, and appeals against appeals."""

from __future__ import annotations

import pytest

from core.case import Phase
from core.errors import Forbidden, NotNow
from core.roles import Principal, Role
from pipeline.claims.claim import ClaimDecision
from tests.unit.claims.claim_house import AUTHOR, MODERATOR, NOW, OTHER, ClaimHouse

UPHELD, PARTLY, REJECTED = ClaimDecision.UPHELD, ClaimDecision.PARTLY, ClaimDecision.REJECTED
BOB = Principal(id="bob", roles=frozenset({Role.PLATFORM}))
THIRD = Principal(id="xi", roles=frozenset({Role.MODERATOR}))


@pytest.fixture
def house() -> ClaimHouse:
    return ClaimHouse()


def sweep(house):
    """As a minute later: workers have worked, upkeep has run, workers again."""
    house.work()
    house.service.upkeep.run_maintenance(NOW)
    house.work()


@pytest.fixture
def of_two(house):
    """(claim, Ana's video, Bob's video): upheld for both."""
    mine, other = house.published(), house.published("bob")
    claim, _ = house.file(mine, other)
    house.decide(claim.id, UPHELD, "copyright_infringed", words="Both are copies.")
    house.work()
    return claim, mine, other


def test_each_author_appeals_for_their_own_videos_once(house, of_two):
    claim, mine, other = of_two
    appeal = house.answers.appeal(AUTHOR, claim.id, "A parody.", NOW)
    assert appeal.case_ids == (mine,)
    with pytest.raises(NotNow):
        house.answers.appeal(AUTHOR, claim.id, "Again.", NOW)
    assert house.answers.against(BOB, claim.id, NOW).may_appeal
    assert house.answers.appeal(BOB, claim.id, "Mine too.", NOW).case_ids == (other,)
    assert [one.case_ids for one in house.answers.against(AUTHOR, claim.id, NOW).answers] == [(mine,)]


def test_an_appeal_that_one_author_wins_puts_back_their_videos_only(house, of_two):
    claim, mine, other = of_two
    appeal = house.answers.appeal(AUTHOR, claim.id, "A parody.", NOW)
    house.decide(appeal.id, UPHELD, "mistake", who=OTHER)
    sweep(house)
    assert (house.phase(mine), house.phase(other)) == (Phase.PUBLISHED, Phase.WITHDRAWN)
    first = house.store.get(claim.id)
    assert (first.decision, first.upheld_ids, first.code) == (PARTLY, (other,), "copyright_infringed")
    assert house.kept.down == {claim.id: (other,)}
    assert ("bob", "claim_overturned") not in house.kept.told and ("bob", "claim_restored") not in house.kept.told
    assert not house.answers.against(AUTHOR, claim.id, NOW).may_appeal
    again = house.answers.appeal(BOB, claim.id, "Mine too.", NOW)
    house.decide(again.id, UPHELD, "mistake", who=OTHER)
    sweep(house)
    assert house.phase(other) is Phase.PUBLISHED and house.store.get(claim.id).decision is REJECTED


def test_nothing_is_erased_while_another_author_waits(house, of_two):
    claim, _mine, _other = of_two
    mine, other = (house.answers.appeal(who, claim.id, "A parody.", NOW) for who in (AUTHOR, BOB))
    house.decide(mine.id, REJECTED, "confirmed", who=OTHER)
    assert house.store.get(claim.id).personal_until is None
    house.decide(other.id, REJECTED, "confirmed", who=OTHER)
    assert house.store.get(claim.id).personal_until is not None


def test_an_author_whose_videos_were_spared_has_nothing_to_appeal(house):
    bad, fine = house.published(), house.published("bob")
    claim, _ = house.file(bad, fine)
    house.decide(claim.id, PARTLY, "copyright_infringed", upheld=(bad,))
    assert not house.answers.against(BOB, claim.id, NOW).may_appeal
    with pytest.raises(NotNow):
        house.answers.appeal(BOB, claim.id, "?", NOW)


def test_whoever_decided_an_appeal_does_not_decide_the_appeal_against_that(house):
    video = house.published()
    claim, secret = house.file(video)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    won = house.answers.appeal(AUTHOR, claim.id, "A parody.", NOW)
    house.decide(won.id, UPHELD, "mistake", who=OTHER)
    against = house.desk.appeal(secret, "No parody.", NOW)
    for who in (MODERATOR, OTHER):
        assert "decided about this claim before" in house.review.show(who, against.id).conflict
        with pytest.raises(Forbidden):
            house.decide(against.id, UPHELD, "new_evidence", who=who)
    house.decide(against.id, UPHELD, "new_evidence", who=THIRD)
    sweep(house)
    assert house.phase(video) is Phase.WITHDRAWN and house.kept.down == {claim.id: (video,)}
