"""A Faust worker whose ledger is away waits longer and longer, and holds on to its ticket."""

import asyncio

import pytest

from core.case import Phase
from core.errors import Unavailable
from core.ports import Ticket
from pipeline.runners import faust_worker

TICKET = Ticket(case_id="a", revision=1, phase=Phase.SUBMITTED)


@pytest.fixture
def away(monkeypatch):
    """Say for how many tries the ledger is away; see the tickets that were tried."""
    tried = []

    def until(times):
        def handle(ticket, _works):
            tried.append(ticket)
            if len(tried) <= times:
                raise Unavailable("no ledger")

        monkeypatch.setattr(faust_worker, "handle_ticket", handle)
        monkeypatch.setattr(faust_worker, "stop_accepting_when", lambda _stopped, works: works)
        return tried

    return until


def test_pauses_double_to_half_a_minute_and_each_is_logged(away, monkeypatch, caplog):
    tried, pauses = away(8), []

    async def sleep(seconds):
        pauses.append(seconds)

    monkeypatch.setattr(faust_worker.asyncio, "sleep", sleep)
    asyncio.run(faust_worker._run_with_retry(TICKET, None))
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert tried == [TICKET] * 9
    assert caplog.records[0].getMessage() == "waiting 0.5 s for the ledger: no ledger"
    assert len(caplog.records) == 8


def test_a_worker_that_is_stopped_waits_no_longer(away):
    async def stopped():
        waiting = asyncio.create_task(faust_worker._run_with_retry(TICKET, None))
        while not tried:
            await asyncio.sleep(0.01)
        waiting.cancel()
        await waiting

    tried = away(1_000_000)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stopped())
    assert len(tried) == 1
