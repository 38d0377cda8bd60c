import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.case import Phase
from core.errors import BadInput
from core.ports import Ticket
from pipeline.runners.faust_worker import WorkerConfig, make_app
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.ticket_codec import decode_ticket, encode_ticket
from pipeline.runners.topics import QUEUES, WORKER_ROLES, Topics
from pipeline.stages import ROUTE
from pipeline.testing.memory_ledger import MemoryLedger
from tests.stub_pipeline.context import stub_context


@given(case_id=st.text(), revision=st.integers(), phase=st.sampled_from(Phase))
def test_a_ticket_survives_the_journey(case_id, revision, phase):
    ticket = Ticket(case_id=case_id, revision=revision, phase=phase)
    assert decode_ticket(encode_ticket(ticket)) == ticket


@given(message=st.binary())
def test_what_is_no_ticket_is_told_from_one(message):
    with pytest.raises(BadInput, match="no ticket"):
        decode_ticket(message)


@pytest.mark.parametrize(
    "message", [None, b"", b"null", b"[]", b"7", b'"case"', b'{"case_id": 1, "revision": 2, "phase": "new"}',
                b'{"case_id": "a", "revision": 2}', b'{"case_id": "a", "revision": 2, "phase": "elsewhere"}',
                b"[" * 100_000]
)  # fmt: skip
def test_json_that_is_no_ticket_is_no_ticket(message):
    with pytest.raises(BadInput, match="no ticket"):
        decode_ticket(message)


def test_a_field_from_the_future_is_ignored():
    assert decode_ticket(b'{"case_id": "a", "revision": 2, "phase": "sealed", "haste": true}').revision == 2


def test_every_phase_that_has_a_stage_belongs_to_one_role():
    dealt = [phase for phases in WORKER_ROLES.values() for phase in phases]
    assert sorted(dealt) == sorted(ROUTE)


def test_a_takedown_never_waits_behind_a_render():
    assert Topics().of(Phase.RECALLED) != Topics().of(Phase.COMMISSIONED)


def test_roles_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="one role"):
        Topics(roles={"a": (Phase.SEALED,), "b": (Phase.SEALED,)})
    with pytest.raises(BadInput, match="no role 'barber'"):
        make_app(
            WorkerConfig(connection=KafkaConnection(servers="127.0.0.1:1"), roles=("barber",)),
            stub_context(MemoryLedger(), LocalBus()),
        )


def test_workers_of_other_roles_are_other_groups():
    topics = Topics(prefix="house")
    assert topics.group(["gpu"]) != topics.group(["gpu", "light"])
    assert topics.group(["light", "gpu"]) == topics.group(["gpu", "light"])
    assert len(set(topics.all())) == len(WORKER_ROLES) + len(QUEUES) + 1
