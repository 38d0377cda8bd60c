"""Proof that a moderator asks for later: it comes through the door of whoever claims, and the clock waits where it may."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from core.case import Phase
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotNow
from core.roles import Principal, Role
from pipeline.access.usage import InsufficientQuota
from pipeline.claims.claim import ClaimDecision, ClaimKind
from pipeline.claims.claim_answers import OwnClaims
from pipeline.claims.claim_files import MAX_CLAIM_FILE_BYTES, read_claim_upload
from pipeline.claims.claim_store import ClaimFilePurpose
from pipeline.claims.proof.proof_files import proof_key
from pipeline.claims.proof.proof_talk import proof_talk
from tests.unit.claims.claim_house import AUTHOR, MODERATOR, NOW, OTHER, ClaimHouse

IDENTITY, AUTHORITY = ClaimFilePurpose.IDENTITY, ClaimFilePurpose.AUTHORITY
PASSPORT = read_claim_upload(lambda: BytesIO(b"%PDF-1 passport"), IDENTITY)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INTIMATE, LIKENESS = ClaimKind.INTIMATE_IMAGE, ClaimKind.LIKENESS


@pytest.fixture
def house() -> ClaimHouse:
    return ClaimHouse()


def steps(house, claim):
    return [step.step for step in house.store.steps(claim.id)]


def ask(house, claim, who=MODERATOR, now=NOW, words="Your passport, please."):
    revision = house.store.get(claim.id).revision
    return house.proofs.ask(who, claim.id, [IDENTITY], words, revision=revision, now=now)


def add(house, claim, *uploads, words="", now=NOW, place="home"):
    return house.proofs.add(house.store.get(claim.id), uploads, words, place=place, now=now)


def accept(house, claim, who=MODERATOR, now=NOW):
    return house.proofs.accept(who, claim.id, revision=house.store.get(claim.id).revision, now=now)


def test_the_clock_of_a_goal_stands_still_from_the_question_to_the_answer(house):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    asked = ask(house, claim, now=NOW + HOUR)
    assert asked.clock_stopped_at == NOW + HOUR and asked.proof_due_at == NOW + HOUR + 14 * DAY
    assert not asked.is_late(NOW + 30 * DAY)
    answered = add(house, claim, PASSPORT, now=NOW + HOUR + 3 * DAY)
    assert (answered.due_at, answered.clock_stopped_at, answered.proof_due_at) == (claim.due_at + 3 * DAY, None, None)
    assert steps(house, claim) == ["received", "proof_asked", "proof_came"]
    assert ("role:moderator", "claim_proof_came") in house.kept.told


def test_the_forty_eight_hours_of_an_intimate_image_run_on_by_whichever_law_it_came(house):
    for law in ("us_take_it_down", "eu_dsa_16"):
        statements = tuple(one.id for one in house.desk.laws.get(law).statements)
        claim, _ = house.file(house.published(), kind=INTIMATE, law=law, statements=statements)
        asked = ask(house, claim)
        assert (asked.clock_stopped_at, asked.due_at) == (None, claim.due_at)


def test_a_clock_that_ran_out_stays_run_out(house):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    late = claim.due_at + HOUR
    assert ask(house, claim, now=late).clock_stopped_at is None
    assert add(house, claim, PASSPORT, now=late + HOUR).is_late(late + HOUR)


def test_what_does_not_come_in_time_lets_the_clock_run_on_and_counts_later_all_the_same(house):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    ask(house, claim)
    house.service.upkeep.run_maintenance(NOW + 13 * DAY)
    assert house.store.get(claim.id).clock_stopped_at == NOW
    house.service.upkeep.run_maintenance(NOW + 14 * DAY)
    house.service.upkeep.run_maintenance(NOW + 14 * DAY)
    overdue = house.store.get(claim.id)
    assert overdue.clock_stopped_at is None and overdue.due_at == claim.due_at + 14 * DAY
    assert steps(house, claim).count("proof_missing") == 1
    assert ("role:moderator", "claim_proof_missing") in house.kept.told
    assert add(house, claim, PASSPORT, now=NOW + 15 * DAY).proof_came_at == NOW + 15 * DAY


def test_what_is_waited_for_stands_behind_what_can_be_decided_and_warns_nobody(house):
    waits, _ = house.file(house.published(), kind=LIKENESS)
    ask(house, waits)
    later, _ = house.file(house.published(), kind=ClaimKind.ESTATE)
    assert [row.claim.id for row in house.review.queue(MODERATOR, NOW)] == [later.id, waits.id]
    house.service.upkeep.run_maintenance(NOW + 10 * DAY)
    assert "escalated" not in steps(house, waits)


def test_whoever_claims_is_asked_in_closed_words_and_in_the_moderators(house):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    ask(house, claim)
    talk = proof_talk(house.desk, house.store.get(claim.id))
    assert (talk.wanted, talk.words, talk.may_add) == ((IDENTITY,), "Your passport, please.", True)
    add(house, claim, words="My sister has it.")
    assert list(house.review.show(OTHER, claim.id).proof.more) == ["My sister has it."]


def test_an_account_is_told_each_time_and_sends_proof_of_its_own_claims_alone(house):
    ana = Principal(id="ana's agent", roles=frozenset({Role.PLATFORM}))
    claim, _ = house.file(house.published(), kind=LIKENESS, account=ana)
    ask(house, claim)
    ask(house, claim)
    told = [code for account, code in house.kept.told if account == ana.id]
    assert told == ["claim_proof_asked", "claim_proof_asked_again"]
    own = OwnClaims(desk=house.desk)
    assert own.get(ana, claim.id).id == claim.id
    with pytest.raises(NotFound):
        own.get(AUTHOR, claim.id)


def test_proof_is_asked_for_by_those_who_may_decide_and_three_times_at_most(house):
    claim, _ = house.file(house.published(author=MODERATOR.id), kind=LIKENESS)
    with pytest.raises(Forbidden):
        ask(house, claim, who=AUTHOR)
    with pytest.raises(Forbidden):
        ask(house, claim)  # a video of theirs
    with pytest.raises(BadInput):
        house.proofs.ask(OTHER, claim.id, [], "", revision=claim.revision, now=NOW)
    first = claim.revision
    for _ in range(3):
        ask(house, claim, who=OTHER)
    with pytest.raises(NotNow):
        ask(house, claim, who=OTHER)
    with pytest.raises(Conflict):
        house.proofs.ask(OTHER, claim.id, [IDENTITY], "", revision=first, now=NOW)


def test_whom_the_claim_concerns_reads_nothing_of_what_was_asked_and_came(house):
    claim, _ = house.file(house.published(author=MODERATOR.id), kind=LIKENESS)
    ask(house, claim, who=OTHER)
    add(house, claim, words="I am her mother.")
    shown = house.review.show(MODERATOR, claim.id).proof
    assert (shown.words, list(shown.more), shown.may_accept) == ("", [], False)
    with pytest.raises(Forbidden):
        accept(house, claim)


def test_wrong_files_are_refused_and_too_many_and_nothing_at_all(house):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    for wrong in (b"MZ", b"", b"%PDF-" + bytes(MAX_CLAIM_FILE_BYTES)):
        with pytest.raises(BadInput):
            read_claim_upload(lambda content=wrong: BytesIO(content), IDENTITY)
    with pytest.raises(BadInput):
        add(house, claim, words="  ")
    with pytest.raises(BadInput):
        add(house, claim, words="x" * 8001)
    add(house, claim, *[PASSPORT] * 6)
    add(house, claim, *[PASSPORT] * 12)
    with pytest.raises(BadInput):
        add(house, claim, PASSPORT)
    assert len(house.store.files(claim.id)) == 18


def test_more_than_an_address_may_send_in_a_day_is_refused_and_not_kept(house):
    big = read_claim_upload(lambda: BytesIO(b"%PDF-" + bytes(MAX_CLAIM_FILE_BYTES - 5)), IDENTITY)
    claim, _ = house.file(house.published(), kind=LIKENESS)
    add(house, claim, *[big] * 12)
    with pytest.raises(InsufficientQuota):
        add(house, claim, big)
    assert len(house.store.files(claim.id)) == 12


def test_after_the_decision_nothing_is_added_also_where_it_falls_at_that_moment(house, monkeypatch):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    ask(house, claim)
    real = type(house.store).add_file

    def decided_meanwhile(self, *args, **more):
        monkeypatch.undo()
        house.decide(claim.id, ClaimDecision.REJECTED, "no_right_shown")
        return real(self, *args, **more)

    monkeypatch.setattr(type(house.store), "add_file", decided_meanwhile)
    with pytest.raises(NotNow):
        add(house, claim, PASSPORT)
    with pytest.raises(NotNow):
        add(house, claim, words="Late.")
    assert not house.store.get(claim.id).is_late(NOW + 30 * DAY)
    house.service.upkeep.run_maintenance(NOW + 31 * DAY)
    assert list(house.store.files(claim.id)) == []


def test_what_was_sent_later_is_erased_with_the_proof_and_what_was_asked_with_the_rest(house):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    ask(house, claim)
    add(house, claim, PASSPORT, words="I am she.")
    house.decide(claim.id, ClaimDecision.REJECTED, "no_right_shown")
    house.service.upkeep.run_maintenance(NOW + 31 * DAY)
    shown = house.review.show(OTHER, claim.id)
    assert (list(shown.files), list(shown.proof.more)) == ([], []) and shown.proof.words
    assert house.texts.erase(case_id=proof_key(claim.id)) == 0
    house.service.upkeep.run_maintenance(NOW + 200 * DAY)
    assert house.review.show(OTHER, claim.id).proof.words == ""


def false_claims(house):
    for _ in range(3):
        claim, _ = house.file(house.published())
        house.decide(claim.id, ClaimDecision.REJECTED, "misuse")


def test_who_made_false_claims_before_waits_for_proof_and_no_longer_once_it_is_accepted(house):
    false_claims(house)
    claim, _ = house.file(house.published())
    other, _ = house.file(house.published(), address="elsewhere", kind=ClaimKind.ESTATE, email="o@example.org")
    assert proof_talk(house.desk, claim).waits
    queue = lambda: [(row.claim.id, row.guarded is not None) for row in house.review.queue(MODERATOR, NOW)]  # noqa: E731
    assert queue() == [(other.id, False), (claim.id, True)]
    with pytest.raises(NotNow):
        accept(house, claim)
    add(house, claim, PASSPORT)
    assert queue() == [(claim.id, True), (other.id, False)]  # it is looked at in its turn: it is due first
    accept(house, claim)
    assert queue() == [(claim.id, False), (other.id, False)]
    with pytest.raises(NotNow):
        accept(house, claim)


def test_an_intimate_image_of_somebody_who_made_false_claims_is_hidden_once_they_proved_who_they_are(house):
    false_claims(house)
    video = house.published()
    claim, _ = house.file(video, kind=INTIMATE)
    assert house.phase(video) is Phase.PUBLISHED
    add(house, claim, PASSPORT)
    assert house.phase(video) is Phase.PUBLISHED
    accept(house, claim)
    assert house.phase(video) is Phase.RECALLED
    assert steps(house, claim)[-2:] == ["proved", "paused"]


def test_asking_for_more_after_some_came_waits_again_and_deciding_ends_it(house):
    claim, _ = house.file(house.published(), kind=LIKENESS)
    ask(house, claim)
    add(house, claim, PASSPORT, now=NOW + DAY)
    again = ask(house, claim, now=NOW + 2 * DAY)
    assert (again.proof_came_at, again.clock_stopped_at) == (None, NOW + 2 * DAY)
    decided = house.decide(claim.id, ClaimDecision.UPHELD, "likeness_without_consent", now=NOW + 9 * DAY)
    assert not decided.is_late(NOW + 30 * DAY)
    house.service.upkeep.run_maintenance(NOW + 20 * DAY)
    assert "proof_missing" not in steps(house, claim)


def test_what_came_before_it_was_asked_is_no_answer_and_what_came_with_a_claim_that_waits_is(house):
    claim, _ = house.file(house.published(), kind=LIKENESS, uploads=(PASSPORT,))
    ask(house, claim)
    with pytest.raises(NotNow):
        accept(house, claim)
    false_claims(house)
    waits, _ = house.file(house.published(), uploads=(PASSPORT,))
    assert accept(house, waits).revision > waits.revision
    assert not house.desk.limits.guarded([waits.id])
