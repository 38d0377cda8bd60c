"""Claims from intake to the end, in memory: what is hidden, taken down, put back, told, and erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.case import Phase
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotNow
from core.events import Claimed, Recalled, ViewSealed
from core.roles import Principal, Role, Scope
from pipeline.access.usage import InsufficientQuota
from pipeline.claims.claim import ClaimDecision, ClaimKind, parse_tracking_number
from pipeline.claims.claim_codes import UPHELD_TEXTS
from pipeline.claims.claim_forms import ClaimForm
from pipeline.claims.claim_videos import FoundVideos
from pipeline.claims.proof.proof_files import proof_key
from pipeline.legal_record.takedown_log import takedown_log
from tests.unit.claims.claim_house import AUTHOR, MODERATOR, NOW, OTHER, WHO, ClaimHouse

UPHELD, PARTLY, REJECTED = ClaimDecision.UPHELD, ClaimDecision.PARTLY, ClaimDecision.REJECTED
INTIMATE = ClaimKind.INTIMATE_IMAGE
DAY = timedelta(days=1)
COUNTER = ClaimForm(kind=ClaimKind.COPYRIGHT, statements=("mistake", "jurisdiction"), **WHO)


@pytest.fixture
def house() -> ClaimHouse:
    return ClaimHouse()


def steps(house, claim_id):
    return [step.step for step in house.store.steps(claim_id)]


# -- intake


def test_nothing_of_a_person_stands_in_the_record(house):
    claim, secret = house.file(house.published(), name="Ana Example", email="ana@example.org")
    assert not any(word in repr(claim) for word in ("Ana", "example.org", "Main Street", "It is mine", secret))
    assert house.desk.read(claim.contact_text)["name"] == "Ana Example"


def test_an_intimate_image_is_hidden_at_once_with_everything_made_from_it(house):
    video = house.published()
    remix, draft = house.published("bob", parent=video), house.draft("eve", parent=video)
    claim, _ = house.file(video, kind=INTIMATE)
    assert [house.phase(one) for one in (video, remix, draft)] == [Phase.RECALLED] * 3
    assert claim.paused_at == NOW and steps(house, claim.id) == ["received", "paused"]
    assert house.forgotten and ("ana", "claim_paused") in house.kept.told
    assert house.kept.down == {}  # nothing is kept down that nobody has decided about


@pytest.mark.parametrize(("hide", "certain", "is_hidden"), [
    ("certain", True, True), ("certain", False, False), ("always", False, True), ("never", True, False),
])  # fmt: skip
def test_the_installation_says_when_something_is_hidden(hide, certain, is_hidden):
    house = ClaimHouse(hide=hide)
    video = house.published()
    house.file(video, kind=INTIMATE, certain=certain)
    assert (house.phase(video) is Phase.RECALLED) is is_hidden


@pytest.mark.parametrize("kind", [kind for kind in ClaimKind if kind is not INTIMATE])
def test_nothing_else_is_hidden_before_somebody_decides(house, kind):
    video = house.published()
    house.file(video, kind=kind)
    assert house.phase(video) is Phase.PUBLISHED


def test_a_sender_is_counted_by_address_and_by_e_mail_and_neither_can_be_read(house):
    house.file(house.published(), email="Ana@Example.org")
    house.file(house.published(), email="ana@example.org ")
    one, other, again, _ = house.kept.keys
    assert one == again != other
    assert all(len(key) == 64 and "ana" not in key for key in house.kept.keys)


def test_whoever_is_refused_leaves_nothing(house):
    house.kept.refuses = InsufficientQuota("too many claims", retry_after=60)
    video = house.published()
    with pytest.raises(InsufficientQuota):
        house.file(video, kind=INTIMATE)
    assert house.phase(video) is Phase.PUBLISHED and house.store.waiting() == []


def test_a_trusted_flagger_comes_first_and_nobody_else(house):
    house = ClaimHouse(trusted_flaggers=frozenset({"flag"}))
    flagger, somebody = (Principal(id=name, roles=frozenset({Role.PLATFORM})) for name in ("flag", "ana"))
    law = house.desk.laws.choose(ClaimKind.ILLEGAL_CONTENT)
    form = ClaimForm(
        kind=ClaimKind.ILLEGAL_CONTENT, about=("x",), explanation="It is.", statements=("bona_fide",), **WHO
    )
    made = [
        house.desk.submit(form, found=FoundVideos(), account=account, address="a", now=NOW)[0]
        for account in (somebody, flagger, None)
    ]
    assert [one.trusted_flagger for one in made] == [False, True, False]
    assert made[1].due_at == law.due(NOW, trusted=True) < made[0].due_at
    assert house.review.queue(MODERATOR, NOW)[0].claim.id == made[1].id


def test_a_tracking_number_is_read_as_people_type_it(house):
    claim, secret = house.file(house.published())
    assert parse_tracking_number(claim.id.lower().replace("-", " ")) == claim.id
    assert house.desk.by_secret(secret).id == claim.id
    with pytest.raises(NotFound):
        house.desk.by_secret(claim.id)  # the number opens nothing
    with pytest.raises(NotFound):
        parse_tracking_number("0000-0000")


def test_what_is_taken_back_is_put_back(house):
    video = house.published()
    claim, secret = house.file(video, kind=INTIMATE)
    house.work()
    house.desk.withdraw(secret, NOW)
    house.work()
    assert house.phase(video) is Phase.PUBLISHED
    with pytest.raises(NotNow):
        house.desk.withdraw(secret, NOW)
    assert house.store.get(claim.id).decision is ClaimDecision.WITHDRAWN


# -- deciding


def test_what_is_upheld_comes_down_and_is_kept_down(house):
    video = house.published()
    claim, _ = house.file(video)
    decided = house.decide(claim.id, UPHELD, "copyright_infringed", words="A copy.")
    assert house.phase(video) is Phase.RECALLED and house.kept.down == {claim.id: (video,)}
    assert ("ana", "claim_upheld") in house.kept.told
    assert decided.personal_until > decided.proof_until > NOW
    events = [one.event for one in house.ledger.history(video) if isinstance(one.event, Claimed)]
    assert [(one.step, one.decision, one.by) for one in events] == [("decided", "upheld", "mo")]


def test_in_part_only_what_was_chosen_stays_down(house):
    bad, fine = house.published(), house.published("bob")
    claim, _ = house.file(bad, fine, kind=INTIMATE)
    house.work()
    for wrong in ((), (bad, fine)):
        with pytest.raises(BadInput):
            house.decide(claim.id, PARTLY, "intimate_without_consent", upheld=wrong)
    house.decide(claim.id, PARTLY, "intimate_without_consent", upheld=(bad,))
    house.work()
    assert (house.phase(bad), house.phase(fine)) == (Phase.WITHDRAWN, Phase.PUBLISHED)
    assert house.kept.down == {claim.id: (bad,)}


def test_what_another_claim_keeps_down_is_not_put_back(house):
    video = house.published()
    first, _ = house.file(video, kind=INTIMATE)
    second, _ = house.file(video, kind=ClaimKind.LIKENESS)
    house.decide(second.id, UPHELD, "likeness_without_consent")
    house.work()
    house.decide(first.id, REJECTED, "no_infringement")
    house.work()
    assert house.phase(video) is Phase.WITHDRAWN


def test_what_somebody_else_took_down_is_not_put_back(house):
    video = house.published()
    house.ledger.append(house.case(video), [Recalled(by="ana", code="author")])
    claim, _ = house.file(video, kind=INTIMATE)
    house.work()
    house.decide(claim.id, REJECTED, "no_infringement")
    house.work()
    assert house.phase(video) is Phase.WITHDRAWN


@pytest.mark.parametrize("works_first", [False, True])
def test_what_its_author_deletes_while_a_claim_hides_it_does_not_come_back(house, works_first):
    video = house.published()
    claim, _ = house.file(video, kind=INTIMATE)
    if works_first:
        house.work()
    house.ledger.append(house.case(video), [Recalled(by="ana", code="author")])
    house.work()
    house.decide(claim.id, REJECTED, "no_infringement")
    house.work()
    assert house.phase(video) is Phase.WITHDRAWN and house.case(video).recalled.by == "ana"


def test_what_nobody_may_view_does_not_come_back_before_that_is_lifted(house):
    video = house.published()
    claim, _ = house.file(video, kind=INTIMATE)
    house.work()
    house.ledger.append(house.case(video), [ViewSealed(by="officer", sealed=True, code="child_safety")])
    house.decide(claim.id, REJECTED, "no_infringement")
    house.work()
    assert house.phase(video) is Phase.WITHDRAWN


def test_a_moderator_decides_neither_about_their_own_nor_as_somebody_else(house):
    video = house.published("mo")
    claim, _ = house.file(video)
    with pytest.raises(Forbidden):
        house.decide(claim.id, UPHELD, "copyright_infringed")
    assert "video of yours" in house.review.show(MODERATOR, claim.id).conflict
    for nobody in (AUTHOR, replace(MODERATOR, scopes=frozenset({Scope.READ}))):
        with pytest.raises(Forbidden):
            house.review.show(nobody, claim.id)
        with pytest.raises(Forbidden):
            house.decide(claim.id, UPHELD, "copyright_infringed", who=nobody)


def test_whoever_decides_has_seen_the_newest_and_decides_once(house):
    claim, _ = house.file(house.published())
    with pytest.raises(Conflict):
        house.review.decide(MODERATOR, claim.id, REJECTED, code="misuse", revision=9, now=NOW)
    for code in ("made_up", *UPHELD_TEXTS):
        with pytest.raises(BadInput):
            house.decide(claim.id, REJECTED, code)
    house.decide(claim.id, REJECTED, "misuse")
    with pytest.raises(NotNow):
        house.decide(claim.id, UPHELD, "copyright_infringed")


def test_what_was_not_found_is_named_by_a_moderator_and_then_hidden(house):
    claim, _ = house.file(kind=INTIMATE)
    assert list(house.review.show(MODERATOR, claim.id).choices) == [REJECTED]
    video = house.published()
    with pytest.raises(BadInput):
        house.review.name_videos(MODERATOR, claim.id, ["nothing"], revision=claim.revision, now=NOW)
    house.review.name_videos(MODERATOR, claim.id, [f"see {video}"], revision=claim.revision, now=NOW)
    assert house.phase(video) is Phase.RECALLED
    assert UPHELD in house.review.show(MODERATOR, claim.id).choices


# -- appeals and counter-notices


def test_an_appeal_of_the_author_goes_to_somebody_else_and_is_made_once(house):
    video = house.published()
    claim, _ = house.file(video)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    house.work()
    appeal = house.answers.appeal(AUTHOR, claim.id, "A parody.", NOW)
    with pytest.raises(NotNow):
        house.answers.appeal(AUTHOR, claim.id, "Again.", NOW)
    with pytest.raises(Forbidden):
        house.decide(appeal.id, UPHELD, "mistake")
    house.decide(appeal.id, UPHELD, "mistake", who=OTHER)
    house.work()
    assert house.phase(video) is Phase.PUBLISHED and house.kept.down == {}
    first = house.store.get(claim.id)
    assert (first.decision, first.code, first.decided_at) == (REJECTED, "mistake", NOW)
    assert ("ana", "claim_overturned") in house.kept.told


def test_an_appeal_that_is_lost_changes_nothing(house):
    video = house.published()
    claim, secret = house.file(video)
    house.decide(claim.id, REJECTED, "lawful_use")
    appeal = house.desk.appeal(secret, "No parody.", NOW)
    assert house.store.get(claim.id).personal_until is None  # kept until it is decided
    house.decide(appeal.id, REJECTED, "confirmed", who=OTHER, now=NOW + DAY)
    first = house.store.get(claim.id)
    assert (first.decision, first.decided_at, house.phase(video)) == (REJECTED, NOW, Phase.PUBLISHED)
    assert first.personal_until > NOW + DAY


def test_an_appeal_of_the_claimant_that_is_won_takes_down(house):
    video = house.published()
    claim, secret = house.file(video)
    house.decide(claim.id, REJECTED, "lawful_use")
    appeal = house.desk.appeal(secret, "No parody.", NOW)
    house.decide(appeal.id, UPHELD, "new_evidence", who=OTHER)
    assert house.phase(video) is Phase.RECALLED and house.kept.down == {claim.id: (video,)}


def test_nobody_appeals_what_they_won_or_too_late(house):
    claim, secret = house.file(house.published())
    with pytest.raises(NotNow):
        house.desk.appeal(secret, "Hurry.", NOW)
    house.decide(claim.id, REJECTED, "misuse")
    with pytest.raises(NotFound):  # a claim that never touched their video is none of the author's business
        house.answers.appeal(AUTHOR, claim.id, "?", NOW)
    with pytest.raises(NotNow):
        house.desk.appeal(secret, "Late.", NOW + 184 * DAY)


def test_the_author_reads_why_and_not_who(house):
    video = house.published()
    claim, _ = house.file(video, name="Rex Holder")
    house.decide(claim.id, UPHELD, "copyright_infringed", words="A copy.")
    shown = house.answers.against(AUTHOR, claim.id, NOW)
    assert shown.reason == "A copy." and "Rex" not in repr(shown)
    with pytest.raises(NotFound):
        house.answers.against(Principal(id="eve", roles=frozenset({Role.PLATFORM})), claim.id, NOW)


def test_a_counter_notice_puts_back_after_its_wait(house):
    video = house.published()
    claim, _ = house.file(video)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    house.work()
    counter = house.answers.counter(AUTHOR, claim.id, COUNTER, NOW)
    with pytest.raises(NotNow):
        house.answers.counter(AUTHOR, claim.id, COUNTER, NOW)
    house.service.upkeep.run_maintenance(counter.restore_from - timedelta(seconds=1))
    house.work()
    assert house.phase(video) is Phase.WITHDRAWN
    house.service.upkeep.run_maintenance(counter.restore_from)
    house.work()
    assert house.phase(video) is Phase.PUBLISHED and house.kept.down == {}
    assert house.store.get(counter.id).code == "counter_carried_out"
    house.service.upkeep.run_maintenance(counter.restore_from + DAY)  # once
    assert steps(house, counter.id) == ["received", "decided"]


def test_a_counter_notice_of_one_author_puts_back_their_videos_only(house):
    mine, other = house.published(), house.published("bob")
    claim, _ = house.file(mine, other)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    house.work()
    counter = house.answers.counter(AUTHOR, claim.id, COUNTER, NOW)
    assert counter.case_ids == (mine,)
    house.service.upkeep.run_maintenance(counter.restore_from)
    house.work()
    assert (house.phase(mine), house.phase(other)) == (Phase.PUBLISHED, Phase.WITHDRAWN)
    assert house.kept.down == {claim.id: (other,)}


@pytest.mark.parametrize("stopped_by", ["court", "moderator"])
def test_what_goes_to_court_or_is_deficient_is_not_put_back(house, stopped_by):
    video = house.published()
    claim, secret = house.file(video)
    with pytest.raises(NotNow):
        house.desk.went_to_court(secret, "N.D. Cal.", NOW)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    house.work()
    counter = house.answers.counter(AUTHOR, claim.id, COUNTER, NOW)
    if stopped_by == "court":
        house.desk.went_to_court(secret, "N.D. Cal.", NOW)
    else:
        house.decide(counter.id, REJECTED, "deficient")
    house.service.upkeep.run_maintenance(NOW + 90 * DAY)
    house.work()
    assert house.phase(video) is Phase.WITHDRAWN


def test_only_what_a_law_has_a_counter_notice_for_takes_one(house):
    claim, _ = house.file(house.published(), kind=ClaimKind.LIKENESS)
    house.decide(claim.id, UPHELD, "likeness_without_consent")
    assert house.answers.against(AUTHOR, claim.id, NOW).counter is None
    with pytest.raises(NotNow):
        house.answers.counter(AUTHOR, claim.id, COUNTER, NOW)


# -- upkeep


def test_a_clock_is_told_of_once_and_met_by_what_is_down(house):
    claim, _ = house.file(house.published(), kind=INTIMATE, certain=False)
    upkeep = house.service.upkeep
    upkeep.run_maintenance(claim.due_at - timedelta(hours=13))
    assert "escalated" not in steps(house, claim.id)
    for _ in range(2):
        upkeep.run_maintenance(claim.due_at - timedelta(hours=11))
    assert steps(house, claim.id).count("escalated") == 1
    assert house.kept.told.count(("role:moderator", "claim_due")) == 1
    assert house.store.get(claim.id).is_late(claim.due_at + timedelta(seconds=1))


def test_what_came_up_meanwhile_comes_down_too_before_it_is_said_to_be_down(house):
    video = house.published()
    claim, _ = house.file(video, kind=INTIMATE)
    late = house.published("bob", parent=video)  # a remix that was under way
    house.service.upkeep.run_maintenance(NOW)
    assert house.phase(late) is Phase.RECALLED and house.store.get(claim.id).removed_at is None
    house.work()
    house.service.upkeep.run_maintenance(NOW)
    assert house.store.get(claim.id).removed_at is not None


def test_proof_is_erased_first_and_then_everything_personal(house):
    claim, _ = house.file(house.published())
    house.decide(claim.id, REJECTED, "misuse", words="No.")
    decided = house.store.get(claim.id)
    house.service.upkeep.run_maintenance(decided.proof_until)
    assert house.texts.erase(case_id=proof_key(claim.id)) == 0
    assert house.desk.read(claim.proof_text) == {} != house.desk.read(claim.contact_text)
    house.service.upkeep.run_maintenance(decided.personal_until)
    gone = house.store.get(claim.id)
    assert house.desk.read(gone.contact_text) == house.desk.read(gone.statement_text) == {}
    assert gone.urls == () and gone.personal_erased_at is not None
    assert steps(house, claim.id)[-2:] == ["proof_erased", "personal_erased"]


def test_proof_that_is_kept_for_longer_than_the_rest_is_erased_too_and_nothing_twice():
    house = ClaimHouse(proof=300 * DAY, personal=100 * DAY)
    claim, _ = house.file(house.published(), kind=ClaimKind.ESTATE)
    house.decide(claim.id, REJECTED, "misuse")
    for days in (100, 200, 300, 301):
        house.service.upkeep.run_maintenance(NOW + days * DAY)
    assert steps(house, claim.id)[-2:] == ["personal_erased", "proof_erased"]
    assert house.desk.read(claim.proof_text) == {}


def test_what_hides_by_itself_is_written_as_automatic_and_what_a_moderator_decided_or_named_is_not(house):
    hidden, upheld, named = house.published(), house.published(), house.published()
    house.file(hidden, kind=INTIMATE)
    claim, _ = house.file(upheld)
    house.decide(claim.id, UPHELD, "copyright_infringed")
    unnamed, _ = house.file(kind=INTIMATE)
    house.review.name_videos(MODERATOR, unnamed.id, [named], revision=unnamed.revision, now=NOW)
    assert [house.case(one).recalled.automatic for one in (hidden, upheld, named)] == [True, False, False]


def test_the_log_of_takedowns_says_the_same_before_and_after_the_erasure(house):
    videos = [house.published() for _ in range(3)]
    claim, _ = house.file(*videos, kind=INTIMATE)
    house.decide(claim.id, UPHELD, "intimate_without_consent")
    counted = []
    for now in (NOW, house.store.get(claim.id).personal_until):
        house.service.upkeep.run_maintenance(now)
        (entry,) = takedown_log([house.store.get(claim.id)], NOW)
        counted.append((entry.videos, entry.copies))
    assert house.store.get(claim.id).urls == () and counted == [(3, 0), (3, 0)]
