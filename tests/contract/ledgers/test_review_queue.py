"""What a queue of held cases promises, in memory and on Postgres."""

from concurrent.futures import ThreadPoolExecutor

from core.case import Phase, new_case
from core.events import Judged, Measured, Submitted
from core.verdicts import Decision, Gate, Verdict
from pipeline.moderation.review_queue import SKIP_CODES


def held(ledger, rule="gore", author="ana"):
    verdict = Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=(rule, "other"), policy="p")
    events = [Submitted(author=author, prompt="t"), Measured(signals=()), Judged(verdict=verdict)]
    case = ledger.append(new_case(), events)
    assert case.phase is Phase.HELD
    return case


def test_the_longest_held_come_first_page_by_page(bench):
    ledger, queue = bench.ledger, bench.reviews
    ids = [held(ledger).id for _ in range(5)]
    first = queue.held("mo", limit=2)
    rest = queue.held("mo", after=first[-1].case.id, limit=10)
    assert [one.case.id for one in (*first, *rest)] == ids
    assert queue.count() == 5


def test_cases_are_chosen_and_counted_by_the_rule_that_holds_them(bench):
    ledger, queue = bench.ledger, bench.reviews
    gore, words = held(ledger), [held(ledger, rule="words").id for _ in range(2)]
    assert [one.case.id for one in queue.held("mo", rule="words")] == words
    assert queue.count(rule="gore") == 1 and list(queue.by_rule()) == ["other", "words", "gore"]
    assert queue.take_next("mo", rule="gore") == gore.id


def test_a_case_is_one_persons_until_it_is_released(bench):
    ledger, queue = bench.ledger, bench.reviews
    case = held(ledger)
    assert [queue.take("mo", case.id), queue.take("mo", case.id), queue.take("ed", case.id)] == ["mo"] * 3
    assert queue.take_next("ed") is None and queue.take_next("mo") == case.id
    assert [one.reviewer for one in queue.held("ed")] == ["mo"]
    queue.release("ed", case.id)
    assert queue.take("ed", case.id) == "mo"
    queue.release("mo", case.id)
    assert queue.take_next("ed") == case.id


def test_nobody_is_given_what_they_ordered_skipped_or_pass_over(bench):
    ledger, queue = bench.ledger, bench.reviews
    mine, skipped, passed, last = held(ledger, author="mo"), held(ledger), held(ledger), held(ledger)
    queue.skip("mo", skipped, code=SKIP_CODES[0])
    assert queue.take_next("mo", passing=[passed.id]) == last.id
    assert queue.take_next("mo", own=True) == mine.id
    assert [one.skipped for one in queue.held("mo")] == [False, True, False, False]


def test_of_many_who_ask_at_once_no_two_get_the_same_case(bench):
    ledger, queue = bench.ledger, bench.reviews
    ids = {held(ledger).id for _ in range(8)}
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(queue.take_next, [f"mo{number}" for number in range(8)]))
    assert len(set(taken) - {None}) == len([one for one in taken if one]), "one case went to two"
    assert set(taken) - {None} <= ids
    late = [queue.take_next(f"late{number}") for number in range(8)]
    assert sorted([one for one in [*taken, *late] if one]) == sorted(ids)
