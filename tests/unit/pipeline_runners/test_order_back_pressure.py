"""Faust agents take one ticket at a time, none of it is lost to Faust's own counting, and a full engine is left alone."""

import asyncio
from types import SimpleNamespace

import faust
import pytest
from faust.transport.consumer import Consumer
from faust.types import TP

from core.case import Phase, new_case
from core.errors import NotYet
from core.events import Submitted
from core.ports import Ticket
from pipeline.observability.observed_works import Heartbeat
from pipeline.runners.faust_worker import WorkerConfig, make_app
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.order_back_pressure import MAX_PAUSE, OrderBackPressure, without_queues
from pipeline.runners.ticket_codec import encode_ticket
from pipeline.runners.topics import QUEUES, WORKER_ROLES, Topics
from pipeline.runners.worker_health import add_heartbeat
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import stub_context
from tests.stub_pipeline.stages import ROUTE

SOME_PARTITION = TP("assay.tickets.gpu", 0)


def app_of(works, *roles):
    return make_app(WorkerConfig(connection=KafkaConnection(servers="127.0.0.1:1"), roles=roles), works)


class Tickets:
    """A stream of Faust's with these messages: what is done with each, in order."""

    def __init__(self, *tickets):
        self.tickets, self.done = tickets, []

    def noack(self):
        return self

    async def events(self):
        for number, ticket in enumerate(self.tickets):
            self.done.append(f"given {number}")
            yield SimpleNamespace(
                value=encode_ticket(ticket), ack=lambda number=number: self.done.append(f"acked {number}")
            )


def run(app, name, tickets):
    async def all_of_it():
        async for _ in app.agents[f"assay.{name}"].fun(tickets):
            pass

    asyncio.run(all_of_it())


def cases(ledger, count):
    for _ in range(count):
        case = ledger.append(new_case(), [Submitted(author="ana", prompt="")])
        yield Ticket(case_id=case.id, revision=case.revision, phase=case.phase)


def committed_next(acked, committed):
    """The offset that Faust commits when these are acknowledged and that one was committed last."""
    consumer = SimpleNamespace(
        _acked={SOME_PARTITION: list(acked)},
        _acked_index={SOME_PARTITION: set(acked)},
        _gap={SOME_PARTITION: None},
        _committed_offset={SOME_PARTITION: committed},
    )
    return Consumer._new_offset(consumer, SOME_PARTITION)


def test_faust_commits_past_a_message_in_flight_where_two_are_in_hand():
    """Issue 606 of faust-streaming. Once this fails the correction has come: see ADR 58, which then ends."""
    assert faust.__version__.startswith("0.15.")
    assert committed_next([4, 5], committed=3) == 6  # while 3 is still being worked on


@pytest.mark.parametrize(("acked", "committed"), [([3], 3), ([3, 4], 3), ([0], None)])
def test_what_faust_commits_is_right_while_one_message_is_in_hand(acked, committed):
    assert committed_next(acked, committed) == acked[-1] + 1


@pytest.mark.parametrize("roles", [("light",), ("gpu",), tuple(WORKER_ROLES)], ids=str)
def test_each_topic_has_one_agent_and_each_agent_one_ticket_at_a_time(roles):
    app = app_of(stub_context(MemoryLedger(), LocalBus()), *roles)
    topics = [topic for agent in app.agents.values() for topic in agent.channel.topics]
    assert sorted(topics) == sorted(queue.topic for queue in Topics().queues_of(roles))
    assert {agent.concurrency for agent in app.agents.values()} == {1}
    assert app.conf.broker_commit_every == 1
    assert not app.conf.web_enabled


def test_a_ticket_is_acknowledged_before_the_next_is_taken():
    ledger = MemoryLedger()
    tickets = Tickets(*cases(ledger, 3))
    run(app_of(stub_context(ledger, LocalBus()), *WORKER_ROLES), "light", tickets)
    assert tickets.done == ["given 0", "acked 0", "given 1", "acked 1", "given 2", "acked 2"]


def test_orders_have_a_topic_of_their_own_and_tickets_that_lie_elsewhere_are_handed_on_to_it():
    topics, ledger, bus = Topics(), MemoryLedger(), LocalBus()
    assert topics.of(Phase.ADMITTED) == "assay.tickets.orders"
    assert topics.of(Phase.RECALLED) == topics.of_role("light")
    assert set(topics.all()) >= {queue.topic for queue in topics.queues_of(WORKER_ROLES)}
    (ticket,) = cases(ledger, 1)
    run(app_of(stub_context(ledger, bus), *WORKER_ROLES), "light", Tickets(ticket))
    assert ledger.load(ticket.case_id).phase is Phase.ADMITTED
    assert bus.take().phase is Phase.ADMITTED


def test_an_engine_that_is_full_is_left_alone_for_a_moment_and_not_for_as_long_as_the_order_waits():
    def full(_case):
        raise NotYet(7.0)

    clock = [100.0]
    pressure = OrderBackPressure(lambda: clock[0])
    works = pressure.watch(stub_context(MemoryLedger(), LocalBus(), route=ROUTE | {Phase.ADMITTED: full}))
    assert pressure.seconds() == 0.0
    with pytest.raises(NotYet):
        works.route[Phase.ADMITTED](new_case())
    assert pressure.seconds() == MAX_PAUSE
    clock[0] += MAX_PAUSE
    assert pressure.seconds() == 0.0
    assert without_queues(works).accepted_phases == tuple(phase for phase in ROUTE if phase not in QUEUES)


def test_an_agent_of_orders_waits_before_it_takes_the_next_and_others_do_not(monkeypatch):
    ledger, slept = MemoryLedger(), []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr("pipeline.runners.faust_worker.asyncio.sleep", sleep)

    def full(case):
        raise NotYet(7.0)

    app = app_of(stub_context(ledger, LocalBus(), route=ROUTE | {Phase.ADMITTED: full}), *WORKER_ROLES)
    first, second = cases(ledger, 2)
    run(app, "light", Tickets(first, second))
    assert slept == []
    admitted = [
        Ticket(case_id=one.case_id, revision=ledger.load(one.case_id).revision, phase=Phase.ADMITTED)
        for one in (first, second)
    ]
    run(app, "orders", Tickets(*admitted))
    assert len(slept) == 1
    assert 0 < slept[0] <= MAX_PAUSE


def test_a_worker_that_never_sweeps_is_alive_while_it_can_take_tickets():
    heartbeat = Heartbeat()
    timers = {}
    app = SimpleNamespace(rebalancing=True, timer=lambda interval, name: lambda fun: timers.setdefault(name, fun))
    add_heartbeat(app, heartbeat)
    asyncio.run(timers["assay.heartbeat"]())
    assert not heartbeat.expected
    app.rebalancing = False
    asyncio.run(timers["assay.heartbeat"]())
    assert heartbeat.expected
    assert heartbeat.healthy()
