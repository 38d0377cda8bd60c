"""Videos that show somebody and that no lease covers: the owner's list, what they answer, and what comes of it."""

from dataclasses import replace

import pytest

from core.case import Phase
from core.errors import BadInput, Forbidden, NotFound
from core.roles import Principal, Role
from registry.consent.found.found_store import FoundAnswer
from registry.consent.notices import MODERATORS_ADDRESS
from tests.contract.cameo_installation import ANA, BEN, MIRA, MODERATOR, asset, grant_lease
from tests.contract.test_recognised import recognised, video_showing
from tests.lawful import carry, judged

pytestmark = pytest.mark.postgres


def listed(house, **asked):
    return [one.case_id for one in house.service.found.page(MIRA, "mira", **asked).matches]


def held_showing(house, cameo):
    """A draft in which somebody is recognised and that a moderator has not looked at."""
    from core.verdicts import Decision, Gate

    case = carry(house.ledger, house.rendered(house.case(ANA)), Phase.INSPECTED, inspected=recognised(cameo))
    return house.ledger.append(case, [judged(Gate.VIDEO, Decision.HOLD, "video_protected_person")])


def test_published_and_held_videos_without_a_lease_are_listed_the_newest_first(house):
    mira = house.add_cameo()
    shown, held = video_showing(house, mira), held_showing(house, mira)
    grant_lease(house, BEN.id)
    video_showing(house, mira, author=BEN)  # who may
    house.published(house.case(ANA))  # shows nobody
    page = house.service.found.page(MIRA, "mira")
    assert [(one.case_id, one.published) for one in page.matches] == [(held.id, False), (shown.id, True)]
    assert page.next == ""


def test_pages_follow_one_another_and_none_is_listed_twice_or_left_out(house):
    mira = house.add_cameo()
    grant_lease(house, BEN.id)
    made = [video_showing(house, mira, author=ANA if number % 2 else BEN).id for number in range(10)]
    first = house.service.found.page(MIRA, "mira", limit=2)
    second = house.service.found.page(MIRA, "mira", limit=2, after=first.next)
    third = house.service.found.page(MIRA, "mira", limit=2, after=second.next)
    seen = [one.case_id for page in (first, second, third) for one in page.matches]
    assert seen == [case for number, case in reversed(list(enumerate(made))) if number % 2]
    assert third.next == ""


def test_where_leases_cover_more_than_one_page_looks_through_the_next_goes_on_from_there(house, monkeypatch):
    mira = house.add_cameo()
    found = video_showing(house, mira)
    grant_lease(house, BEN.id)
    for _ in range(3):
        covered = house.rendered(house.case(BEN))
        carry(house.ledger, covered, Phase.INSPECTED, inspected=recognised(mira))
        house.published_from(house.ledger.load(covered.id))
    for name, value in (("_BATCH", 1), ("_MOST_BATCHES", 2)):
        monkeypatch.setattr(f"registry.consent.found.found_desk.{name}", value)
    first = house.service.found.page(MIRA, "mira")
    assert first.matches == () and first.next
    second = house.service.found.page(MIRA, "mira", after=first.next)
    assert [one.case_id for one in second.matches] == [found.id]
    if second.next:
        assert house.service.found.page(MIRA, "mira", after=second.next).matches == ()


def test_what_is_put_away_or_is_somebody_else_leaves_the_list_and_can_be_put_back(house):
    mira = house.add_cameo()
    away, other = video_showing(house, mira), video_showing(house, mira)
    house.service.found.archive(MIRA, "mira", away.id)
    house.service.found.not_me(MIRA, "mira", other.id)
    assert listed(house) == []
    assert (listed(house, answer=FoundAnswer.ARCHIVED), listed(house, answer=FoundAnswer.NOT_ME)) == (
        [away.id],
        [other.id],
    )
    figures = house.service.found.figures(MODERATOR)
    assert (figures.answered, figures.not_me) == (2, 1)
    house.service.found.put_back(MIRA, "mira", other.id)
    assert listed(house) == [other.id]
    assert house.service.found.figures(MODERATOR).not_me == 0
    with pytest.raises(Forbidden):
        house.service.found.figures(ANA)


def test_removal_is_a_report_that_moderators_read(house):
    mira = house.add_cameo()
    video = video_showing(house, mira)
    assert house.service.found.remove(MIRA, "mira", video.id, words="I never agreed") is False
    assert house.phase(video) == "published"
    assert [one.words for one in house.service.review.reports(MODERATOR)] == ["I never agreed"]
    assert "reported" in {one.code for one in house.stores.notices.of(MODERATORS_ADDRESS)}
    assert listed(house, answer=FoundAnswer.REMOVAL) == [video.id]
    for again in (house.service.found.remove, house.service.found.archive):
        with pytest.raises(BadInput):
            again(MIRA, "mira", video.id, **({"words": "again"} if again == house.service.found.remove else {}))


def test_where_policy_says_that_a_no_acts_the_video_and_what_was_made_from_it_come_down_at_once(house):
    mira = house.add_cameo()
    video = video_showing(house, mira)
    remix = house.published(house.case(BEN, references=[asset(f"s{video.id}")]))
    acting = replace(house.service.found, veto_acts=lambda: True)
    assert acting.remove(MIRA, "mira", video.id, words="I never agreed") is True
    assert (house.phase(video), house.phase(remix)) == ("withdrawn", "withdrawn")
    held = held_showing(house, mira)
    assert acting.remove(MIRA, "mira", held.id, words="that is me") is False  # nothing is up
    assert house.phase(held) == "held"


def test_a_removal_says_why(house):
    mira = house.add_cameo()
    video = video_showing(house, mira)
    with pytest.raises(BadInput):
        house.service.found.remove(MIRA, "mira", video.id, words="  ")
    assert listed(house) == [video.id]


def test_nobody_else_learns_what_was_found(house):
    mira = house.add_cameo()
    video = video_showing(house, mira)
    for who in (ANA, MODERATOR):
        with pytest.raises(NotFound):
            house.service.found.page(who, "mira")
        with pytest.raises(NotFound):
            house.service.found.archive(who, "mira", video.id)
    with pytest.raises(NotFound):
        house.service.found.archive(MIRA, "mira", house.published(house.case(ANA)).id)


def test_of_an_erased_person_only_the_figures_stay(house):
    mira = house.add_cameo()
    video = video_showing(house, mira)
    house.service.found.not_me(MIRA, "mira", video.id)
    assert [one["answer"] for one in house.service.export(MIRA, "mira")["found"]] == ["not_me"]
    house.service.erase(MIRA, "mira")
    assert house.service.found.matches.answers(mira.id) == []
    lead = Principal(id="acct_lead", roles=frozenset({Role.LEAD}))
    assert house.service.found.figures(lead).not_me == 1
