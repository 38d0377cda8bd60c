"""What a claim took down stays down, with all that was made from it, until the claim is lifted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from time import sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.case import Phase
from core.errors import BadInput, NotFound
from core.events import Claimed, Recalled, Reversed, Withdrawn
from core.recalls import restorable
from core.roles import Principal, Role
from core.transitions import IllegalTransition, reversible
from pipeline.actions import Action, refusal
from pipeline.disclosure import public_record
from pipeline.known_footage.bank_service import BankService
from tests.conftest import ROOT
from tests.contract.cameo_installation import ANA, BEN, MODERATOR, asset, reset_installation
from tests.contract.claimed_videos import claimed_videos_in, empty_claims

pytestmark = pytest.mark.postgres
OPERATOR = Principal(id="olga", roles=frozenset({Role.OPERATOR}))


@pytest.fixture
def videos(house):
    empty_claims(house)
    return claimed_videos_in(house)


def outcomes(videos, claim="c1"):
    return {one.case_id: one.outcome for one in videos.stay_down.report(claim).cases}


def test_a_claim_takes_down_the_video_its_drafts_and_all_remixes_and_nothing_else(videos):
    video, other = videos.video(), videos.video()
    remix = videos.video(BEN, parent=video)
    draft = videos.video(BEN, parent=remix, public=False)
    copied = videos.video(BEN, references=[asset("encoded again")], copies=(remix.id,))
    videos.stay_down.apply("c1", [video.id], "intimate_image")
    assert [videos.phase(one) for one in (video, remix, draft, copied)] == ["withdrawn"] * 4
    assert videos.phase(other) == "published" and videos.house.on_shelf(other)
    assert not any(videos.house.on_shelf(one) for one in (video, remix, copied))
    assert videos.banked() == {video.id, remix.id, copied.id}  # of the draft nothing was ever sealed, nor can be read
    assert {one.case_id: one.taken_from for one in videos.stay_down.report("c1").cases} == {
        video.id: "published", remix.id: "published", draft.id: "inspected", copied.id: "published",
    }  # fmt: skip
    assert videos.stay_down.report("c1").done


def test_why_it_came_down_and_after_which_claim_is_in_the_record_of_each_case(videos):
    video = videos.video()
    remix = videos.video(BEN, parent=video)
    videos.stay_down.apply("c1", [video.id], "copyright")
    for one in (video, remix):
        events = [entry.event for entry in videos.house.ledger.history(one.id)]
        kept = Claimed(claim="c1", kind="copyright", law="", step="kept_down", by="assay:claims")
        assert events[-3:] == [Recalled(by="assay:claims", code="claim"), Withdrawn(), kept]
    videos.stay_down.lift("c1")
    for one in (video, remix):
        events = [entry.event for entry in videos.house.ledger.history(one.id)]
        assert events[-2:] == [replace(kept, step="released"), Reversed(by="assay:claims", code="claim_overturned")]
    [entry, _] = videos.bank.banks.entries(bank="known_claimed")
    [added, _] = videos.bank.banks.history(entry.key)
    assert (added.by, added.source, added.reason) == ("assay:claims", "claim c1", "copyright")


def test_doing_it_again_changes_nothing(videos):
    video = videos.video()
    for _ in range(2):
        videos.stay_down.apply("c1", [video.id], "likeness")
    events = [type(entry.event).__name__ for entry in videos.house.ledger.history(video.id)]
    assert (
        events.count("Recalled") == 1 == events.count("Claimed")
        and len(videos.bank.banks.entries(bank="known_claimed")) == 1
    )


def test_the_gates_know_of_what_is_made_from_it_by_parent_copy_or_file_until_the_claim_is_lifted(videos):
    video = videos.video()
    remix = videos.video(BEN, parent=video)
    ask = videos.house
    made = [
        ask.case(BEN, parent=remix.id),
        ask.case(BEN, references=[asset("encoded again")], copies=(video.id,)),
        ask.case(BEN, references=[ask.ledger.load(video.id).sealed.asset]),
    ]
    unrelated = ask.case(BEN, parent=videos.video().id)
    assert [ask.facts(one)["parents_claimed"] for one in made] == [0] * 3
    videos.stay_down.apply("c1", [video.id], "likeness")
    assert [ask.facts(one)["parents_claimed"] > 0 for one in made] == [True] * 3
    assert ask.facts(unrelated)["parents_claimed"] == 0
    videos.stay_down.lift("c1")
    assert [ask.facts(one)["parents_claimed"] for one in made] == [0] * 3


def test_lifting_puts_back_what_the_claim_took_down_where_it_was(videos):
    video = videos.video()
    remix = videos.video(BEN, parent=video)
    draft = videos.video(BEN, parent=video, public=False)
    videos.stay_down.apply("c1", [video.id], "copyright")
    videos.stay_down.lift("c1")
    assert [videos.phase(one) for one in (video, remix, draft)] == ["sealed", "sealed", "rendered"]
    assert videos.banked() == set()
    assert set(outcomes(videos).values()) == {"restored"}
    [entry, _] = videos.bank.banks.entries(bank="known_claimed")
    assert [change.change for change in videos.bank.banks.history(entry.key)] == ["added", "removed"]
    assert videos.stay_down.counts().cases == 0 and videos.stay_down.counts().lifted == 1


def test_what_is_sealed_in_the_middle_of_being_published_comes_back_once_it_is_down(videos):
    video = videos.video()
    videos.stay_down.apply("c1", [video.id], "copyright")
    sealed = videos.house.ledger.load(video.id)
    videos.stay_down.lift("c1")
    assert videos.phase(sealed) == "sealed"
    videos.stay_down.apply("c1", [video.id], "copyright")
    assert videos.phase(sealed) == "recalled"  # a worker may be publishing it: the stage withdraws it
    videos.stay_down.lift("c1")
    assert videos.phase(sealed) == "recalled" and not videos.stay_down.report("c1").done
    videos.house.ledger.append(videos.house.ledger.load(video.id), [Withdrawn()])
    videos.stay_down.run()
    assert videos.phase(sealed) == "sealed" and videos.stay_down.report("c1").done


def test_what_the_author_had_taken_down_already_stays_down_when_the_claim_is_lifted(videos):
    video = videos.video()
    videos.house.ledger.append(video, [Recalled(by=ANA.id, code="author"), Withdrawn()])
    videos.stay_down.apply("c1", [video.id], "copyright")
    videos.stay_down.lift("c1")
    assert videos.phase(video) == "withdrawn"
    assert outcomes(videos) == {video.id: "down_before"}


def test_what_the_claims_desk_took_down_itself_it_puts_back_itself(videos):
    video = videos.video()
    videos.house.ledger.append(video, [Recalled(by="assay:claims", code="claim"), Withdrawn()])
    remix = videos.video(BEN, parent=video)  # made between the desk's recall and this
    videos.stay_down.apply("c1", [video.id], "copyright")
    assert [videos.phase(one) for one in (video, remix)] == ["withdrawn"] * 2
    [kept] = [entry.event for entry in videos.house.ledger.history(video.id) if isinstance(entry.event, Claimed)]
    assert kept.step == "kept_down"
    videos.stay_down.lift("c1")
    assert outcomes(videos) == {video.id: "down_before", remix.id: "restored"}
    assert restorable(videos.house.ledger.load(video.id))


def test_what_was_erased_meanwhile_is_said_not_to_come_back(videos):
    gone, there = videos.video(), videos.video()
    videos.stay_down.apply("c1", [gone.id, there.id], "copyright")
    videos.house.context.texts.erase(case_id=gone.id)  # the key of the case goes, and with it its bytes
    videos.stay_down.lift("c1")
    assert outcomes(videos) == {gone.id: "original_is_gone", there.id: "restored"}
    assert videos.phase(gone) == "withdrawn"


def test_of_two_claims_the_last_one_lifted_puts_it_back(videos):
    video = videos.video()
    videos.stay_down.apply("c1", [video.id], "copyright")
    videos.stay_down.apply("c2", [video.id], "likeness")
    videos.stay_down.lift("c1")
    assert videos.phase(video) == "withdrawn" and videos.banked() == {video.id}
    assert outcomes(videos) == {video.id: "kept_by_another_claim"}
    videos.stay_down.lift("c2")
    assert videos.phase(video) == "sealed" and videos.banked() == set()
    assert outcomes(videos) == {video.id: "restored"} == outcomes(videos, "c2")


def test_a_claim_that_comes_again_after_it_was_lifted_takes_it_down_again(videos):
    video = videos.video()
    for _ in range(2):
        videos.stay_down.apply("c1", [video.id], "likeness")
        videos.stay_down.lift("c1")
        videos.house.context.public_store.publish(video.id, videos.house.home / "original.mp4")
    videos.stay_down.apply("c1", [video.id], "likeness")
    assert videos.house.ledger.load(video.id).phase in (Phase.RECALLED, Phase.WITHDRAWN)
    assert videos.banked() == {video.id}


def test_no_moderator_undoes_what_a_claim_took_down(videos):
    video = videos.video()
    videos.stay_down.apply("c1", [video.id], "copyright")
    case = videos.house.ledger.load(video.id)
    assert not reversible(case) and refusal(MODERATOR, case, Action.REVERSE, conflict="") is not None
    with pytest.raises(IllegalTransition):
        videos.house.ledger.append(case, [Reversed(by="m", code="mistake")])


def test_the_public_record_says_that_a_claim_took_it_down_and_not_whose(videos):
    video = videos.video()
    videos.stay_down.apply("c1-of-mira", [video.id], "intimate_image")
    case = videos.house.ledger.load(video.id)
    record = public_record(case, videos.house.ledger.history(video.id))
    assert record["taken_down"] == "claim" and "mira" not in str(record) and "intimate" not in str(record)
    videos.stay_down.lift("c1-of-mira")
    case = videos.house.ledger.load(video.id)
    assert "taken_down" not in public_record(case, videos.house.ledger.history(video.id))


def test_the_bank_of_claims_is_neither_shared_nor_filled_by_hand(videos, tmp_path):
    video = videos.video()
    videos.stay_down.apply("c1", [video.id], "copyright")
    service = BankService(banks=videos.bank.banks, models=videos.stay_down.looks.models)
    (tmp_path / "list.csv").write_text("id,algorithm,hash\n")
    bank = service.resolve("known_claimed", "")
    for act in (
        lambda: service.export(OPERATOR, "known_claimed", "csv"),
        lambda: service.add_list(OPERATOR, tmp_path / "list.csv", bank),
        lambda: service.add_file(OPERATOR, "x", tmp_path / "list.csv", bank),
    ):
        with pytest.raises(BadInput, match="claims keep this bank"):
            act()
    assert service.remove(OPERATOR, video.id, reason="an emergency") == 1


def test_what_makes_no_sense_is_refused_and_nothing_is_taken_down(videos):
    video = videos.video()
    for claim, cases, why, error in (
        ("", [video.id], "likeness", BadInput),
        ("c1", [video.id], "Mira says so", BadInput),
        ("c1", [video.id, "ffffffffffffffff"], "likeness", NotFound),
    ):
        with pytest.raises(error):
            videos.stay_down.apply(claim, cases, why)
    videos.stay_down.lift("c1")  # it kept nothing down
    with pytest.raises(NotFound):
        videos.stay_down.report("c1")
    assert videos.phase(video) == "published"


@pytest.mark.parametrize("steps", [0, 2, 5])
def test_a_process_that_is_killed_in_the_middle_leaves_the_rest_to_the_next(videos, steps):
    chain = [videos.video()]
    for _ in range(4):
        chain.append(videos.video(BEN, parent=chain[-1]))
    ids = {one.id for one in chain}
    for wish, down in ((["down", chain[0].id], True), (["lift"], False)):
        asked = [sys.executable, "-m", "tests.contract.stay_down_and_crash", str(videos.house.home), "c1", *wish]
        killed = subprocess.run(
            [*asked, str(steps)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert killed.returncode == -9, killed.stderr
        assert not videos.stay_down.report("c1").done
        _carried_on(videos)
        assert videos.stay_down.report("c1").done and videos.stay_down.run() == []
        assert {videos.phase(one) for one in chain} == ({"withdrawn"} if down else {"sealed"})
        assert videos.banked() == (ids if down else set())
    assert set(outcomes(videos).values()) == {"restored"}


def _carried_on(videos):
    """What the upkeep does once a minute; the server may take a moment to see that the process is gone."""
    for _ in range(200):
        assert videos.stay_down.run() == ["c1"]
        if videos.stay_down.report("c1").done:
            return
        sleep(0.05)
    pytest.fail("nobody went on with it")


class Dies(RuntimeError):
    """As if the process had been killed here."""


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["c1", "c2", "c3"]), st.sampled_from(["apply", "lift"]), st.integers(0, 5), st.integers(0, 9)
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-1, 4), min_size=2, max_size=6), STEPS)
def test_in_whatever_order_and_however_often_claims_come_and_go_exactly_what_they_keep_down_is_down(
    opened_house, parents, steps
):
    house = reset_installation(opened_house)
    empty_claims(house)
    videos = claimed_videos_in(house)
    cases, above = [], []
    for parent in parents:
        at = parent if 0 <= parent < len(cases) else None
        cases.append(videos.video(parent=cases[at] if at is not None else None))
        above.append({len(cases) - 1} | (above[at] if at is not None else set()))
    kept: dict[str, set[int]] = {}
    for claim, act, number, dies in steps:
        root = number % len(cases)
        with pytest.MonkeyPatch.context() as patched:
            if dies < 5:
                _die_at(patched, dies)
            try:
                if act == "apply":
                    kept.setdefault(claim, set()).add(root)
                    videos.stay_down.apply(claim, [cases[root].id], "copyright")
                else:
                    kept.pop(claim, None)
                    videos.stay_down.lift(claim)
            except Dies:
                pass
    videos.stay_down.run()
    for one in cases:
        if videos.phase(one) == "recalled":  # what the sweeper does
            house.ledger.append(house.ledger.load(one.id), [Withdrawn()])
    videos.stay_down.run()
    roots = set().union(*kept.values())
    down = {cases[number].id for number, line in enumerate(above) if line & roots}
    assert {one.id for one in cases if videos.phase(one) in ("recalled", "withdrawn")} == down
    assert videos.banked() == down
    assert videos.stay_down.store.unfinished() == []
    assert {one.id for one in cases if videos.stay_down.store.holders(one.id)} == down


def _die_at(patched, steps):
    """The step after so many raises: each of those that change something."""
    from pipeline.ledgers.bulk_append import PostgresBulkAppend
    from pipeline.ledgers.postgres_ledger import PostgresLedger
    from registry.banks.postgres_banks import PostgresBanks
    from registry.stay_downs.stay_down_store import PostgresStayDowns

    done = []

    def dying(action):
        def step(*args, **named):
            if len(done) == steps:
                raise Dies
            done.append(action)
            return action(*args, **named)

        return step

    for kind, name in (
        (PostgresBulkAppend, "append"), (PostgresBanks, "add"), (PostgresBanks, "change"), (PostgresLedger, "append"),
        (PostgresStayDowns, "finish"), (PostgresStayDowns, "hold"),
    ):  # fmt: skip
        patched.setattr(kind, name, dying(getattr(kind, name)))
