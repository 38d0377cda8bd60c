"""Each fault as it strikes a house at work, lasts for some seconds and is over. Names are those of the results."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType

from kafka import KafkaProducer
from kafka.errors import KafkaError

from core.errors import AssayError
from core.ports import Ticket
from evals.faults.house import FaultHouse
from evals.faults.tcp_proxy import State, TcpProxy
from pipeline.runners.ticket_codec import encode_ticket
from pipeline.runners.topics import Topics

Fault = Callable[[FaultHouse, random.Random], None]

POISON = (b"not json", b'{"case_id": 1}', b"", b"\xff" * 100, b'{"case_id":"' + b"a" * 70000)


def kill_a_worker(house: FaultHouse, lot: random.Random) -> None:
    """Kill -9; it is started again."""
    if alive := [worker for worker in house.workers if worker.alive]:
        lot.choice(alive).kill()
    house.restart_dead()


def freeze_a_worker(house: FaultHouse, lot: random.Random) -> None:
    """A zombie: stopped for longer than the broker's session and the sweep's lease; then it goes on."""
    alive = [worker for worker in house.workers if worker.alive]
    if alive:
        zombie = lot.choice(alive)
        zombie.freeze(on=True)
        time.sleep(lot.uniform(9, 13))
        zombie.freeze(on=False)


def zombie_without_lock(house: FaultHouse, lot: random.Random) -> None:
    """A zombie whose sessions the database ended meanwhile: others have its case, and it goes on as if it had it."""
    alive = [worker for worker in house.workers if worker.alive]
    if alive:
        zombie = lot.choice(alive)
        zombie.freeze(on=True)
        house.postgres.proxy.cut()
        time.sleep(lot.uniform(4, 9))
        zombie.freeze(on=False)


def broker_loses_all(house: FaultHouse, lot: random.Random) -> None:
    """Killed and started again without memory: topics, groups and tickets are gone."""
    house.broker.kill()
    time.sleep(lot.uniform(1, 6))
    house.broker.start()


def broker_refuses(house: FaultHouse, lot: random.Random) -> None:
    """It answers nobody."""
    _while(house.broker.proxy, "refused", lot.uniform(2, 8))


def broker_stalls(house: FaultHouse, lot: random.Random) -> None:
    """It takes everything and says nothing."""
    _while(house.broker.proxy, "stalled", lot.uniform(2, 8))


def broker_is_slow(house: FaultHouse, lot: random.Random) -> None:
    """Each piece takes a fifth of a second more."""
    _while(house.broker.proxy, "slow", lot.uniform(3, 8))


def postgres_is_killed(house: FaultHouse, lot: random.Random) -> None:
    """Kill -9 in the middle of whatever it does; started again after a while."""
    house.postgres.kill()
    time.sleep(lot.uniform(0, 5))
    house.postgres.start()


def postgres_freezes(house: FaultHouse, lot: random.Random) -> None:
    """Stopped where it is."""
    house.postgres.freeze(on=True)
    time.sleep(lot.uniform(2, 8))
    house.postgres.freeze(on=False)


def postgres_is_slow(house: FaultHouse, lot: random.Random) -> None:
    """Each answer takes a fifth of a second more."""
    _while(house.postgres.proxy, "slow", lot.uniform(3, 8))


def postgres_is_cut_off(house: FaultHouse, lot: random.Random) -> None:
    """Every connection ends, in the middle of a transaction too, and none is made for a while."""
    _while(house.postgres.proxy, "refused", lot.uniform(1, 6))


def engine_is_away(house: FaultHouse, lot: random.Random) -> None:
    """It closes every connection without an answer."""
    house.engine.state.away = True
    time.sleep(lot.uniform(2, 8))
    house.engine.state.away = False


def engine_hangs(house: FaultHouse, lot: random.Random) -> None:
    """It takes what it is asked and does not answer."""
    house.engine.state.hanging = True
    time.sleep(lot.uniform(2, 8))
    house.engine.state.hanging = False


def tickets_again(house: FaultHouse, lot: random.Random) -> None:
    """Tickets of every case, of now and of before, several times and in any order."""
    tickets = []
    for case_id in lot.sample(list(house.orders.values()), min(40, len(house.orders))):
        with suppress(AssayError):
            case = house.desk.ledger.load(case_id)
            for back in (0, 0, 1, 2):
                tickets.append(Ticket(case_id=case_id, revision=max(case.revision - back, 1), phase=case.phase))
    lot.shuffle(tickets)
    with suppress(AssayError):
        for ticket in tickets:
            with suppress(ValueError, AssayError):  # a case that has ended has no role to go to
                house.desk.works.bus.send(ticket)


def poison_tickets(house: FaultHouse, lot: random.Random) -> None:
    """What is no ticket, and tickets of no case, in every topic."""
    topics = Topics(prefix=house.settings.kafka_group)
    unknown = [
        Ticket(case_id=f"{lot.getrandbits(64):016x}", revision=3, phase=phase) for phase in house.desk.works.route
    ]
    with suppress(KafkaError, OSError):
        producer = KafkaProducer(bootstrap_servers=house.broker.address, max_block_ms=3000)
        try:
            for role in topics.roles:
                for value in (*POISON, *(encode_ticket(ticket) for ticket in unknown)):
                    producer.send(topics.of_role(role), value=value)
            producer.flush(timeout=5)
        finally:
            producer.close(timeout=2)


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "worker killed": kill_a_worker,
        "worker frozen": freeze_a_worker,
        "zombie without lock": zombie_without_lock,
        "broker loses all": broker_loses_all,
        "broker refuses": broker_refuses,
        "broker stalls": broker_stalls,
        "broker slow": broker_is_slow,
        "postgres killed": postgres_is_killed,
        "postgres frozen": postgres_freezes,
        "postgres slow": postgres_is_slow,
        "postgres cut off": postgres_is_cut_off,
        "engine away": engine_is_away,
        "engine hangs": engine_hangs,
        "tickets again": tickets_again,
        "poison tickets": poison_tickets,
    }
)
"""What strikes without knowing what is at work: by lot in the soak."""


def _while(proxy: TcpProxy, state: State, seconds: float) -> None:
    proxy.set(state)
    time.sleep(seconds)
    proxy.set("open")
