"""A yes to one order, also of somebody whom the order does not name: what it covers, what it is no part of, its end."""

import pytest

from core.errors import NotFound, NotNow
from registry.consent import AudienceRequest, LikenessAudience
from registry.consent.cameo_service import LeaseRequest
from registry.consent.leases import new_lease
from tests.contract.cameo_installation import ANA, MIRA, grant_lease

pytestmark = pytest.mark.postgres


def with_a_yes(house, mira):
    """A published video that names nobody, and to which she said yes."""
    case = house.case(ANA, prompt="a woman waves")
    lease, _ = house.stores.consents.grant(new_lease(mira.id, ANA.id, case_id=case.id), by=MIRA.id)
    return house.published(case), lease


def choose(house, audience, *accounts):
    request = AudienceRequest(audience=LikenessAudience(audience), accounts=accounts, confirmed=True)
    return house.service.portal.set_audience(MIRA, "mira", request)


def test_a_remix_of_a_video_of_somebody_unnamed_needs_a_yes_of_its_own(house):
    mira = house.add_cameo()
    video, _ = with_a_yes(house, mira)
    remix = house.case(ANA, prompt="at night", parent=video.id)
    of_remix = house.case(ANA, prompt="by day", parent=remix.id)
    assert [house.facts(one)["cameos_unleased"] for one in (video, remix, of_remix)] == [0, 1, 1]
    assert house.service.shows(MIRA, remix)
    grant_lease(house)
    assert house.facts(remix)["cameos_unleased"] == 0


def test_erasing_takes_down_what_rests_on_a_yes_alone(house):
    mira = house.add_cameo()
    video, _ = with_a_yes(house, mira)
    remix = house.published(house.case(ANA, parent=video.id))
    house.service.erase(MIRA, "mira")
    assert [house.phase(one) for one in (video, remix)] == ["withdrawn"] * 2


def test_blocking_takes_down_what_rests_on_a_yes_alone(house):
    house.add_account(ANA)
    video, _ = with_a_yes(house, house.add_cameo())
    house.service.portal.block(MIRA, ANA.id)
    assert house.phase(video) == "withdrawn"


def test_taking_a_yes_back_takes_down_that_video_and_no_other(house):
    mira = house.add_cameo()
    video, lease = with_a_yes(house, mira)
    other, _ = with_a_yes(house, mira)
    house.service.revoke(MIRA, lease.id)
    assert [house.phase(one) for one in (video, other)] == ["withdrawn", "published"]


def test_a_yes_to_one_order_is_not_made_one_for_every_order(house):
    _, lease = with_a_yes(house, house.add_cameo())
    with pytest.raises(NotNow, match="one order"):
        house.service.change(MIRA, lease.id, LeaseRequest(holder=ANA.id))
    assert [one.case_id for one in house.service.leases(MIRA, "mira") if one.holder == ANA.id] == [lease.case_id]
    assert house.facts(house.case(ANA, ["mira"]))["cameos_unleased"] == 1


def test_who_may_make_videos_is_no_matter_of_a_yes_to_one_order(house):
    house.add_account(ANA)
    video, _ = with_a_yes(house, house.add_cameo())
    assert house.service.portal.audience(MIRA, "mira") is LikenessAudience.ME
    assert [one.holder for one in choose(house, "named", ANA.id).granted] == [ANA.id]
    choose(house, "me")
    assert house.phase(video) == "published"


def test_who_is_not_enrolled_yet_sees_and_decides_nothing(house):
    held = house.stores.cameos.add("mira", MIRA.id)
    case = house.published(house.case(ANA, [held]))
    assert house.service.uses(MIRA, held.id) == ()
    for act in (
        lambda: house.service.veto(MIRA, held.id, case.id),
        lambda: house.service.report(MIRA, held.id, case.id, note="look"),
        lambda: house.service.portal.use(MIRA, held.id, case.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert house.phase(case) == "published"
    assert house.service.export(MIRA, held.id)["uses"] == ()
