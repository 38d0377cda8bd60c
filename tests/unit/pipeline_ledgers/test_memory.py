"""What holds for any story, told on the ledger in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.assets import Asset
from core.case import Case, Phase, new_case
from core.events import Event, Faltered, Judged, Measured, Rendered, Resumed, Submitted
from core.verdicts import Decision, Gate, Verdict
from pipeline.ledgers.memory import MemoryLedger
from pipeline.ledgers.records import digests

EVENTS = st.one_of(
    st.builds(Faltered, phase=st.text(), kind=st.text(), error=st.text()),
    st.builds(Resumed, by=st.text()),
    st.builds(Measured, signals=st.just(())),
    st.builds(
        Judged,
        verdict=st.builds(
            Verdict, gate=st.sampled_from(Gate), decision=st.sampled_from(Decision), policy=st.text(), reason=st.text()
        ),
    ),
    st.builds(
        Rendered,
        asset=st.integers(0, 3).map(lambda n: Asset(digest=f"{n}" * 64, media_type="video/mp4", size=n)),
        engine=st.text(),
        engine_version=st.text(),
        duration=st.floats(0, 1e6),
    ),
)


@given(st.lists(st.lists(EVENTS, max_size=4), max_size=8))
def test_however_events_are_dealt_out_the_case_is_their_fold(batches: list[list[Event]]) -> None:
    ledger = MemoryLedger()
    case = ledger.append(new_case(), [Submitted(author="a", prompt="t")])
    for batch in batches:
        case = ledger.append(case, batch)
    story = [entry.event for entry in ledger.history(case.id)]
    assert Case(id=case.id).after(story) == case == ledger.load(case.id)
    assert len(story) == case.revision == 1 + sum(len(batch) for batch in batches)
    assert all(ledger.refers(digest) for digest in digests(Case(id=case.id), story))


def test_due_goes_by_the_clock_it_was_given() -> None:
    times = iter([datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(3)])
    ledger = MemoryLedger(lambda: next(times))
    early, middle, late = (ledger.append(new_case(), [Submitted(author="a", prompt="t")]) for _ in range(3))
    noon = datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert [ticket.case_id for ticket in ledger.due([Phase.SUBMITTED], unmoved_since=noon)] == [early.id, middle.id]
    after = noon + timedelta(hours=1)
    assert ledger.due([Phase.SUBMITTED], unmoved_since=after)[-1].case_id == late.id
