"""One suite for every source of facts about authors. Runs against: memory, and the embedded Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from core.case import new_case
from core.events import (
    Appealed,
)
from core.verdicts import Decision, Gate
from ledgers.benches import LATER, MEASURED, SUBMITTED, Bench, already_stored, judged, submit, the_time
from tests.lawful import ruled

NOTHING = dict.fromkeys(
    (
        "author_strikes",
        "author_refused_day",
        "author_refused_hour",
        "author_recent",
        "author_day",
        "author_waiting",
        "account_refusals_last_minute",
    ),
    0,
)


def test_facts_count_refusals_that_stand_and_submissions(bench: Bench) -> None:
    ledger, now = bench.ledger, the_time() + 2 * LATER
    ledger.append(submit(ledger), [MEASURED, judged(Decision.REFUSE)])
    appealed = ledger.append(submit(ledger), [MEASURED, judged(Decision.REFUSE), Appealed(by="ana")])
    two = {"author_strikes": 2, "author_refused_day": 2, "author_refused_hour": 2, "author_recent": 2, "author_day": 2}
    assert bench.facts.author_facts("ana", at=now) == NOTHING | two | {"author_waiting": 1}
    ledger.append(appealed, [ruled(Gate.PROMPT), judged(Decision.ALLOW)])
    submit(ledger, "ben")
    one = {"author_strikes": 1, "author_refused_day": 1, "author_refused_hour": 1}
    assert bench.facts.author_facts("ana", at=now) == NOTHING | two | one
    assert bench.facts.author_facts("ben", at=now) == NOTHING | {"author_recent": 1, "author_day": 1}
    assert bench.facts.author_facts("nobody") == NOTHING


def test_facts_of_an_author_are_not_those_of_another(bench: Bench) -> None:
    bench.ledger.append(submit(bench.ledger, "ben"), [MEASURED, judged(Decision.REFUSE)])
    bench.ledger.append(submit(bench.ledger, "ben"), [MEASURED, judged(Decision.HOLD)])
    assert bench.facts.author_facts("ana", at=the_time() + LATER) == NOTHING
    assert bench.facts.author_facts("ben", at=the_time() + LATER)["author_waiting"] == 1


def test_refusals_count_for_the_end_user_of_an_account_and_submissions_for_the_account(bench: Bench) -> None:
    for user in ("u1", "u2"):
        case = bench.ledger.append(new_case(), [replace(SUBMITTED, author="ana", end_user=user)])
        bench.ledger.append(case, [MEASURED, judged(Decision.REFUSE if user == "u1" else Decision.ALLOW)])
    one, other, all_ = (bench.facts.author_facts("ana", user, at=the_time() + LATER) for user in ("u1", "u2", ""))
    assert [facts["author_strikes"] for facts in (one, other, all_)] == [1, 0, 1]
    assert [facts["author_refused_hour"] for facts in (one, other, all_)] == [1, 0, 1]
    assert [facts["author_day"] for facts in (one, other, all_)] == [2, 2, 2]


def test_a_refusal_counts_until_the_same_gate_says_otherwise(bench: Bench) -> None:
    refused = bench.ledger.append(submit(bench.ledger), [MEASURED, judged(Decision.REFUSE)])
    already_stored(bench, refused, judged(Decision.HOLD, Gate.VIDEO))
    assert bench.facts.author_facts("ana", at=the_time() + LATER)["author_strikes"] == 1


def test_facts_grow_old(bench: Bench) -> None:
    bench.ledger.append(submit(bench.ledger), [MEASURED, judged(Decision.REFUSE)])
    in_two_hours, in_two_days, in_a_month = (the_time() + timedelta(hours=h) for h in (2, 48, 31 * 24))
    day = {"author_strikes": 1, "author_refused_day": 1, "author_day": 1}
    assert bench.facts.author_facts("ana", at=in_two_hours) == NOTHING | day
    assert bench.facts.author_facts("ana", at=in_two_days) == NOTHING | {"author_strikes": 1}
    assert bench.facts.author_facts("ana", at=in_a_month) == NOTHING
    assert bench.facts.author_facts("ana", at=the_time() - LATER) == NOTHING


def test_refusals_of_the_last_minute_are_the_accounts_and_are_not_lifted(bench: Bench) -> None:
    now = the_time() + timedelta(seconds=30)
    for user in ("u1", "u2"):
        case = bench.ledger.append(new_case(), [replace(SUBMITTED, author="ana", end_user=user)])
        refused = bench.ledger.append(case, [MEASURED, judged(Decision.REFUSE), Appealed(by="ana")])
    bench.ledger.append(refused, [ruled(Gate.PROMPT), judged(Decision.ALLOW)])
    bench.ledger.append(submit(bench.ledger, "ben"), [MEASURED, judged(Decision.REFUSE)])
    for user in ("", "u1", "u3"):
        assert bench.facts.author_facts("ana", user, at=now)["account_refusals_last_minute"] == 2
    assert bench.facts.author_facts("ana", at=now + LATER)["account_refusals_last_minute"] == 0
    assert bench.facts.author_facts("ana", at=the_time() - LATER)["account_refusals_last_minute"] == 0
