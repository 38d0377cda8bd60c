"""What a store of second reviews and golden items promises, in memory and on Postgres."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from pipeline.ledgers.postgres_review_checks import PostgresReviewChecks
from pipeline.moderation.quality.review_checks import (
    AnswerCount,
    CheckKind,
    GoldenCount,
    GoldenItem,
    ReviewCheck,
    SecondReview,
)
from pipeline.testing.memory_review_checks import MemoryReviewChecks

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 14


@pytest.fixture
def checks(bench):
    return PostgresReviewChecks(bench.database) if bench.database else MemoryReviewChecks()


def second(case_id="c1", reviewer="mo", decision="allow", rules=("gore", "words")):
    return SecondReview(
        case_id=case_id, revision=3, rules=rules, reviewer=reviewer, decision=decision, code="fits_policy"
    )


def golden(case_id="g1", decision="refuse", made_by="lea"):
    return GoldenItem(
        case_id=case_id, revision=3, rules=("gore",), decision=decision, reason="t", made_by=made_by, made=LONG_AGO
    )


def check(name, case_id="c1", reviewer="ed", kind=CheckKind.SECOND):
    return ReviewCheck(id=name, kind=kind, case_id=case_id, revision=3, reviewer=reviewer, shown_since=LONG_AGO)


def waiting(checks, reviewer, days=DAYS):
    return [one.case_id for one in checks.waiting_seconds(reviewer, days=days, limit=10)]


def unseen(checks, reviewer, days=DAYS):
    return [one.case_id for one in checks.unseen_golden(reviewer, days=days, limit=10)]


def answered(checks, name, decision, **of):
    assert checks.assign(check(name, **of))
    assert checks.decide(name, decision=decision, code="context", note="")


def test_a_second_review_waits_for_everybody_but_whoever_ruled_first(checks):
    checks.add_second(second())
    checks.add_second(second(reviewer="ed", decision="refuse"))  # again: what was noted first stays
    assert waiting(checks, "ed") == ["c1"] and waiting(checks, "mo") == []
    assert checks.waiting_seconds("ed", days=DAYS, limit=1) == (second(),)
    assert waiting(checks, "ed", days=0) == []


def test_what_one_person_has_before_them_waits_for_nobody_else_until_they_drop_it(checks):
    checks.add_second(second())
    assert checks.assign(check("k1")) and checks.open_check("ed").id == "k1"
    assert waiting(checks, "ida") == []
    checks.drop("k1", "skipped")
    assert waiting(checks, "ida") == ["c1"] and waiting(checks, "ed") == []
    assert checks.open_check("ed") is None and checks.check("k1").dropped == "skipped"


def test_a_person_has_one_check_at_a_time_and_each_case_once(checks):
    checks.add_second(second())
    checks.add_second(second("c2"))
    assert checks.assign(check("k1"))
    assert not checks.assign(check("k2", "c2"))
    checks.drop("k1", "skipped")
    assert not checks.assign(check("k3")) and checks.assign(check("k4", "c2"))


def test_of_sixteen_who_want_the_same_second_review_one_gets_it(checks):
    checks.add_second(second())
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda n: checks.assign(check(f"k{n}", reviewer=f"r{n}")), range(16)))
    assert sum(got) == 1


def test_a_check_is_decided_once(checks):
    checks.add_second(second())
    answered(checks, "k1", "refuse")
    assert not checks.decide("k1", decision="allow", code="context", note="")
    checks.drop("k1", "skipped")
    found = checks.check("k1")
    assert (found.decision, found.code, found.dropped) == ("refuse", "context", "") and found.ruled is not None
    assert checks.check("c1") is None and not checks.decide("none", decision="allow", code="context", note="")


def test_a_disagreement_waits_for_a_lead_who_settles_it_once(checks):
    for name, answer in (("c1", "refuse"), ("c2", "allow")):
        checks.add_second(second(name))
        answered(checks, f"k-{name}", answer, case_id=name)
    (one,) = checks.disagreements(limit=10)
    assert (one.first.case_id, one.first.decision, one.second.decision) == ("c1", "allow", "refuse")
    assert not checks.settle("c2", 3, by="lea", decision="allow")
    assert checks.settle("c1", 3, by="lea", decision="refuse")
    assert not checks.settle("c1", 3, by="lea", decision="allow") and checks.disagreements(limit=10) == ()
    assert {(one.first, one.second, one.settled, one.count) for one in checks.pair_counts(LONG_AGO)} == {
        ("allow", "refuse", "refuse", 1),
        ("allow", "allow", "", 1),
    }


def test_what_cannot_be_shown_any_more_is_offered_to_nobody(checks):
    checks.add_second(second())
    checks.void_second("c1", 3)
    assert checks.add_golden(golden())
    assert checks.retire_golden("g1", 3) and not checks.retire_golden("g2", 3)
    assert waiting(checks, "ed") == [] and unseen(checks, "ed") == []
    assert [one.retired for one in checks.golden_items(limit=10)] == [True]


def test_a_golden_item_is_shown_to_each_once_the_least_shown_first_and_never_to_whoever_made_it(checks):
    assert checks.add_golden(golden()) and checks.add_golden(golden("g2"))
    assert not checks.add_golden(golden(decision="allow"))
    assert unseen(checks, "lea") == [] and unseen(checks, "mo", days=0) == []
    answered(checks, "k1", "refuse", case_id="g1", reviewer="mo", kind=CheckKind.GOLDEN)
    assert unseen(checks, "mo") == ["g2"] and unseen(checks, "ed") == ["g2", "g1"]
    answered(checks, "k2", "allow", case_id="g1", reviewer="ed", kind=CheckKind.GOLDEN)
    answered(checks, "k3", "refuse", case_id="g1", reviewer="ida")  # a second review of the same case
    assert [(one.case_id, one.shown, one.right) for one in checks.golden_items(limit=10)] == [
        ("g2", 0, 0),
        ("g1", 2, 1),
    ]
    assert checks.golden_counts(LONG_AGO) == (
        GoldenCount(reviewer="ed", count=1, right=0),
        GoldenCount(reviewer="mo", count=1, right=1),
    )
    (answer,) = checks.golden_answers("ed", limit=5)
    assert (answer.check.id, answer.decision, answer.right) == ("k2", "refuse", False)
    assert checks.golden_counts(datetime.now(UTC) + timedelta(minutes=1)) == ()


def test_second_reviews_are_counted_by_pair_and_by_rule(checks):
    for name, first, then in (("c1", "allow", "allow"), ("c2", "allow", "allow"), ("c3", "refuse", "allow")):
        checks.add_second(second(name, decision=first, rules=("gore",) if name == "c3" else ("gore", "words")))
        answered(checks, f"k-{name}", then, case_id=name)
    pair = {"first_reviewer": "mo", "second_reviewer": "ed"}
    assert set(checks.pair_counts(LONG_AGO)) == {
        AnswerCount(first="allow", second="allow", count=2, **pair),
        AnswerCount(first="refuse", second="allow", count=1, **pair),
    }
    assert set(checks.rule_counts(LONG_AGO)) == {
        AnswerCount(rule="gore", first="allow", second="allow", count=2),
        AnswerCount(rule="gore", first="refuse", second="allow", count=1),
        AnswerCount(rule="words", first="allow", second="allow", count=2),
    }


def test_turns_count_up_for_each_person(checks):
    assert checks.turn("mo") == 0
    checks.next_turn("mo")
    checks.next_turn("mo")
    checks.next_turn("ed")
    assert (checks.turn("mo"), checks.turn("ed")) == (2, 1)


@pytest.mark.postgres
def test_a_check_that_was_left_for_a_day_is_free_for_others(postgres):
    checks = PostgresReviewChecks(postgres.database)
    checks.add_second(second())
    assert checks.assign(check("k1"))
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("UPDATE review_checks SET dealt = dealt - interval '25 hours'")
    assert checks.open_check("ed") is None and checks.check("k1").dropped == "left"
    assert waiting(checks, "ida") == ["c1"]


def test_a_check_that_was_left_for_a_day_is_free_for_others_in_memory():
    now = [datetime.now(UTC)]
    checks = MemoryReviewChecks(clock=lambda: now[0])
    checks.add_second(second())
    assert checks.assign(check("k1"))
    now[0] += timedelta(hours=25)
    assert checks.open_check("ed") is None and checks.check("k1").dropped == "left"
    assert waiting(checks, "ida") == ["c1"]
