"""Full load with faults by lot: three workers and a gateway, for so many minutes, under the laws throughout."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.case import Phase
from core.errors import AssayError
from core.verdicts import Decision
from evals.faults.front_door import FrontDoor
from evals.faults.house import MODERATOR, FaultHouse, fault_house
from evals.faults.laws import Breach
from evals.faults.lying_engine import Lie
from evals.faults.strikes import FAULTS
from evals.faults.word_measurer import HELD_WORD, REFUSED_WORD

WORKERS = 3
OPEN_CASES = 24
"""So many cases are at work at any time: as soon as one has come to rest, another is ordered."""

LIES: dict[Lie, float] = {
    "slow": 0.10,
    "other video": 0.05,
    "no file": 0.03,
    "wrong bytes": 0.03,
    "half a file": 0.03,
    "fails": 0.03,
    "repeats": 0.03,
}
_KINDS = ("a rabbit in a meadow", f"{HELD_WORD} mouse", f"a {REFUSED_WORD} thing")
_WEIGHTS = (85, 10, 5)
_NUMBERS = threading.Lock()
_LOOK_EVERY = 120.0
_PAUSE = (4.0, 20.0)  # seconds between the end of a fault and the next


@dataclass
class SoakCounts:
    """What came of a soak."""

    seed: int
    minutes: float
    seconds: float = 0.0
    orders: int = 0
    unanswered: int = 0
    asked_again: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    worker_starts: int = 0
    gateway_starts: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    rulings: int = 0
    recalls: int = 0
    engine_jobs: int = 0
    engine_orders: int = 0
    files_examined: int = 0
    looks: int = 0
    not_settled: int = 0
    settle_seconds: float = 0.0
    stopped_early: bool = False
    breaches: list[Breach] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """For the results."""
        plain = {name: dict(sorted(value.items())) for name, value in vars(self).items() if isinstance(value, Counter)}
        return vars(self) | plain | {"breaches": [asdict(breach) for breach in self.breaches]}


def soak(folder: Path, *, minutes: float, seed: int) -> SoakCounts:
    """Run it; what is counted is returned also where laws were broken, or where Ctrl-C ended the faults early."""
    counts = SoakCounts(seed=seed, minutes=minutes)
    began, stop = time.monotonic(), threading.Event()
    with fault_house(folder, seed=seed, lies=LIES, requests_per_minute="0") as house:
        front = FrontDoor(house)
        for _ in range(WORKERS):
            house.start_worker()
        people = (
            lambda lot: _order_at_gateway(house, front, lot, counts),
            lambda lot: _order(house, lot, counts),
            lambda lot: _moderate(house, lot, counts),
        )
        load = [threading.Thread(target=_live, args=(one, f"{seed} {n}", stop)) for n, one in enumerate(people)]
        for thread in load:
            thread.start()
        try:
            _strike(house, front, random.Random(f"{seed} faults"), counts, began + 60 * minutes)  # noqa: S311
        except KeyboardInterrupt:
            counts.stopped_early = True
        finally:
            stop.set()
            for thread in load:
                thread.join()
        rested = time.monotonic()
        front.keep_running()
        counts.not_settled = len(house.settle(600.0))
        counts.settle_seconds = round(time.monotonic() - rested, 1)
        _look(house, counts, settled=True)
        _count(house, front, counts)
        counts.seconds = round(time.monotonic() - began, 1)
        front.close()
    return counts


def _strike(house: FaultHouse, front: FrontDoor, lot: random.Random, counts: SoakCounts, end: float) -> None:
    looked = time.monotonic()
    while time.monotonic() < end:
        name = lot.choice([*FAULTS, "gateway killed"])
        if name == "gateway killed":
            front.kill()
        else:
            FAULTS[name](house, lot)
        counts.faults[name] += 1
        house.restart_dead()
        front.keep_running()
        time.sleep(lot.uniform(*_PAUSE))
        if time.monotonic() - looked > _LOOK_EVERY:
            _look(house, counts, settled=False)
            looked = time.monotonic()


def _look(house: FaultHouse, counts: SoakCounts, *, settled: bool) -> None:
    try:
        found = house.look(settled=settled)
    except AssayError:
        return
    counts.looks += 1
    counts.breaches += [one for one in found if one not in counts.breaches]
    for breach in found:
        sys.stderr.write(f"{breach}\n")
    sys.stderr.write(
        f"{time.strftime('%X')} {len(house.orders)} orders, {counts.faults.total()} faults, {len(found)} breaches\n"
    )


def _live(act: Callable[[random.Random], None], seed: str, stop: threading.Event) -> None:
    """What one of the people does, again and again; what is away meanwhile is no reason to give up."""
    lot = random.Random(seed)  # noqa: S311 - by lot, and the same lot for the same seed
    while not stop.is_set():
        with suppress(AssayError):
            act(lot)
        stop.wait(0.1)


def _order_at_gateway(house: FaultHouse, front: FrontDoor, lot: random.Random, counts: SoakCounts) -> None:
    if len(house.open_cases()) < OPEN_CASES:
        prompt, key = _next_order(lot, counts)
        counts.unanswered += not front.order(prompt, key)


def _order(house: FaultHouse, lot: random.Random, counts: SoakCounts) -> None:
    if len(house.open_cases()) < OPEN_CASES:
        prompt, key = _next_order(lot, counts)
        try:
            house.order(prompt, key=key)
        except AssayError:
            counts.unanswered += 1


def _next_order(lot: random.Random, counts: SoakCounts) -> tuple[str, str]:
    with _NUMBERS:
        counts.orders += 1
        return lot.choices(_KINDS, _WEIGHTS)[0], f"{counts.seed}-{counts.orders}"


def _moderate(house: FaultHouse, lot: random.Random, counts: SoakCounts) -> None:
    if lot.random() < 0.05:
        _rule(house, lot, counts)
    if lot.random() < 0.01:
        _recall(house, lot, counts)


def _rule(house: FaultHouse, lot: random.Random, counts: SoakCounts) -> None:
    held = [case for case in house.desk.ledger.list(phase=Phase.HELD, limit=20) if not case.held_by_failure]
    if held:
        decision = lot.choice([Decision.ALLOW, Decision.ALLOW, Decision.REFUSE])
        code = "context" if decision is Decision.ALLOW else "confirmed"
        house.service.rule(MODERATOR, lot.choice(held).id, decision, code=code)
        counts.rulings += 1


def _recall(house: FaultHouse, lot: random.Random, counts: SoakCounts) -> None:
    if house.orders:
        case_id = lot.choice(list(house.orders.values()))
        house.service.recall(MODERATOR, case_id, code="author")
        counts.recalls += 1


def _count(house: FaultHouse, front: FrontDoor, counts: SoakCounts) -> None:
    for story in house.stories():
        counts.ends[story.case.phase.value] += 1
        counts.events.update(type(event).__name__ for event in story.events)
    counts.asked_again, counts.gateway_starts = front.asked_again, front.starts
    counts.worker_starts = house.started
    counts.engine_jobs = len(house.engine.state.jobs)
    counts.engine_orders = house.engine.state.orders.total()
    counts.files_examined = house.examined
