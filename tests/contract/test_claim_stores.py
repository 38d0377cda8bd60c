"""Claims are kept alike in Postgres and in memory."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from core.errors import Conflict, NotFound, Unavailable
from pipeline.at_rest.envelope import encrypt_bytes
from pipeline.at_rest.key_store import CaseKeys
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind, ClaimStep, claim_secret_digest, new_tracking_number
from pipeline.claims.claim_files import CLAIM_FILE_PART
from pipeline.claims.claim_store import ClaimFilePurpose, ClaimStore
from pipeline.claims.postgres_claim_activity import PostgresClaimActivity
from pipeline.claims.postgres_claims import PostgresClaims
from pipeline.testing.memory_claims import MemoryClaims

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECEIVED = ClaimStep(step="received", at=NOW)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path) -> ClaimStore:
    if request.param == "memory":
        return MemoryClaims()
    keys = CaseKeys((tmp_path / "vault").as_uri(), tmp_path / "keys")
    database = request.getfixturevalue("database")
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE claims, claim_steps, claim_files, claim_file_parts, claim_activity")
    return PostgresClaims(database, keys)


def claim(**values) -> Claim:
    given = {"kind": ClaimKind.COPYRIGHT, "law": "us_dmca_512", "received_at": NOW, **values}
    return Claim(id=new_tracking_number(), secret_sha256=claim_secret_digest(secrets.token_hex(8)), **given)


def added(store: ClaimStore, **values) -> Claim:
    made = claim(**values)
    store.add(made, RECEIVED)
    return made


def test_what_was_kept_is_read_field_by_field(store):
    first = added(store)
    made = added(
        store,
        kind=ClaimKind.INTIMATE_IMAGE,
        due_at=NOW + 48 * HOUR,
        decision=ClaimDecision.PARTLY,
        decided_at=NOW + HOUR,
        case_ids=("a1", "b2"),
        upheld_ids=("a1",),
        urls=("https://example.org/1",),
        certain=True,
        counter_of=first.id,
        statements=("good_faith",),
        territory="DE",
        language="de",
    )
    assert store.get(made.id) == made
    assert store.get(first.id) == first
    assert store.by_secret(made.secret_sha256) == made
    with pytest.raises(NotFound):
        store.by_secret(claim_secret_digest("guessed"))
    with pytest.raises(NotFound):
        store.get(new_tracking_number())


def test_of_two_who_change_a_claim_one_is_told(store):
    made = added(store)
    moved = store.change(replace(made, decision=ClaimDecision.UPHELD), ClaimStep(step="decided", at=NOW, by="mo"))
    assert moved.revision == made.revision + 1
    assert store.get(made.id) == moved
    with pytest.raises(Conflict):
        store.change(replace(made, decision=ClaimDecision.REJECTED), ClaimStep(step="decided", at=NOW, by="ny"))
    assert [step.step for step in store.steps(made.id)] == ["received", "decided"]


def test_the_first_due_is_the_first_in_the_queue_and_what_has_no_clock_the_last(store):
    never, late, soon = added(store), added(store, due_at=NOW + 9 * HOUR), added(store, due_at=NOW + HOUR)
    done = added(store, due_at=NOW, decided_at=NOW, decision=ClaimDecision.REJECTED)
    assert [one.id for one in store.waiting()] == [soon.id, late.id, never.id]
    assert [one.id for one in store.waiting(limit=1)] == [soon.id]
    assert store.waiting(kind=ClaimKind.ESTATE) in ((), [])
    assert [one.id for one in store.decided()] == [done.id]


def test_what_the_guard_lets_wait_comes_behind_all_others_before_the_limit_is_drawn(request, store):
    guarded, later = added(store, due_at=NOW), added(store, due_at=NOW + HOUR)
    last = added(store)
    let_wait(request, store, guarded)
    assert [one.id for one in store.waiting()] == [later.id, last.id, guarded.id]
    assert [one.id for one in store.waiting(limit=2)] == [later.id, last.id]
    assert [one.id for one in store.waiting(limit=2, skip=1)] == [last.id, guarded.id]


def let_wait(request, store, guarded) -> None:
    if isinstance(store, MemoryClaims):
        store._guarded = guarded.id.__eq__
    else:
        activity = PostgresClaimActivity(request.getfixturevalue("database"))
        activity.note(["sender"], guarded.id, "behind", NOW, rule="claims_per_day")


def test_claims_are_found_by_video_account_answer_and_time(store):
    made = added(store, case_ids=("a1", "b2"), via_account="ana")
    counter = added(store, counter_of=made.id, received_at=NOW + HOUR)
    appeal = added(store, appeal_of=made.id, received_at=NOW + 2 * HOUR)
    assert [one.id for one in store.of_case("b2")] == [made.id]
    assert [one.id for one in store.of_account("ana")] == [made.id]
    assert list(store.of_account("")) == []
    assert [one.id for one in store.answers_to(made.id)] == [counter.id, appeal.id]
    assert [one.id for one in store.received_between(NOW, NOW + 2 * HOUR)] == [made.id, counter.id]


def test_what_the_clock_asks_for_is_found_once(store):
    soon, _later = added(store, due_at=NOW + HOUR), added(store, due_at=NOW + 40 * HOUR)
    told = added(store, due_at=NOW + HOUR, escalated_at=NOW)
    assert [one.id for one in store.to_escalate(NOW + 2 * HOUR)] == [soon.id]
    assert told.id not in {one.id for one in store.to_escalate(NOW + 2 * HOUR)}


def test_a_counter_notice_is_restored_after_its_wait_unless_somebody_went_to_court(store):
    made = added(store)
    due = added(store, counter_of=made.id, restore_from=NOW)
    added(store, counter_of=made.id, restore_from=NOW, action_seen_at=NOW)
    added(store, counter_of=made.id, restore_from=NOW + HOUR)
    added(store, counter_of=made.id, restore_from=NOW, restored_at=NOW)
    assert [one.id for one in store.to_restore(NOW)] == [due.id]


def test_what_has_to_come_down_is_found_until_it_is_down(store):
    added(store, case_ids=("a1",))
    paused = added(store, case_ids=("a1",), paused_at=NOW)
    upheld = added(
        store,
        received_at=NOW + HOUR,
        case_ids=("a1", "b2"),
        decision=ClaimDecision.PARTLY,
        decided_at=NOW,
        upheld_ids=("b2",),
    )
    added(store, case_ids=("a1",), paused_at=NOW, decision=ClaimDecision.REJECTED, decided_at=NOW)
    assert [one.id for one in store.to_take_down()] == [paused.id, upheld.id]
    assert upheld.comes_down == ("b2",)
    added(store, case_ids=("c3",), paused_at=NOW, restored_at=NOW)
    assert list(store.keeping_down()) == ["a1", "b2"]
    store.change(replace(paused, removed_at=NOW), ClaimStep(step="removed", at=NOW))
    assert [one.id for one in store.to_take_down()] == [upheld.id]


def test_what_was_left_unhidden_is_found(store):
    law, cases = "us_take_it_down", ("a1",)
    left = added(store, law=law, case_ids=cases)
    for other in (
        {"paused_at": NOW},
        {"decided_at": NOW, "decision": ClaimDecision.REJECTED},
        {"case_ids": ()},
        {"law": "us_dmca_512"},
        {"appeal_of": left.id},
        {"received_at": NOW + HOUR},
    ):
        added(store, **{"law": law, "case_ids": cases, **other})
    assert [one.id for one in store.to_hide([law, "another"], NOW + HOUR)] == [left.id]


def test_what_is_to_go_back_is_found_until_it_did(store):
    added(store)
    wanted = added(store, case_ids=("a1", "b2"), put_back_ids=("b2",), put_back_code="claim_rejected")
    assert store.to_put_back() in ([wanted], (wanted,))
    store.change(replace(wanted, put_back_ids=()), ClaimStep(step="restored", at=NOW))
    assert list(store.to_put_back()) == []


def test_a_decided_answer_is_found_until_the_claim_took_it_over(store):
    first = added(store)
    waits = added(store, appeal_of=first.id)
    counter = added(store, counter_of=first.id, decided_at=NOW, decision=ClaimDecision.REJECTED)
    appeal = added(store, appeal_of=first.id, decided_at=NOW + HOUR, decision=ClaimDecision.UPHELD)
    assert [one.id for one in store.to_carry()] == [counter.id, appeal.id]
    first = store.change(replace(first, carried_answers=(counter.id,)), ClaimStep(step="confirmed", at=NOW))
    assert [one.id for one in store.to_carry()] == [appeal.id]
    store.change(replace(first, carried_answers=(counter.id, appeal.id)), ClaimStep(step="overturned", at=NOW))
    store.change(replace(waits, decided_at=None), ClaimStep(step="escalated", at=NOW))
    assert list(store.to_carry()) == []


def test_proof_goes_before_the_rest(store):
    kept = added(store, proof_until=NOW, personal_until=NOW + 9 * HOUR)
    assert list(store.to_erase(NOW - HOUR)) == []
    assert [one.id for one in store.to_erase(NOW)] == [kept.id]
    gone = store.change(replace(kept, proof_erased_at=NOW), ClaimStep(step="proof_erased", at=NOW))
    assert list(store.to_erase(NOW)) == []
    assert [one.id for one in store.to_erase(NOW + 9 * HOUR)] == [gone.id]


def test_a_claim_is_late_once_its_clock_ran_out_with_nothing_done(store):
    added(store, due_at=NOW)
    added(store, due_at=NOW, paused_at=NOW - HOUR, decided_at=NOW + HOUR, decision=ClaimDecision.UPHELD)
    added(store, due_at=NOW, decided_at=NOW + HOUR, decision=ClaimDecision.UPHELD)
    added(store)
    (count,) = store.counts(NOW + 2 * HOUR)
    assert (count.open, count.late, count.decided) == (2, 2, 2)


def test_proof_falls_due_for_itself_also_where_the_rest_was_erased_before(store):
    kept = added(store, proof_until=NOW + 2 * HOUR, personal_until=NOW, personal_erased_at=NOW)
    assert list(store.to_erase(NOW + HOUR)) == []
    assert [one.id for one in store.to_erase(NOW + 2 * HOUR)] == [kept.id]
    store.change(replace(kept, proof_erased_at=NOW + 2 * HOUR), ClaimStep(step="proof_erased", at=NOW))
    assert list(store.to_erase(NOW + 3 * HOUR)) == []


def kept_file(store, made, content=b"passport"):
    return store.add_file(
        made.id,
        BytesIO(content),
        size=len(content),
        purpose=ClaimFilePurpose.IDENTITY,
        media_type="image/png",
        key=f"{made.id}.proof",
    )


def test_files_are_read_by_whoever_names_their_key_until_they_are_erased(store):
    made, other = added(store), added(store)
    file = kept_file(store, made)
    assert list(store.files(made.id)) == [file]
    assert (file.size, file.purpose) == (8, ClaimFilePurpose.IDENTITY)
    assert b"".join(store.read_file(made.id, file.id, key=f"{made.id}.proof")) == b"passport"
    with pytest.raises(NotFound):
        store.read_file(other.id, file.id, key=f"{made.id}.proof")
    assert store.erase_files(made.id) == 1
    with pytest.raises(NotFound):
        store.read_file(made.id, file.id, key=f"{made.id}.proof")
    assert list(store.files(made.id)) == []


def test_a_large_file_is_kept_and_read_a_part_at_a_time(store):
    content, read = os.urandom(2 * CLAIM_FILE_PART + 7), []

    class Watched(BytesIO):
        def read(self, size=-1):
            read.append(size)
            return super().read(size)

    made = added(store)
    file = store.add_file(
        made.id, Watched(content), size=len(content), purpose=ClaimFilePurpose.WORK, media_type="image/png", key="k"
    )
    parts = list(store.read_file(made.id, file.id, key="k"))
    assert {*read} == {CLAIM_FILE_PART}
    assert b"".join(parts) == content and [len(part) for part in parts] == [CLAIM_FILE_PART, CLAIM_FILE_PART, 7]


@pytest.mark.postgres
def test_a_file_of_which_a_part_is_gone_or_of_another_is_not_given_out_as_whole(database, tmp_path):
    store = PostgresClaims(database, CaseKeys((tmp_path / "vault").as_uri(), tmp_path / "keys"))
    made = added(store)
    file = kept_file(store, made, bytes(CLAIM_FILE_PART + 1))
    with database.owner_connection() as connection:
        connection.execute("UPDATE claim_file_parts SET number = number + 7 WHERE file_id = %s", [file.id])
        connection.execute("UPDATE claim_file_parts SET number = 8 - number WHERE file_id = %s", [file.id])
    with pytest.raises(Unavailable):
        store.read_file(made.id, file.id, key=f"{made.id}.proof")


@pytest.mark.postgres
def test_a_file_that_was_kept_whole_before_there_were_parts_is_still_read(database, tmp_path):
    keys = CaseKeys((tmp_path / "vault").as_uri(), tmp_path / "keys")
    store = PostgresClaims(database, keys)
    made = added(store)
    sealed = encrypt_bytes(b"passport", keys.make("k"), f"claim file {made.id} claimfile_old")
    with database.owner_connection() as connection:
        connection.execute(
            "INSERT INTO claim_files (id, claim_id, purpose, media_type, size, sealed)"
            " VALUES ('claimfile_old', %s, 'identity', 'image/png', 8, %s)",
            [made.id, sealed],
        )
    assert b"".join(store.read_file(made.id, "claimfile_old", key="k")) == b"passport"
