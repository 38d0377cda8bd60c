"""What rules did, and replays under way: in Postgres and in memory alike."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Case
from core.errors import NotFound
from core.events import Judged, Measured, Reversed, Ruled, Submitted
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.ledgers.policy_replays import PostgresPolicyReplays, ReplayRecord
from pipeline.ledgers.policy_store import PostgresPolicyStore, StoredPolicy
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.rule_activity import PostgresRuleActivity, RuleCounts
from pipeline.testing.memory_ledger import MemoryLedger
from pipeline.testing.memory_rule_activity import MemoryPolicyReplays, MemoryRuleActivity

LONG_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request):
    """A ledger and what rules did in it."""
    if request.param == "memory":
        ledger = MemoryLedger()
        return ledger, MemoryRuleActivity(ledger)
    database = request.getfixturevalue("database")
    return PostgresLedger(database), PostgresRuleActivity(database)


def judged(ledger, rules=(), shadow=(), decision=Decision.HOLD):
    case = Case(id=secrets.token_hex(8))
    verdict = Verdict(gate=Gate.PROMPT, decision=decision, rules=rules, shadow=shadow, policy="ab" * 32)
    events = [Submitted(author="ana", prompt="t"), Measured(signals=()), Judged(verdict=verdict, facts={"a": 1})]
    return ledger.append(case, events)


def ruled(ledger, case, decision, *over):
    ruling = Ruling(gate=Gate.PROMPT, decision=decision, moderator="mo", over=over, code="context")
    return ledger.append(case, [Ruled(ruling=ruling)])


def test_a_rule_is_counted_where_it_fired_and_apart_where_it_was_in_shadow(both):
    ledger, activity = both
    name, other = f"rule_{secrets.token_hex(4)}", f"rule_{secrets.token_hex(4)}"
    first = judged(ledger, rules=(name,), shadow=(other,))
    last = judged(ledger, rules=(name, other))
    counts = activity.counts(LONG_AGO)
    assert counts[name] == RuleCounts(hits=2, shadow=0)
    assert counts[other] == RuleCounts(hits=1, shadow=1)
    (day,) = activity.by_day(other, LONG_AGO)
    assert (day.day, day.hits, day.shadow) == (datetime.now(UTC).date(), 1, 1)
    newest, oldest = activity.examples(name, LONG_AGO, 5)
    assert (newest.case_id, oldest.case_id, newest.decision) == (last.id, first.id, Decision.HOLD)
    assert [one.shadow for one in activity.examples(other, LONG_AGO, 5)] == [False, True]
    assert len(activity.examples(name, LONG_AGO, 1)) == 1
    assert activity.by_day(name, datetime.now(UTC) + timedelta(days=1)) == []


def test_of_what_people_ruled_the_last_word_about_each_case_counts(both):
    ledger, activity = both
    name = f"rule_{secrets.token_hex(4)}"
    ruled(ledger, judged(ledger, rules=(name,)), Decision.ALLOW, name)
    ruled(ledger, judged(ledger, rules=(name,)), Decision.REFUSE, name)
    ruled(ledger, judged(ledger, rules=(name,)), Decision.REFUSE, "another")
    judged(ledger, rules=(name,))
    assert activity.ruled(name, LONG_AGO) == (1, 1)
    assert activity.ruled("nobody_spoke_of_it", LONG_AGO) == (0, 0)
    taken_back = ruled(ledger, judged(ledger, rules=(name,)), Decision.REFUSE, name)
    ledger.append(taken_back, [Reversed(by="mo", code="slip")])
    assert activity.ruled(name, LONG_AGO) == (1, 1)


@pytest.mark.postgres
def test_days_that_are_over_are_counted_once_and_say_the_same(database):
    ledger, name = PostgresLedger(database), f"rule_{secrets.token_hex(4)}"
    cases = [judged(ledger, rules=(name,), shadow=(f"{name}_s",)) for _ in range(3)]
    with database.owner_connection() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        move = "UPDATE events SET at = at - interval '3 days' WHERE case_id = %s"
        connection.execute(move, [cases[0].id])
        connection.execute(move, [cases[1].id])
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")
        for always in ("events_stay", "events_chain"):
            connection.execute(f"ALTER TABLE events ENABLE ALWAYS TRIGGER {always}")
        connection.execute("DELETE FROM rule_days")
        connection.execute("DELETE FROM rule_days_counted")
    since = datetime.now(UTC) - timedelta(days=5)
    for _ in range(2):  # the second time from what was kept
        activity = PostgresRuleActivity(database)
        assert activity.counts(since)[name] == RuleCounts(hits=3, shadow=0)
        assert [day.hits for day in activity.by_day(name, since)] == [2, 1]
        assert [day.shadow for day in activity.by_day(f"{name}_s", since)] == [2, 1]
        newest = [one.case_id for one in activity.examples(name, since, 2)]
        assert newest[0] == cases[2].id and newest[1] in (cases[0].id, cases[1].id)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def replays(request):
    if request.param == "memory":
        return MemoryPolicyReplays()
    database = request.getfixturevalue("database")
    PostgresPolicyStore(database).save(StoredPolicy(digest="cd" * 32, files={}))
    return PostgresPolicyReplays(database)


def test_how_far_a_replay_is_can_be_told_from_anywhere(replays):
    name = f"replay_{secrets.token_hex(4)}"
    replays.begin(name, "cd" * 32, "op", 400)
    assert (replays.get(name).status, replays.get(name).cases) == ("running", 0)
    replays.update(name, {"cases": 200}, "running")
    assert replays.get(name).cases == 200
    replays.update(name, {"cases": 400}, "done")
    assert replays.latest(1)[0] == replays.get(name)
    assert (replays.get(name).status, replays.get(name).by) == ("done", "op")
    with pytest.raises(NotFound):
        replays.get("replay_of_nothing")


def test_a_replay_that_has_not_got_on_for_a_while_was_interrupted():
    old = datetime.now(UTC) - timedelta(minutes=5)
    record = ReplayRecord(
        id="r", policy="p", by="op", started=old, touched=old, total=9, state="running", tally={"cases": 3}
    )
    assert record.status == "interrupted"
