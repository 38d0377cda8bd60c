"""One suite for where policies and past stories are kept: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from core.case import Case, new_case
from core.errors import BadInput, Conflict, NotFound
from core.events import Event, Judged, Measured, Submitted
from core.verdicts import Decision, Gate, Verdict
from pipeline.ledgers.case_histories import CaseHistories, PostgresCaseHistories
from pipeline.ledgers.database import Database
from pipeline.ledgers.policy_store import PolicyStore, PostgresPolicyStore, RolloutStep, StoredPolicy
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.testing.memory_ledger import MemoryLedger
from pipeline.testing.memory_ledger_views import MemoryCaseHistories
from pipeline.testing.memory_policy_store import MemoryPolicyStore
from tests.lawful import ruled

ONE = StoredPolicy(digest="1a" * 32, files={"a.toml": "gate = 1", "sub/b.toml": "ü"}, profile='says = "."')
TWO = StoredPolicy(digest="1b" * 32, files={})
SUBMITTED = Submitted(author="ana", prompt="t")
MEASURED = Measured(signals=())
JUDGED = Judged(verdict=Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, policy=ONE.digest), facts={"seconds": 5.0})


@dataclass(frozen=True)
class Bench:
    policies: PolicyStore
    case_histories: CaseHistories
    ledger: MemoryLedger | PostgresLedger


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "memory":
        ledger = MemoryLedger()
        return Bench(MemoryPolicyStore(), MemoryCaseHistories(ledger), ledger)
    kept: Database = request.getfixturevalue("database")
    with kept.owner_connection() as connection:
        for table, trigger in (
            ("policies", "policies_stay"),
            ("policy_steps", "policy_steps_stay"),
            ("events", "events_stay"),
        ):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        connection.execute("TRUNCATE policies, policy_steps, events, cases")
        for table, trigger in (
            ("policies", "policies_stay"),
            ("policy_steps", "policy_steps_stay"),
            ("events", "events_stay"),
        ):
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
    return Bench(PostgresPolicyStore(kept), PostgresCaseHistories(kept), PostgresLedger(kept))


def step(number: int, **more: object) -> RolloutStep:
    return replace(RolloutStep(number=number, step="stage", digest=ONE.digest, by="op"), **more)  # type: ignore[arg-type]


def opened(bench: Bench, *events: Event) -> Case:
    return bench.ledger.append(new_case(), [SUBMITTED, MEASURED, *events])


def test_a_policy_is_kept_word_for_word_and_found_by_the_beginning_of_its_digest(bench: Bench) -> None:
    bench.policies.save(ONE)
    assert bench.policies.find(ONE.digest) == bench.policies.find("1a1a") == ONE


def test_keeping_twice_keeps_the_first(bench: Bench) -> None:
    bench.policies.save(ONE)
    bench.policies.save(replace(ONE, files={"a.toml": "other comments"}))
    assert bench.policies.find(ONE.digest) == ONE


def test_what_is_not_kept_or_not_one_is_said(bench: Bench) -> None:
    for policy in (ONE, TWO, replace(TWO, digest="1a1a" + "0" * 60)):
        bench.policies.save(policy)
    with pytest.raises(NotFound):
        bench.policies.find("ffff")
    with pytest.raises(BadInput, match="several"):
        bench.policies.find("1a1a")
    for odd in ("1", "", "zzzz", "%%%%", "1A1A"):
        with pytest.raises(BadInput, match="no digest"):
            bench.policies.find(odd)


def test_steps_come_in_order_and_the_last_is_in_force(bench: Bench) -> None:
    assert (bench.policies.current_step(), list(bench.policies.steps())) == (None, [])
    bench.policies.save(ONE)
    bench.policies.save(TWO)
    bench.policies.append_step(step(1, candidate=TWO.digest, share=12.5))
    bench.policies.append_step(step(2, step="promote", digest=TWO.digest))
    first, second = bench.policies.steps()
    assert (first.candidate, first.share, second.candidate, second.share) == (TWO.digest, 12.5, "", 0.0)
    assert bench.policies.current_step() == second
    assert second.at is not None and second.at.tzinfo is not None


def test_of_two_who_take_a_step_one_wins(bench: Bench) -> None:
    bench.policies.save(ONE)
    bench.policies.append_step(step(1))
    with pytest.raises(Conflict):
        bench.policies.append_step(step(1, by="other"))
    assert [one.by for one in bench.policies.steps()] == ["op"]


def test_stories_come_page_by_page_by_id(bench: Bench) -> None:
    ids = sorted(opened(bench, JUDGED).id for _ in range(5))
    first = bench.case_histories.page(limit=2)
    rest = bench.case_histories.page(after=first[-1].case_id, limit=9)
    assert [story.case_id for story in (*first, *rest)] == ids
    assert list(first[0].events or ()) == [SUBMITTED, MEASURED, JUDGED]
    assert (bench.case_histories.count(), bench.case_histories.count(after=ids[1])) == (5, 3)
    assert bench.case_histories.page(after=ids[-1]) == ()


def test_stories_can_be_those_since_a_moment(bench: Bench) -> None:
    opened(bench)
    later, before = datetime.now(UTC) + timedelta(minutes=1), datetime.now(UTC) - timedelta(minutes=1)
    assert (bench.case_histories.count(since=later), bench.case_histories.page(since=later)) == (0, ())
    assert (bench.case_histories.count(since=before), len(bench.case_histories.page(since=before))) == (1, 1)


def test_verdicts_are_counted_by_policy_and_decision(bench: Bench) -> None:
    refused = replace(JUDGED, verdict=replace(JUDGED.verdict, decision=Decision.REFUSE))
    opened(bench, JUDGED)
    opened(bench, JUDGED, ruled(Gate.PROMPT, Decision.REFUSE), refused)
    since = datetime.now(UTC) - timedelta(minutes=1)
    assert bench.case_histories.count_verdicts(since) == {
        (ONE.digest, Decision.HOLD): 2,
        (ONE.digest, Decision.REFUSE): 1,
    }
    assert bench.case_histories.count_verdicts(datetime.now(UTC) + timedelta(minutes=1)) == {}


@pytest.mark.postgres
def test_nobody_edits_or_deletes_policies_and_steps(database: Database) -> None:
    PostgresPolicyStore(database).save(TWO)
    for table in ("policies", "policy_steps"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg.errors.RestrictViolation), database.owner_connection() as connection:
                connection.execute(statement)


@pytest.mark.postgres
def test_a_case_of_a_newer_assay_is_told_apart(database: Database) -> None:
    with database.connection() as connection:
        connection.execute("INSERT INTO cases VALUES ('zz', 'new', 1, 'a', '{}', '{}')")
        connection.execute(
            "INSERT INTO events (case_id, revision, body) VALUES ('zz', 1, '{\"type\": \"Teleported\"}')"
        )
    [story] = PostgresCaseHistories(database).page(after="z")
    assert (story.case_id, story.events) == ("zz", None)
