"""What a claim hid or took down goes back, however quick the decision was and wherever a process died."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.case import Phase
from core.events import Claimed, Recalled
from pipeline.actions import Action, refusal
from pipeline.claims.claim import ClaimDecision, ClaimKind
from pipeline.claims.claim_forms import ClaimForm
from pipeline.claims.standing.standing_claims import StandingClaims
from pipeline.moderation.house_rules import HouseRules
from tests.unit.claims.claim_house import AUTHOR, MODERATOR, NOW, OTHER, WHO, ClaimHouse

UPHELD, PARTLY, REJECTED = ClaimDecision.UPHELD, ClaimDecision.PARTLY, ClaimDecision.REJECTED
INTIMATE = ClaimKind.INTIMATE_IMAGE
COUNTER = ClaimForm(kind=ClaimKind.COPYRIGHT, statements=("mistake", "jurisdiction"), **WHO)


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def house() -> ClaimHouse:
    return ClaimHouse()


def steps(house, claim_id):
    return [step.step for step in house.store.steps(claim_id)]


def sweep(house, now=NOW):
    """As a minute later: workers have worked, upkeep has run, workers again."""
    house.work()
    house.service.upkeep.run_maintenance(now)
    house.work()


def dies_in(monkeypatch, owner, name, *, before=True):
    """The process dies when it calls this, once."""
    real = getattr(owner, name)

    def dying(self, *args, **more):
        monkeypatch.undo()
        if not before:
            real(self, *args, **more)
        raise Killed

    monkeypatch.setattr(owner, name, dying)


def test_a_claim_that_is_taken_back_before_a_worker_came_leaves_the_video_up(house):
    video = house.published()
    remix = house.published("bob", parent=video)
    claim, secret = house.file(video, kind=INTIMATE)
    house.desk.withdraw(secret, NOW)
    assert "restored" not in steps(house, claim.id)  # it is still on its way down
    sweep(house)
    assert (house.phase(video), house.phase(remix)) == (Phase.PUBLISHED, Phase.PUBLISHED)
    assert steps(house, claim.id) == ["received", "paused", "withdrawn", "restored"]
    assert {("ana", "claim_restored"), ("bob", "claim_restored")} <= {*house.kept.told}
    sweep(house)
    assert steps(house, claim.id).count("restored") == 1


def test_a_claim_that_is_rejected_before_a_worker_came_leaves_the_video_up(house):
    video = house.published()
    claim, _ = house.file(video, kind=INTIMATE)
    house.decide(claim.id, REJECTED, "no_infringement")
    sweep(house)
    assert house.phase(video) is Phase.PUBLISHED
    restored = house.store.get(claim.id)
    assert restored.restored_at == NOW and restored.put_back_ids == ()
    chain = [one.event for one in house.ledger.history(video) if isinstance(one.event, Claimed)]
    assert [one.step for one in chain] == ["paused", "decided", "restored"]


def test_what_is_spared_in_part_before_a_worker_came_goes_back_and_the_rest_stays_down(house):
    bad, fine = house.published(), house.published("bob")
    claim, _ = house.file(bad, fine, kind=INTIMATE)
    house.decide(claim.id, PARTLY, "intimate_without_consent", upheld=(bad,))
    sweep(house)
    assert (house.phase(bad), house.phase(fine)) == (Phase.WITHDRAWN, Phase.PUBLISHED)
    assert house.store.get(claim.id).comes_down == (bad,)
    assert house.kept.down == {claim.id: (bad,)}
    assert ("bob", "claim_restored") in house.kept.told


def test_what_another_claim_keeps_down_waits_for_that_one_alone(house):
    video = house.published()
    first, _ = house.file(video, kind=INTIMATE)
    second, _ = house.file(video, kind=ClaimKind.LIKENESS)
    house.decide(second.id, UPHELD, "likeness_without_consent")
    house.decide(first.id, REJECTED, "no_infringement")
    sweep(house)
    assert house.phase(video) is Phase.WITHDRAWN and house.store.get(first.id).put_back_ids == ()


@pytest.mark.parametrize("how", ["withdrawn", "rejected", "partly"])
def test_a_process_that_dies_after_the_decision_leaves_nothing_down(house, monkeypatch, how):
    bad, fine = house.published(), house.published("bob")
    claim, secret = house.file(bad, fine, kind=INTIMATE)
    house.work()
    dies_in(monkeypatch, type(house.desk.effects), "put_back")
    with pytest.raises(Killed):
        if how == "withdrawn":
            house.desk.withdraw(secret, NOW)
        elif how == "rejected":
            house.decide(claim.id, REJECTED, "no_infringement")
        else:
            house.decide(claim.id, PARTLY, "intimate_without_consent", upheld=(bad,))
    sweep(house)
    assert house.phase(fine) is Phase.PUBLISHED
    assert house.phase(bad) is (Phase.WITHDRAWN if how == "partly" else Phase.PUBLISHED)


@pytest.mark.parametrize("before", [True, False])
def test_a_process_that_dies_as_an_appeal_is_won_still_puts_back(house, monkeypatch, before):
    video = house.published()
    claim, _ = house.file(video)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    house.work()
    appeal = house.answers.appeal(AUTHOR, claim.id, "A parody.", NOW)
    dies_in(monkeypatch, type(house.desk.effects), "put_back", before=before)
    with pytest.raises(Killed):
        house.decide(appeal.id, UPHELD, "mistake", who=OTHER)
    sweep(house)
    assert house.phase(video) is Phase.PUBLISHED and house.kept.down == {}
    assert steps(house, claim.id).count("overturned") == 1


@pytest.mark.parametrize("whole", [True, False])
def test_a_process_that_dies_as_a_counter_notice_is_carried_out_still_puts_back(house, monkeypatch, whole):
    mine, other = house.published(), house.published("bob")
    claim, _ = house.file(*([mine] if whole else [mine, other]))
    house.decide(claim.id, UPHELD, "copyright_infringed")
    house.work()
    counter = house.answers.counter(AUTHOR, claim.id, COUNTER, NOW)
    dies_in(monkeypatch, type(house.desk.effects), "put_back")
    with pytest.raises(Killed):
        house.service.upkeep.run_maintenance(counter.restore_from)
    for _ in range(2):
        sweep(house, counter.restore_from)
    assert house.phase(mine) is Phase.PUBLISHED
    assert house.phase(other) is (Phase.PUBLISHED if whole else Phase.WITHDRAWN)
    assert steps(house, claim.id).count("counter_carried_out") == 1
    assert steps(house, counter.id) == ["received", "decided"]
    assert house.store.get(claim.id).personal_until == counter.restore_from + house.desk.rules.personal


def test_what_is_put_back_in_part_never_goes_up_for_a_moment_where_it_stays_down(house):
    bad, fine = house.published(), house.published("bob")
    claim, _ = house.file(bad, fine, kind=INTIMATE)
    house.decide(claim.id, PARTLY, "intimate_without_consent", upheld=(bad,))
    sweep(house)
    assert claim.id not in house.kept.lifted


def between(monkeypatch, owner, name, act):
    """Somebody else acts just as this is called for the first time."""
    real = getattr(owner, name)

    def acting(self, *args, **more):
        monkeypatch.undo()
        act()
        return real(self, *args, **more)

    monkeypatch.setattr(owner, name, acting)


def test_a_claim_that_is_taken_back_as_a_sweep_takes_down_leaves_the_video_up(house, monkeypatch):
    video = house.published()
    claim, secret = house.file(video, kind=INTIMATE)
    house.work()
    late = house.published("bob", parent=video)  # a remix for which the sweep has to act

    def taken_back():
        house.desk.withdraw(secret, NOW)
        house.work()
        assert house.phase(video) is Phase.PUBLISHED

    between(monkeypatch, type(house.desk.effects), "take_down", taken_back)
    house.service.upkeep.run_maintenance(NOW)
    for _ in range(2):
        sweep(house)
    assert (house.phase(video), house.phase(late)) == (Phase.PUBLISHED, Phase.PUBLISHED)
    assert house.store.get(claim.id).put_back_ids == ()


def test_a_claim_that_is_rejected_as_it_hides_leaves_the_video_up(house, monkeypatch):
    video = house.published()

    def rejected():
        [one] = house.store.of_case(video)
        house.decide(one.id, REJECTED, "no_infringement")

    between(monkeypatch, type(house.desk.effects), "take_down", rejected)
    house.file(video, kind=INTIMATE)
    for _ in range(2):
        sweep(house)
    assert house.phase(video) is Phase.PUBLISHED


def test_a_sweep_acts_on_claims_as_they_are_and_not_as_they_were(house, monkeypatch):
    filed = [house.file(house.published(who), kind=INTIMATE) for who in ("ana", "bob")]
    secrets = {claim.id: secret for claim, secret in filed}
    house.work()
    _, other = house.store.to_take_down()
    secret, [second] = secrets[other.id], other.case_ids
    between(monkeypatch, type(house.desk.effects), "take_down", lambda: house.desk.withdraw(secret, NOW))
    house.service.upkeep.run_maintenance(NOW)
    assert house.phase(second) in (Phase.SEALED, Phase.PUBLISHED)
    assert "removed" not in steps(house, other.id)


@pytest.mark.parametrize("won", [True, False])
def test_a_process_that_dies_before_an_appeal_is_carried_over_leaves_it_to_the_next_sweep(house, monkeypatch, won):
    video = house.published()
    claim, _ = house.file(video)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    house.work()
    appeal = house.answers.appeal(AUTHOR, claim.id, "A parody.", NOW)

    def dying(*_args):
        raise Killed

    monkeypatch.setattr("pipeline.claims.claim_review.carry_answer", dying)
    with pytest.raises(Killed):
        house.decide(appeal.id, *((UPHELD, "mistake") if won else (REJECTED, "confirmed")), who=OTHER)
    for _ in range(2):
        sweep(house)
    assert house.phase(video) is (Phase.PUBLISHED if won else Phase.WITHDRAWN)
    assert steps(house, claim.id).count("overturned" if won else "confirmed") == 1
    assert house.store.get(claim.id).personal_until is not None


def test_a_process_that_dies_before_it_hides_leaves_that_to_a_later_sweep(house, monkeypatch):
    video, other = house.published(), house.published()
    dies_in(monkeypatch, type(house.desk), "hide_where_due")
    with pytest.raises(Killed):
        house.file(video, kind=INTIMATE)
    house.file(other)  # a law that hides nothing
    sweep(house)
    assert house.phase(video) is Phase.PUBLISHED  # whoever takes it in may be at it still
    sweep(house, NOW + timedelta(minutes=6))
    assert (house.phase(video), house.phase(other)) == (Phase.WITHDRAWN, Phase.PUBLISHED)
    [claim] = house.store.of_case(video)
    assert steps(house, claim.id).count("paused") == 1
    house.decide(claim.id, REJECTED, "no_infringement")
    sweep(house, NOW + timedelta(minutes=12))
    assert house.phase(video) is Phase.PUBLISHED


def may_reverse(house, case_id):
    """Whether the service lets a moderator reverse a recall, as it is wired."""
    rules = HouseRules(kept_down=StandingClaims(store=house.store, lineage=house.lineage).why_down)
    case = house.case(case_id)
    assert refusal(MODERATOR, case, Action.REVERSE, conflict="") is None
    return rules.refusal(MODERATOR, case, Action.REVERSE) is None


@pytest.mark.parametrize("first", ["claim", "moderator"])
@pytest.mark.parametrize("decided", [False, True])
def test_what_a_claim_hides_is_not_published_by_reversing_a_moderators_recall(house, first, decided):
    video = house.published()

    def recalled():
        house.ledger.append(house.ledger.load(video), [Recalled(by="mo", code="policy")])
        house.work()

    if first == "moderator":
        recalled()
    claim, _ = house.file(video, kind=INTIMATE)
    sweep(house)
    if first == "claim":
        recalled()
    if decided:
        house.decide(claim.id, UPHELD, "intimate_without_consent")
    sweep(house)
    assert house.phase(video) is Phase.WITHDRAWN and not may_reverse(house, video)
    if not decided:
        house.decide(claim.id, REJECTED, "no_infringement")
        sweep(house)
        assert house.phase(video) is Phase.WITHDRAWN and may_reverse(house, video)


def test_a_remix_of_what_a_claim_hides_is_not_published_either(house):
    video = house.published()
    remix = house.published("bob", parent=video)
    house.file(video, kind=INTIMATE)
    sweep(house)
    house.ledger.append(house.ledger.load(remix), [Recalled(by="mo", code="policy")])
    house.work()
    assert not may_reverse(house, remix)


@pytest.mark.parametrize("remixed", [True, False])
@pytest.mark.parametrize("how", ["withdrawn", "rejected"])
def test_a_process_that_dies_between_hiding_and_looking_again_leaves_nothing_down(house, monkeypatch, how, remixed):
    video = house.published()
    remix = house.published("bob", parent=video) if remixed else video

    def closed():
        [one] = house.store.of_case(video)
        if how == "withdrawn":
            taken = house.desk.close(one, ClaimDecision.WITHDRAWN, NOW, by="", step="withdrawn", code="taken_back")
            assert taken.comes_down == ()
        else:
            house.decide(one.id, REJECTED, "no_infringement")
        house.work()

    real = type(house.desk.effects).take_down

    def dying(self, claim):
        monkeypatch.undo()
        closed()  # somebody else's process, at this very moment
        real(self, claim)
        raise Killed

    monkeypatch.setattr(type(house.desk.effects), "take_down", dying)
    with pytest.raises(Killed):
        house.file(video, kind=INTIMATE)
    house.work()
    assert house.phase(video) is house.phase(remix) is Phase.WITHDRAWN
    for _ in range(2):
        sweep(house)
    assert house.phase(video) is house.phase(remix) is Phase.PUBLISHED
    [claim] = house.store.of_case(video)
    count = len(house.store.steps(claim.id))
    sweep(house)
    assert len(house.store.steps(claim.id)) == count and house.store.get(claim.id).put_back_ids == ()
