"""What a held enrolment may do, what a person sees of it, and what follows when it is decided: over Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.embedding_spaces import EmbeddingSpace
from core.errors import BadInput, BadMedia, Erased, Forbidden, NotFound, NotNow
from core.roles import Principal, Role, Scope
from core.verdicts import Decision, Gate, Verdict
from registry.banks.protected_gallery import MemoryGallery
from registry.consent.biometric_templates import CombinedGallery
from registry.consent.cameo_service import LeaseRequest
from registry.consent.enrolment_challenges import DAILY_CHALLENGES, OPEN_CHALLENGES
from registry.consent.enrolment_decisions import APPEAL_TERM
from registry.consent.enrolment_service import CaptureResult
from registry.consent.lease_terms import LeaseTerms
from tests.contract.cameo_installation import ANA, BEN, MIRA, MODERATOR, grant_lease
from tests.stub_pipeline.stage_parts import StubPolicy

pytestmark = pytest.mark.postgres

SPACE = EmbeddingSpace("face/test/1", 4)
FACE, OTHER_FACE = np.array([1, 0, 0, 0], np.float32), np.array([0, 1, 0, 0], np.float32)
SECOND = Principal(id="acct_mod2", roles=frozenset({Role.MODERATOR}))
PICTURE = b"\xff\xd8 a picture of her"


class NearIsAlike:
    """A capture to which a picture file is its own still, and whose name says whose face it shows."""

    def describe(self, picture):
        return SPACE.name, {"face": FACE, "other": OTHER_FACE}[picture.stem]

    def check_video(self, _path):
        return (5.0, 640, 480)

    def measure(self, _file, _challenge, *, earlier, own_cameos):
        looks = np.zeros((1, 32), np.uint8)
        templates = (("face", SPACE.name, FACE),)
        return CaptureResult(signals=(), capture_hashes=looks, templates=templates, stills=(PICTURE,))

    def still(self, picture):
        return picture.read_bytes()

    def likeness(self, model, distance, size):
        return max(0.0, 1.0 - distance)


@pytest.fixture
def people(house):
    """The service, over pictures whose faces are known."""
    return replace(house.service, enrolment=replace(house.service.enrolment, capture=NearIsAlike()))


@pytest.fixture
def seen(house):
    """What every video is compared with."""
    return CombinedGallery(MemoryGallery(space=SPACE), house.stores.templates, SPACE)


@pytest.fixture
def pending(people, tmp_path):
    """An enrolment that nobody has decided about, by somebody who says they may speak for an estate."""

    def enrol(handle="widow", owner=BEN, stem="face"):
        picture = tmp_path / f"{stem}.jpg"
        picture.write_bytes(PICTURE)
        return people.enrolment.estate(owner, handle, [picture], proof="I am the widow")

    return enrol


def refused(people, cameo, code="proof_lacking", by=MODERATOR):
    people.review.admit(by, cameo.id, allow=False, code=code, note="no paper")


def codes(house, account):
    return [notice.code for notice in house.stores.notices.of(account)]


# What it may do before


def test_an_enrolment_that_nobody_has_admitted_is_not_looked_for_in_videos(people, seen, pending):
    cameo = pending()
    assert seen.size == 0 and seen.nearest(FACE) is None and not seen.has_person(cameo.id)
    people.review.admit(MODERATOR, cameo.id, allow=True)
    assert seen.size == 1 and seen.nearest(FACE)[0] == cameo.id and seen.has_person(cameo.id)


def test_a_refused_enrolment_is_not_looked_for_either(people, seen, pending):
    refused(people, pending())
    assert seen.size == 0 and seen.nearest(FACE) is None


def test_somebody_who_is_enrolled_may_speak_for_an_estate_too(house, people, pending):
    house.add_cameo("ben", BEN)
    assert pending().state == "held"
    with pytest.raises(BadInput, match="one person, one cameo"):
        people.enrolment.challenge(BEN, "ben-again")


# What is kept of a take


@pytest.mark.parametrize(
    ("decision", "kept"), [(Decision.HOLD, [PICTURE]), (Decision.ALLOW, []), (Decision.REFUSE, None)]
)
def test_of_a_take_a_few_pictures_are_kept_only_where_a_person_has_to_look(house, people, decision, kept):
    verdict = Verdict(gate=Gate.ENROL, decision=decision, rules=("enrol_blink",), policy="ab" * 32)
    policy = StubPolicy(lambda *_asked: verdict)
    enrolment = replace(people.enrolment, policy=policy)
    challenge = enrolment.challenge(BEN, "ben")
    outcome = enrolment.take(BEN, challenge.id, house.home / "take.mp4")
    if kept is None:
        assert outcome.cameo is None
        return
    names = people.inspection.pictures(MODERATOR, outcome.cameo.id)
    assert [people.inspection.picture(MODERATOR, outcome.cameo.id, name) for name in names] == kept
    waits = [notice.cameo for notice in people.notices(MODERATOR) if notice.code == "enrolment_waits"]
    assert (outcome.cameo.id in waits) == (decision is Decision.HOLD)


# What a moderator sees


def test_a_moderator_sees_proof_pictures_and_who_looks_like_it_and_nobody_else_does(house, people, pending):
    mira = house.add_cameo()
    house.stores.templates.add(mira.id, "face", SPACE.name, FACE)
    house.stores.templates.add(house.add_cameo("omar", ANA).id, "face", SPACE.name, OTHER_FACE)
    cameo = pending()
    assert people.review.proof(MODERATOR, cameo.id) == "I am the widow"
    (name,) = people.inspection.pictures(MODERATOR, cameo.id)
    assert people.inspection.picture(MODERATOR, cameo.id, name) == PICTURE
    (alike,) = people.enrolment.likely_duplicates(MODERATOR, cameo.id)
    assert (alike.cameo.id, alike.score) == (mira.id, 1.0)
    without = replace(MODERATOR, scopes=frozenset({Scope.READ}))
    for who in (BEN, without):
        for ask in (people.review.proof, people.inspection.pictures, people.enrolment.likely_duplicates):
            with pytest.raises(Forbidden):
                ask(who, cameo.id)


def test_pictures_lie_encrypted_and_go_with_their_key(house, people, pending):
    cameo = pending()
    (name,) = people.inspection.pictures(MODERATOR, cameo.id)
    with house.database.connection() as connection:
        sealed = connection.execute("SELECT sealed FROM enrolment_pictures").fetchone()[0]
    assert PICTURE not in sealed
    (house.home / "vault" / "keys" / f"{cameo.id}.pictures").unlink()
    with pytest.raises(NotFound):
        people.inspection.picture(MODERATOR, cameo.id, name)


def test_moderators_are_told_that_it_waits_and_whoever_it_looks_like_is_told_too(house, people, pending):
    mira = house.add_cameo()
    house.stores.templates.add(mira.id, "face", SPACE.name, FACE)
    cameo = pending()
    assert "enrolment_like_you" in codes(house, MIRA.id)
    waiting = [notice for notice in people.notices(MODERATOR) if notice.code == "enrolment_waits"]
    assert [notice.cameo for notice in waiting] == [cameo.id]


# What follows


def test_admitting_destroys_the_pictures_and_tells_the_owner(house, people, pending):
    cameo = pending()
    people.review.admit(MODERATOR, cameo.id, allow=True)
    assert people.inspection.pictures(MODERATOR, cameo.id) == []
    assert not (house.home / "vault" / "keys" / f"{cameo.id}.pictures").exists()
    assert "enrolled" in codes(house, BEN.id)


def test_a_refusal_needs_a_reason_frees_the_handle_and_says_why(house, people, pending):
    cameo = pending()
    with pytest.raises(BadInput, match="proof_lacking"):
        people.review.admit(MODERATOR, cameo.id, allow=False)
    refused(people, cameo)
    assert people.review.refusal(BEN, cameo.id).message.startswith("What you wrote does not show")
    assert "enrolment_refused" in codes(house, BEN.id)
    assert pending("widow", ANA).handle == "widow"
    with pytest.raises(NotFound):
        people.review.refusal(ANA, cameo.id)


def test_an_appeal_is_decided_by_another_moderator_and_can_win(house, people, seen, pending):
    cameo = pending()
    refused(people, cameo)
    assert people.review.may_appeal(BEN, cameo.id)
    again = people.review.appeal(BEN, cameo.id, words="Here is the paper")
    assert (again.state, again.handle) == ("held", "widow")
    assert "enrolment_appealed" in [notice.code for notice in people.notices(MODERATOR)]
    with pytest.raises(Forbidden, match="another moderator"):
        people.review.admit(MODERATOR, cameo.id, allow=True)
    people.review.admit(SECOND, cameo.id, allow=True)
    assert seen.nearest(FACE)[0] == cameo.id


def test_where_the_handle_was_taken_meanwhile_an_appeal_names_another(people, pending):
    cameo = pending()
    refused(people, cameo)
    pending("widow", ANA)
    with pytest.raises(BadInput, match="taken meanwhile"):
        people.review.appeal(BEN, cameo.id, words="why")
    assert people.review.appeal(BEN, cameo.id, words="why", handle="widow2").handle == "widow2"


def test_a_second_refusal_is_the_last_and_destroys_everything(house, people, pending):
    cameo = pending()
    refused(people, cameo)
    people.review.appeal(BEN, cameo.id, words="Here is the paper")
    proof = house.stores.cameos.get(cameo.id).proof
    refused(people, cameo, by=SECOND)
    assert not people.review.may_appeal(BEN, cameo.id)
    with pytest.raises(NotNow):
        people.review.appeal(BEN, cameo.id, words="once more")
    assert people.inspection.pictures(MODERATOR, cameo.id) == []
    assert house.stores.templates.kept(cameo.id) == []
    with pytest.raises(Erased):
        house.context.texts.read(proof)
    assert codes(house, BEN.id)[0] == "enrolment_refused_again"


def test_what_nobody_appeals_in_time_is_destroyed_by_the_schedule(house, people, pending):
    cameo = pending()
    refused(people, cameo)
    now = datetime.now(UTC)
    house.maintenance.run_maintenance(now + APPEAL_TERM - timedelta(hours=1))
    assert people.inspection.pictures(MODERATOR, cameo.id)
    house.maintenance.run_maintenance(now + APPEAL_TERM + timedelta(hours=1))
    assert people.inspection.pictures(MODERATOR, cameo.id) == []
    assert house.stores.templates.kept(cameo.id) == []
    assert house.stores.cameos.get(cameo.id).wanted == ""
    house.maintenance.run_maintenance(now + APPEAL_TERM + timedelta(hours=2))
    assert [step.step for step in people.inspection.steps(MODERATOR, cameo.id)] == ["refused", "closed"]


def test_what_was_decided_cannot_be_edited(house, people, pending):
    refused(people, pending())
    with pytest.raises(Exception, match="append-only"), house.database.owner_connection() as connection:
        connection.execute("UPDATE enrolment_decisions SET by = 'somebody'")


def test_who_asked_gets_their_proof_and_what_was_decided_in_the_export(people, pending):
    cameo = pending()
    refused(people, cameo)
    given = people.export(BEN, cameo.id)
    assert given["proof"] == "I am the widow"
    assert [step["step"] for step in given["enrolment_steps"]] == ["refused"]
    assert "acct_mod" not in str(given["enrolment_steps"])


# Limits in words


def test_words_wait_for_a_moderator_and_refusing_them_ends_the_lease_and_tells_the_owner(house):
    house.add_cameo()
    lease, _ = house.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id, words="nothing that my aunt dislikes"))
    assert "wording_waits" in [notice.code for notice in house.service.notices(MODERATOR)]
    assert house.service.review.wording(MODERATOR, lease.id).words == "nothing that my aunt dislikes"
    with pytest.raises(BadInput, match="unclear"):
        house.service.review.refuse_wording(MODERATOR, lease.id, code="because")
    house.service.review.refuse_wording(MODERATOR, lease.id, code="unclear")
    assert codes(house, MIRA.id)[0].startswith(("wording_refused_unclear", "nothing_"))
    assert "wording_refused_unclear" in codes(house, MIRA.id)
    assert house.stores.leases.of(lease.handle)[-1].revoked
    with pytest.raises(NotFound):
        house.service.review.wording(MODERATOR, lease.id)


def test_rules_made_of_words_are_told_to_their_owner_who_never_makes_them(house):
    house.add_cameo()
    lease = grant_lease(house, words="no cars")
    own = replace(MIRA, roles=frozenset({Role.PLATFORM, Role.MODERATOR}))
    with pytest.raises(Forbidden, match="yours"):
        house.service.review.refuse_wording(own, lease.id, code="unclear")
    house.service.review.review(MODERATOR, lease.id, LeaseTerms(words=("car",)))
    assert "wording_reviewed" in codes(house, MIRA.id)


def test_a_file_that_is_no_video_spends_no_challenge(people, tmp_path):
    class ReadsNothing(NearIsAlike):
        def check_video(self, _path):
            raise BadMedia("it is a text")

    (tmp_path / "note.txt").write_text("chosen by mistake")
    asked = people.enrolment.challenge(BEN, "ben")
    with pytest.raises(BadMedia):
        replace(people.enrolment, capture=ReadsNothing()).take(BEN, asked.id, tmp_path / "note.txt")
    assert not people.enrolment.own_challenges(BEN)[-1].used


def test_challenges_cannot_be_collected_until_one_fits_a_found_recording(house):
    takes = house.service.enrolment.enrolments
    for _ in range(OPEN_CHALLENGES):
        challenge = takes.issue(MIRA.id, "mira", "self")
    with pytest.raises(NotNow, match="are open"):
        takes.issue(MIRA.id, "mira", "self")
    takes.issue(BEN.id, "ben", "self")  # of another account
    takes.redeem(challenge.id, MIRA.id)
    takes.issue(MIRA.id, "mira", "self")
    for _ in range(OPEN_CHALLENGES + 1, DAILY_CHALLENGES):
        with house.database.connection() as connection:  # five minutes later
            connection.execute("UPDATE enrolments SET expires = issued WHERE account = %s", [MIRA.id])
        takes.issue(MIRA.id, "mira", "self")
    with pytest.raises(NotNow, match="tomorrow"):
        takes.issue(MIRA.id, "mira", "self")
