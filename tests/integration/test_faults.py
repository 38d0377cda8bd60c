"""The short part of `python -m evals.faults`: one round of the worst, in a house with everything real but the classifiers."""

import random

import pytest

from evals.faults.house import fault_house
from evals.faults.strikes import broker_loses_all, poison_tickets, postgres_is_killed, tickets_again
from evals.faults.word_measurer import HELD_WORD, REFUSED_WORD

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(600)]

ORDERS = ("a rabbit", "a hedgehog", f"{HELD_WORD} mouse", f"a {REFUSED_WORD} thing")


def test_laws_hold_after_a_worker_the_broker_and_the_database_were_killed_at_work(tmp_path):
    lot = random.Random(17)
    with fault_house(tmp_path, lies={"other video": 0.3}) as house:
        worker = house.start_worker(strikes="before:Rendered,after:Commissioned")
        for prompt in ORDERS:
            house.order(prompt)
        worker.process.wait(120)
        house.restart_dead()
        for strike in (postgres_is_killed, broker_loses_all, tickets_again, poison_tickets):
            strike(house, lot)
        assert house.settle(240) == []
        assert house.look() == []
        assert house.examined > 0
