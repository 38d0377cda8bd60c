"""What holds for any story, told on the ledger in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

from hypothesis import given
from hypothesis import strategies as st

from core.case import Case, Phase, new_case
from core.events import Event, Submitted
from pipeline.ledgers.event_rows import referenced_digests
from pipeline.testing.memory_ledger import MemoryLedger
from tests.unit.core.strategies import walks


@given(walks(), st.lists(st.integers(1, 4), max_size=8))
def test_however_events_are_dealt_out_the_case_is_their_fold(walk: list[Event], sizes: list[int]) -> None:
    ledger = MemoryLedger()
    case = ledger.append(new_case(), walk[:1])
    batches, rest = [], walk[1:]
    for size in [*sizes, len(walk)]:
        batches.append(rest[:size])
        rest = rest[size:]
    for batch in batches:
        case = ledger.append(case, batch)
    story = [entry.event for entry in ledger.history(case.id)]
    assert Case(id=case.id).apply(story) == case == ledger.load(case.id)
    assert len(story) == case.revision == 1 + sum(len(batch) for batch in batches)
    assert all(ledger.is_referenced(digest) for digest in referenced_digests(Case(id=case.id), story))


def test_due_goes_by_the_clock_it_was_given() -> None:
    hours = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(3)]
    times = chain(hours, repeat(hours[-1]))
    ledger = MemoryLedger(lambda: next(times))
    early, middle, late = (ledger.append(new_case(), [Submitted(author="a", prompt="t")]) for _ in range(3))
    an_hour = timedelta(hours=1)
    assert [ticket.case_id for ticket in ledger.due([Phase.SUBMITTED], unmoved_for=an_hour)] == [early.id, middle.id]
    assert ledger.due([Phase.SUBMITTED], unmoved_for=timedelta(0))[-1].case_id == late.id
