"""The same stories under every runner: the local one, Faust's agents in memory, Faust workers behind a broker."""

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.case import Phase, new_case
from core.events import Recalled, Resumed, Ruled, Submitted
from core.ports import Ticket
from core.verdicts import Decision, Gate, Ruling
from pipeline.advance import advance
from pipeline.runners.faust_worker import WorkerConfig, make_app
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import LocalRunner
from pipeline.runners.sweeper import resend_due_tickets
from pipeline.runners.ticket_codec import encode_ticket
from pipeline.runners.topics import WORKER_ROLES, Topics
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import stub_context
from tests.stub_pipeline.stages import ROUTE

AT_ONCE = timedelta(0)
SCREENED, PUBLISHED = ["Submitted", "Measured"], ["Judged", "Sealed", "Published"]
MADE = ["Judged", "Commissioned", "Rendered"]


class LocalTeller:
    """The local runner."""

    def __init__(self, ledger=None):
        self.ledger = ledger or MemoryLedger(first_retry_delay=AT_ONCE)
        self.bus = LocalBus()
        self.runner = LocalRunner(stub_context(self.ledger, self.bus))

    def play(self, *cases):
        self.runner.drain()


class FaustTeller:
    """The agents that workers run, on channels in memory."""

    def __init__(self, roles=WORKER_ROLES):
        self.ledger, self.bus, self.topics = MemoryLedger(first_retry_delay=AT_ONCE), LocalBus(), Topics(roles=roles)

    def play(self, *cases):
        asyncio.run(self._play())

    async def _play(self):
        crew = WorkerConfig(
            connection=KafkaConnection(servers="127.0.0.1:1"), roles=tuple(self.topics.roles), topics=self.topics
        )
        app = make_app(crew, stub_context(self.ledger, self.bus))
        async with AsyncExitStack() as contexts:
            agents = {
                queue.topic: await contexts.enter_async_context(app.agents[f"assay.{queue.name}"].test_context())
                for queue in self.topics.queues_of(crew.roles)
            }
            while self._sweep() or self.bus.waiting:
                while ticket := self.bus.take():
                    await agents[self.topics.of(ticket.phase)].put(encode_ticket(ticket))

    def _sweep(self):
        return resend_due_tickets(self.ledger, self.bus, stub_context(0, 0).blob_store, tuple(ROUTE), AT_ONCE)


class KafkaTeller:
    """Worker processes, one for each role, over a broker and a Postgres."""

    def __init__(self, ledger, bus):
        self.ledger, self.bus = ledger, bus

    def play(self, *cases):
        from tests.brokers.worker_processes import wait_until

        wait_until(lambda: all(self.ledger.load(case.id).phase not in ROUTE for case in cases))


KAFKA = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(params=["local", "faust", pytest.param("kafka", marks=KAFKA)])
def teller(request):
    match request.param:
        case "local":
            return LocalTeller()
        case "faust":
            return FaustTeller()
    return request.getfixturevalue("kafka_teller")


@pytest.fixture(scope="module")
def kafka_teller(tmp_path_factory):
    from pipeline.runners.kafka_bus import KafkaBus
    from pipeline.runners.kafka_topics import create_topics
    from tests.brokers.any_broker import any_broker, own_topics
    from tests.brokers.worker_processes import SWEEPER_OPTIONS, WorkerProcesses, embedded_ledger

    folder, topics = tmp_path_factory.mktemp("kafka"), own_topics()
    with embedded_ledger(folder) as (ledger, dsn), any_broker(folder) as servers:
        create_topics(KafkaConnection(servers=servers), topics, partitions=4)
        office = WorkerProcesses(servers, dsn, folder, topics)
        office.start_worker("light", options=SWEEPER_OPTIONS)
        office.start_worker("render")
        office.start_worker("gpu")
        bus = KafkaBus(KafkaConnection(servers=servers), topics)
        yield KafkaTeller(ledger, bus)
        bus.close()
        office.close()


def submitted(teller, prompt="a hedgehog", *, times=1):
    case = teller.ledger.append(new_case(), [Submitted(author="ana", prompt=prompt)])
    for _ in range(times):
        send(teller, case)
    return case


def send(teller, case):
    teller.bus.send(Ticket(case_id=case.id, revision=case.revision, phase=case.phase))


def story(teller, case):
    return [type(entry.event).__name__ for entry in teller.ledger.history(case.id)]


def happens(teller, case, *events):
    """A person does this, as the desk would."""
    case = teller.ledger.append(teller.ledger.load(case.id), events)
    send(teller, case)
    teller.play(case)
    return case


def ruling(gate, decision=Decision.ALLOW):
    return Ruled(ruling=Ruling(gate=gate, decision=decision, moderator="mod", over=("toy",), code="parody"))


# The stories


def test_an_allowed_case_is_published(teller):
    case = submitted(teller)
    teller.play(case)
    assert teller.ledger.load(case.id).phase is Phase.PUBLISHED
    assert story(teller, case) == [*SCREENED, *MADE, "Measured", *PUBLISHED]


def test_a_refused_prompt_is_never_made(teller):
    case = submitted(teller, "refuse prompt")
    teller.play(case)
    assert teller.ledger.load(case.id).phase is Phase.REFUSED
    assert story(teller, case) == [*SCREENED, "Judged"]


def test_a_refused_video_is_never_sealed(teller):
    case = submitted(teller, "refuse video")
    teller.play(case)
    assert teller.ledger.load(case.id).phase is Phase.REFUSED
    assert story(teller, case) == [*SCREENED, *MADE, "Measured", "Judged"]


