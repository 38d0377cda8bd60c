"""Who has had the least of the verifier is next: heavy files from a few ranges hold up nobody else for long."""

from __future__ import annotations

import anyio
import pytest

from console.web.fair_queue import FairQueue

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


async def settle():
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


async def hold(queue, client, order, ended):
    await queue.acquire(client)
    order.append(client)
    await ended.wait()
    queue.release(client, 30.0)


async def test_a_visitor_goes_before_whoever_holds_places_or_has_had_much():
    queue, order = FairQueue(2), []
    ends = [anyio.Event() for _ in range(8)]
    async with anyio.create_task_group() as group:
        for number in range(6):  # of two ranges, heavy files that wait
            group.start_soon(hold, queue, f"attacker {number % 2}", order, ends[number])
            await settle()
        group.start_soon(hold, queue, "visitor", order, ends[6])
        await settle()
        assert order == ["attacker 0", "attacker 1"]
        ends[0].set()
        await settle()
        assert order[2:] == ["visitor"]
        for end in ends:
            end.set()
    assert sorted(order[3:]) == ["attacker 0", "attacker 0", "attacker 1", "attacker 1"]


async def test_those_who_had_the_same_are_served_as_they_came():
    queue, order, ended = FairQueue(1), [], anyio.Event()
    async with anyio.create_task_group() as group:
        for name in ("a", "b", "c"):
            group.start_soon(hold, queue, name, order, ended)
            await settle()
        ended.set()
    assert order == ["a", "b", "c"]


async def test_what_somebody_had_is_forgotten_in_time():
    clock = Clock()
    queue, order, ended = FairQueue(1, clock=clock), [], anyio.Event()
    await queue.acquire("earlier")
    queue.release("earlier", 40.0)
    clock.now = 6000.0
    await queue.acquire("later")
    queue.release("later", 5.0)
    await queue.acquire("somebody")
    async with anyio.create_task_group() as group:
        for name in ("later", "earlier"):
            group.start_soon(hold, queue, name, order, ended)
            await settle()
        ended.set()
        queue.release("somebody", 1.0)
    assert order == ["earlier", "later"]


async def test_whoever_gives_up_waiting_holds_no_place():
    queue = FairQueue(1)
    await queue.acquire("a")
    with anyio.move_on_after(0.05):
        await queue.acquire("b")
    queue.release("a", 1.0)
    with anyio.fail_after(1):
        await queue.acquire("c")
    queue.release("c", 1.0)
