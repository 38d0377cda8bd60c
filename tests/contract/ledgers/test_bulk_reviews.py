"""What is kept of bulk actions and saved searches, in memory and on Postgres."""

from datetime import timedelta

import pytest

from core.errors import BadInput
from pipeline.moderation.review_stores import MOST_SEARCHES, BulkReview

NOW, LATER = timedelta(0), timedelta(minutes=1)


def asked(name="b1", account="mo"):
    return BulkReview(id=name, account=account, action="skip", code="language", cases={"c1": 3, "c2": 4})


def test_what_is_not_due_is_not_carried_out_and_can_be_undone_by_its_owner_alone(bench):
    bench.bulk.add(asked(), LATER)
    assert bench.bulk.claim(LATER) is None
    assert not bench.bulk.undo("ed", "b1") and bench.bulk.undo("mo", "b1") and not bench.bulk.undo("mo", "b1")
    assert [one.state for one in bench.bulk.recent("mo")] == ["undone"] and bench.bulk.recent("ed") == ()


def test_what_is_due_is_carried_out_by_one_and_can_no_longer_be_undone(bench):
    bench.bulk.add(asked(), NOW)
    claimed = bench.bulk.claim(LATER)
    assert (claimed.account, claimed.action, claimed.code, claimed.cases) == (
        "mo",
        "skip",
        "language",
        {"c1": 3, "c2": 4},
    )
    assert bench.bulk.claim(LATER) is None and not bench.bulk.undo("mo", "b1")
    bench.bulk.finish("b1", {"c2": "it moved"})
    (done,) = bench.bulk.recent("mo")
    assert (done.state, done.outcome) == ("done", {"c2": "it moved"})


def test_what_a_process_that_died_had_begun_is_due_again(bench):
    bench.bulk.add(asked(), NOW)
    assert bench.bulk.claim(NOW).id == bench.bulk.claim(NOW).id == "b1"
    assert not bench.bulk.undo("mo", "b1"), "half of it may be done"


def test_a_person_keeps_searches_of_their_own_and_not_without_end(bench):
    for number in range(MOST_SEARCHES):
        bench.searches.save("mo", f"s{number:02}", "q=fog")
    with pytest.raises(BadInput):
        bench.searches.save("mo", "one more", "q=fog")
    bench.searches.save("mo", "s00", "rule=gore")
    bench.searches.delete("mo", "s01")
    bench.searches.delete("ed", "s02")
    found = bench.searches.of("mo")
    assert len(found) == MOST_SEARCHES - 1 and found["s00"] == "rule=gore" and bench.searches.of("ed") == {}