def test_a_held_case_goes_on_after_a_ruling_by_way_of_the_gate(teller):
    case = submitted(teller, "hold prompt, hold video")
    teller.play(case)
    assert teller.ledger.load(case.id).held_at is Phase.SCREENED
    happens(teller, case, ruling(Gate.PROMPT))
    assert teller.ledger.load(case.id).held_at is Phase.INSPECTED
    happens(teller, case, ruling(Gate.VIDEO))
    held_and_ruled = ["Judged", "Ruled"]
    assert story(teller, case) == [*SCREENED, *held_and_ruled, *MADE, "Measured", *held_and_ruled, *PUBLISHED]


def test_a_stage_that_fails_once_is_tried_again(teller):
    case = submitted(teller, "fail once")
    teller.play(case)
    assert story(teller, case) == [*SCREENED, *MADE, "StageFailed", "Measured", *PUBLISHED]


def test_a_stage_that_fails_thrice_ends_at_a_person_and_mending_approves_nothing(teller):
    case = submitted(teller, "fail always")
    teller.play(case)
    assert teller.ledger.load(case.id).phase is Phase.HELD
    happens(teller, case, Resumed(by="mod"))
    assert teller.ledger.load(case.id).phase is Phase.HELD
    thrice = ["StageFailed"] * 3
    assert story(teller, case) == [*SCREENED, *MADE, *thrice, "Resumed", *thrice]
    assert "Zebedee" not in str(teller.ledger.history(case.id))


def test_doubled_tickets_change_nothing(teller):
    case = submitted(teller, times=5)
    teller.play(case)
    send(teller, case)
    teller.play(case)
    assert story(teller, case) == [*SCREENED, *MADE, "Measured", *PUBLISHED]


def test_a_lost_ticket_loses_nothing(teller):
    case = submitted(teller, times=0)
    teller.play(case)
    assert teller.ledger.load(case.id).phase is Phase.PUBLISHED


def test_a_recalled_case_is_withdrawn(teller):
    case = submitted(teller)
    teller.play(case)
    happens(teller, case, Recalled(by="mod", code="likeness"))
    assert story(teller, case)[-2:] == ["Recalled", "Withdrawn"]


def test_a_ticket_for_no_case_stops_nothing(teller):
    teller.bus.send(Ticket(case_id="f" * 16, revision=1, phase=Phase.SUBMITTED))
    case = submitted(teller)
    teller.play(case)
    assert teller.ledger.load(case.id).phase is Phase.PUBLISHED


def test_many_cases_each_have_their_own_story(teller):
    cases = [submitted(teller, prompt) for prompt in ["", "refuse prompt", "hold video", "fail once"] * 5]
    teller.play(*cases)
    ends = [teller.ledger.load(case.id).phase for case in cases]
    assert ends == [Phase.PUBLISHED, Phase.REFUSED, Phase.HELD, Phase.PUBLISHED] * 5


# However the stages are dealt to workers, the story is the same

PROMPTS = ["", "refuse prompt", "hold prompt", "hold video", "refuse video", "fail once", "fail always"]
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def deals(most):
    """Phases dealt to workers: each to at least one."""
    return st.lists(st.integers(1, (1 << most) - 1), min_size=len(ROUTE), max_size=len(ROUTE))


def told_by_one(prompt):
    teller = LocalTeller()
    case = submitted(teller, prompt)
    teller.play()
    return story(teller, case)


@quick
@given(hands=deals(4), prompt=st.sampled_from(PROMPTS), seed=st.integers(0, 1000), lost=st.floats(0, 0.6))
def test_however_phases_are_dealt_to_workers_and_tickets_are_lost_or_doubled_the_story_is_the_same(
    hands, prompt, seed, lost
):
    chance, ledger, tickets = random.Random(seed), MemoryLedger(first_retry_delay=AT_ONCE), []

    class LossyBus:
        def send(self, ticket, *, after=0.0):
            tickets.extend([ticket] * (0 if chance.random() < lost else chance.choice([1, 1, 2])))

    bus = LossyBus()
    willing = [[phase for phase, hand in zip(ROUTE, hands, strict=True) if hand >> worker & 1] for worker in range(4)]
    team = [stub_context(ledger, bus, accepted_phases=phases) for phases in willing]
    case = ledger.append(new_case(), [Submitted(author="ana", prompt=prompt)])
    while ledger.load(case.id).phase in ROUTE:
        resend_due_tickets(ledger, bus, team[0].blob_store, tuple(ROUTE), AT_ONCE)
        chance.shuffle(tickets)
        for ticket in [tickets.pop() for _ in range(len(tickets))]:
            advance(ticket, chance.choice(team))
    assert [type(entry.event).__name__ for entry in ledger.history(case.id)] == told_by_one(prompt)


@settings(parent=quick, max_examples=6)
@given(
    hands=st.lists(st.sampled_from("abc"), min_size=len(ROUTE), max_size=len(ROUTE)), prompt=st.sampled_from(PROMPTS)
)
def test_however_phases_are_dealt_to_faust_roles_the_story_is_the_same(hands, prompt):
    roles = {
        name: tuple(p for p, hand in zip(ROUTE, hands, strict=True) if hand == name) for name in sorted(set(hands))
    }
    teller = FaustTeller(roles)
    case = submitted(teller, prompt)
    teller.play()
    assert story(teller, case) == told_by_one(prompt)
