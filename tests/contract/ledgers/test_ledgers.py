"""One suite for every ledger. Runs against: memory, and the embedded Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from core.assets import Asset
from core.case import Case, Phase, new_case
from core.errors import BadInput, Conflict, NotFound
from core.events import Event, Published, Recalled, Sealed, StageFailed, Submitted, Waiting
from core.ports import Ledger
from core.transitions import IllegalTransition
from core.verdicts import Decision, Gate
from ledgers.benches import (
    EVERY_EVENT,
    FAILED_STORY,
    LATER,
    MEASURED,
    PHOTO,
    SUBMITTED,
    VIDEO,
    Bench,
    already_stored,
    mark,
    submit,
    the_time,
)
from tests.lawful import carry, judged, sealed_again

WAITING = Waiting(phase="submitted", reason="away", since=the_time())


def test_a_case_is_the_fold_of_its_history(ledger: Ledger) -> None:
    for story in (EVERY_EVENT, FAILED_STORY):
        case = new_case()
        for event in story:
            case = ledger.append(case, [event])
        history = ledger.history(case.id)
        assert tuple(entry.event for entry in history) == story
        assert [entry.revision for entry in history] == list(range(1, len(story) + 1))
        assert Case(id=case.id).apply(story) == case == ledger.load(case.id) == ledger.list()[0]


def test_the_stories_above_have_every_event_there_is() -> None:
    assert {type(event) for event in EVERY_EVENT + FAILED_STORY} == set(get_args(Event))


def test_history_has_the_time_of_each_event(ledger: Ledger) -> None:
    before = the_time()
    case = ledger.append(new_case(), [SUBMITTED, MEASURED])
    times = [entry.at for entry in ledger.history(case.id)]
    assert before - LATER < times[0] <= times[1] < the_time() + LATER
    assert all(at.utcoffset() == timedelta(0) for at in times)


def test_events_are_stored_all_or_none(ledger: Ledger) -> None:
    case = submit(ledger)
    ledger.append(case, [MEASURED])
    with pytest.raises(Conflict):
        ledger.append(case, [mark("a"), mark("b"), mark("c")])
    assert len(ledger.history(case.id)) == 2
    assert ledger.load(case.id).revision == 2


def test_a_case_that_moved_is_a_conflict(ledger: Ledger) -> None:
    case = submit(ledger)
    ledger.append(case, [MEASURED])
    with pytest.raises(Conflict):
        ledger.append(case, [mark("late")])


def test_a_case_from_the_future_is_a_conflict_and_leaves_no_gap(ledger: Ledger) -> None:
    case = submit(ledger)
    with pytest.raises(Conflict):
        ledger.append(replace(case, revision=case.revision + 3), [MEASURED])
    assert [entry.revision for entry in ledger.history(case.id)] == [1]


def test_a_case_cannot_be_begun_twice(ledger: Ledger) -> None:
    case = new_case()
    ledger.append(case, [SUBMITTED])
    with pytest.raises(Conflict):
        ledger.append(case, [SUBMITTED])


def test_a_case_begins_with_its_submission(ledger: Ledger) -> None:
    case = new_case()
    with pytest.raises(BadInput):
        ledger.append(case, [MEASURED])
    with pytest.raises(NotFound):
        ledger.load(case.id)


def test_no_events_change_nothing(ledger: Ledger) -> None:
    case = submit(ledger)
    assert ledger.append(case, []) == case
    assert len(ledger.history(case.id)) == 1


@pytest.mark.parametrize("case_id", ["0" * 16, "", "'; DROP TABLE events; --"])
def test_what_is_not_there_is_not_found(ledger: Ledger, case_id: str) -> None:
    with pytest.raises(NotFound):
        ledger.load(case_id)
    with pytest.raises(NotFound):
        ledger.history(case_id)


def test_an_event_is_stored_even_where_its_words_cannot_be(ledger: Ledger) -> None:
    case = ledger.append(submit(ledger), [StageFailed(phase="submitted", kind="X", error="a\x00b\ud800c")])
    assert case == ledger.load(case.id)
    assert case.last_failure is not None
    assert case.last_failure.error == "a\ufffdb\ufffdc"


def test_of_sixteen_writers_one_wins(ledger: Ledger) -> None:
    case = submit(ledger)

    def write(writer: int) -> bool:
        try:
            ledger.append(case, [mark(str(writer)), mark(str(writer))])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(write, range(16)))
    assert sum(won) == 1
    winner = str(won.index(True))
    assert [e.event for e in ledger.history(case.id)[1:]] == [mark(winner), mark(winner)]


def test_due_gives_the_longest_waiting_first(ledger: Ledger) -> None:
    first, second, third = (submit(ledger) for _ in range(3))
    first = ledger.append(first, [WAITING])  # it moved
    due = ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0))
    assert [ticket.case_id for ticket in due] == [second.id, third.id, first.id]
    assert [ticket.revision for ticket in due] == [1, 1, 2]
    assert {ticket.phase for ticket in due} == {Phase.SUBMITTED}
    assert [t.case_id for t in ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0), limit=1)] == [second.id]


def test_due_leaves_out_what_has_moved_and_other_phases(ledger: Ledger) -> None:
    case = ledger.append(submit(ledger), [MEASURED])
    assert ledger.due([Phase.SCREENED], unmoved_for=LATER) == ()
    assert ledger.due([Phase.SUBMITTED, Phase.HELD], unmoved_for=timedelta(0)) == ()
    assert ledger.due([], unmoved_for=timedelta(0)) == ()
    assert [t.case_id for t in ledger.due([Phase.HELD, Phase.SCREENED], unmoved_for=timedelta(0))] == [case.id]


def test_a_case_that_failed_is_due_once_it_has_rested_and_any_other_at_once(ledger: Ledger) -> None:
    failed, moved = submit(ledger), submit(ledger)
    ledger.append(failed, [mark("x")])
    moved = ledger.append(moved, [WAITING])
    assert due_now(ledger, Phase.SUBMITTED) == [moved.id]


def test_a_case_that_is_to_rest_is_not_due_from_the_moment_that_it_is_stored(ledger: Ledger) -> None:
    resting, other = submit(ledger), submit(ledger)
    resting = ledger.append(resting, [MEASURED], rest=LATER)
    other = ledger.append(other, [MEASURED])
    assert due_now(ledger, Phase.SCREENED) == [other.id]
    assert ledger.load(resting.id).phase is Phase.SCREENED


def test_a_postponed_case_is_not_due_before_then_unless_it_moves(ledger: Ledger) -> None:
    case = submit(ledger)
    ledger.postpone(case.id, pause=LATER, revision=case.revision)
    assert due_now(ledger, Phase.SUBMITTED) == []
    ledger.postpone(case.id, pause=-LATER)
    assert due_now(ledger, Phase.SUBMITTED) == [case.id]
    ledger.postpone(case.id, pause=LATER)
    ledger.append(case, [MEASURED])
    assert due_now(ledger, Phase.SCREENED) == [case.id]
    ledger.postpone(case.id, pause=LATER, revision=case.revision)  # of before it moved
    assert due_now(ledger, Phase.SCREENED) == [case.id]
    ledger.postpone("0" * 16, pause=LATER)


def test_what_is_leased_is_not_due_again_before_the_lease_ends(ledger: Ledger) -> None:
    cases = [submit(ledger) for _ in range(3)]
    asked = {"unmoved_for": timedelta(0), "lease": LATER}
    first = ledger.due([Phase.SUBMITTED], limit=2, **asked)
    assert [ticket.case_id for ticket in first] == [case.id for case in cases[:2]]
    assert [ticket.case_id for ticket in ledger.due([Phase.SUBMITTED], limit=2, **asked)] == [cases[2].id]
    assert due_now(ledger, Phase.SUBMITTED) == []


def test_cases_are_counted_by_phase(ledger: Ledger) -> None:
    ledger.append(submit(ledger), [MEASURED])
    submit(ledger)
    assert [ledger.count(phase) for phase in (Phase.SUBMITTED, Phase.SCREENED, Phase.HELD)] == [1, 1, 0]


def due_now(ledger: Ledger, phase: Phase) -> list[str]:
    return [ticket.case_id for ticket in ledger.due([phase], unmoved_for=timedelta(0))]


def test_list_has_the_latest_first_and_can_be_narrowed(ledger: Ledger) -> None:
    hers, his = submit(ledger, "ana"), submit(ledger, "ben")
    hers = ledger.append(hers, [MEASURED])
    assert list(ledger.list()) == [hers, his]
    assert list(ledger.list(limit=1)) == [hers]
    assert list(ledger.list(author="ben")) == [his]
    assert list(ledger.list(phase=Phase.SCREENED)) == [hers]
    assert list(ledger.list(phase=Phase.SCREENED, author="ben")) == []


def test_a_case_refers_to_all_its_bytes_for_ever(ledger: Ledger) -> None:
    assert not ledger.is_referenced(VIDEO.digest)
    sealed = Sealed(asset=VIDEO, payload="0", manifest_id="m", manifest=PHOTO, soft_binding="b")
    case = carry(ledger, new_case(), Phase.SEALED, submitted=SUBMITTED, sealed=sealed)
    again = Asset(digest="c3" * 32, media_type="video/mp4", size=9)
    ledger.append(case, sealed_again(replace(sealed, asset=again)))
    assert ledger.is_referenced(PHOTO.digest)
    assert ledger.is_referenced(VIDEO.digest)  # replaced, yet its event still speaks of it
    assert ledger.is_referenced(again.digest)
    assert not ledger.is_referenced("d4" * 32)


def test_a_claim_is_for_one_and_ends_with_its_context(ledger: Ledger) -> None:
    case = submit(ledger)
    with ledger.try_lock(case.id) as mine, ledger.try_lock(case.id) as theirs, ledger.try_lock("another") as other:
        assert (mine, theirs, other) == (True, False, True)
    with ledger.try_lock(case.id) as mine:
        assert mine


def test_a_claim_that_was_not_given_does_not_end_the_one_that_was(ledger: Ledger) -> None:
    with ledger.try_lock("c") as mine:
        with ledger.try_lock("c") as theirs:
            assert not theirs
        with ledger.try_lock("c") as again:
            assert not again
        assert mine


def test_a_claim_ends_when_its_holder_breaks(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.try_lock("c"):
        raise ZeroDivisionError
    with ledger.try_lock("c") as mine:
        assert mine


def test_the_longest_waiting_can_be_listed_first_however_many_there_are(ledger: Ledger) -> None:
    opened = [ledger.append(new_case(), [Submitted(author="a", prompt="t")]) for _ in range(3)]
    assert [case.id for case in ledger.list(limit=2, oldest=True)] == [case.id for case in opened[:2]]


UNLAWFUL: list[tuple[list[Event], Event]] = [
    ([MEASURED, judged(Gate.PROMPT, Decision.REFUSE, "r")], Published(url="u")),
    ([], judged(Gate.VIDEO)),
    ([], replace(SUBMITTED, author="thief")),
]


@pytest.mark.parametrize(("before", "event"), UNLAWFUL)
def test_what_may_not_follow_is_refused_and_nothing_of_its_batch_is_stored(
    ledger: Ledger, before: list[Event], event: Event
) -> None:
    case = ledger.append(submit(ledger), before)
    lawful = Recalled(by="m", code="mistake")
    for batch in ([event], [event, lawful], [lawful, event]):
        with pytest.raises(IllegalTransition, match=type(event).__name__):
            ledger.append(case, batch)
        assert ledger.load(case.id) == case
        assert len(ledger.history(case.id)) == case.revision
    assert ledger.append(case, [lawful]).phase is Phase.RECALLED


@pytest.mark.parametrize(("before", "event"), UNLAWFUL)
def test_what_is_stored_is_never_refused(bench: Bench, before: list[Event], event: Event) -> None:
    case = bench.ledger.append(submit(bench.ledger), before)
    already_stored(bench, case, event)
    assert bench.ledger.load(case.id) == case.apply([event])
    assert bench.ledger.history(case.id)[-1].event == event
