"""Every fault alone: cases are ordered, it strikes while they are at work, all comes to rest, the laws are asked."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from core.case import Phase
from core.errors import AssayError
from core.events import EngineDeclined, EngineFailed, Event, StageFailed, Waiting
from core.ports import Ticket
from evals.faults.house import ALL_ROLES, MODERATOR, FaultHouse, fault_house, wait_for
from evals.faults.laws import Breach
from evals.faults.lying_engine import LIES, Lie
from evals.faults.strikes import FAULTS, Fault
from evals.faults.word_measurer import HELD_WORD, REFUSED_WORD, SLOW_WORD

_SETTLE = 240.0
_ORDERS = ("a rabbit", f"a rabbit who walks {SLOW_WORD}", f"{HELD_WORD} mouse", f"a {REFUSED_WORD} thing", "a hedgehog")
_STRUCK = ("Submitted", "Commissioned", "Rendered", "Measured", "Judged", "Sealed", "Published", "Withdrawn")
_BALLAST = "ballast"

_FULL = """
CREATE FUNCTION faults_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER faults_full BEFORE INSERT ON events EXECUTE FUNCTION faults_full();
"""
_FUTURE = """
WITH moved AS (
    UPDATE cases SET revision = revision + 1, due_at = clock_timestamp() WHERE id = %(id)s RETURNING id, revision
)
INSERT INTO events (case_id, revision, body) SELECT id, revision, %(body)s FROM moved
"""

NEEDS_MOUNT = "not run: it needs the right to mount a small disk"
NOT_IN_TIME = "not run: the time was up"
NEEDS_FAKETIME = "not run: there is no faketime here"


@dataclass
class FaultOutcome:
    """What came of the cases of one fault."""

    fault: str
    how: str
    orders: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    waited: int = 0
    not_settled: int = 0
    breaches: list[Breach] = field(default_factory=list)
    settle_seconds: float = 0.0
    note: str = ""


def run_suite(folder: Path, seed: int, *, only: str = "", minutes: float = 600.0) -> Iterator[FaultOutcome]:
    """All of them, or those whose name has `only` in it; one house for most. None is begun after so many minutes."""
    end = time.monotonic() + 60 * minutes
    if only in "disk full":
        yield _disk_full(folder / "small", seed)
    with fault_house(folder / "house", seed=seed) as house:
        house.start_worker()
        house.start_worker()
        for name, fault in _alone().items():
            if only in name and time.monotonic() < end:
                yield _struck(house, name, fault, random.Random(f"{seed} {name}"))  # noqa: S311
            elif only in name:
                yield FaultOutcome(fault=name, how=_first_line(fault), note=NOT_IN_TIME)


def _alone() -> Mapping[str, Fault]:
    lies = {f"engine lies: {lie}": partial(_engine_lies, lie=lie) for lie in LIES}
    return {
        "worker killed around any event": _killed_around_events,
        "vault: other bytes than written": _other_bytes,
        "postgres full": _postgres_full,
        "a newer version beside": _newer_version,
        "two workers, one case": _many_on_one,
        **lies,
        **FAULTS,
        "clock jumps": _clock_jumps,  # the last: its workers go on
    }


def _struck(house: FaultHouse, name: str, fault: Fault, lot: random.Random) -> FaultOutcome:
    outcome = FaultOutcome(fault=name, how=_first_line(fault))
    while len([worker for worker in house.workers if worker.alive]) < 2:
        house.start_worker()
    before = set(house.orders.values())
    with suppress(AssayError):
        for prompt in _ORDERS:
            house.order(prompt)
    time.sleep(lot.uniform(0.5, 3))
    try:
        fault(house, lot)
    except NotHere as reason:
        outcome.note = str(reason)
    return _rest(house, outcome, before)


def _rest(house: FaultHouse, outcome: FaultOutcome, before: set[str]) -> FaultOutcome:
    began = time.monotonic()
    outcome.not_settled = len(house.settle(_SETTLE))
    outcome.settle_seconds = round(time.monotonic() - began, 1)
    outcome.breaches = house.look()
    for story in house.stories():
        if story.case.id in set(house.orders.values()) - before:
            outcome.orders += 1
            outcome.ends[story.case.phase.value] += 1
            outcome.waited += any(isinstance(event, Waiting) and event.reason for event in story.events)
            outcome.failures.update(_failures_of(story.events))
    return outcome


def _failures_of(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        if isinstance(event, StageFailed):
            yield event.kind
        elif isinstance(event, EngineFailed | EngineDeclined):
            yield f"{type(event).__name__} {event.code}"


class NotHere(Exception):
    """The fault cannot be tried on this machine."""


def _engine_lies(house: FaultHouse, _lot: random.Random, lie: Lie) -> None:
    """Every order of this round is answered with this lie."""
    house.engine.state.lies = {lie: 1.0}
    try:
        for number in range(3):
            house.order(f"a rabbit, the engine lies {number}")
        wait_for(house.open_cases, 60)
    finally:
        house.engine.state.lies = {}


def _killed_around_events(house: FaultHouse, _lot: random.Random) -> None:
    """A worker is killed before and after each event that it appends, with its ticket taken and not acknowledged."""
    for worker in house.workers:
        worker.kill()
    house.workers.clear()
    strikes = ",".join(f"{when}:{event}" for event in _STRUCK for when in ("before", "after"))
    case_id, recalled = house.order("a rabbit that many carried"), False

    def rest() -> list[str]:
        nonlocal recalled
        if not any(worker.alive for worker in house.workers):
            house.workers.clear()
            house.start_worker(strikes=strikes)
        if not recalled and house.desk.ledger.load(case_id).phase is Phase.PUBLISHED:
            house.service.recall(MODERATOR, case_id, code="policy")
            recalled = True
        return [] if house.desk.ledger.load(case_id).phase is Phase.WITHDRAWN else [case_id]

    wait_for(rest, 400)


def _many_on_one(house: FaultHouse, lot: random.Random) -> None:
    """Twenty tickets of one case that takes its time, over two workers with other roles too."""
    case_id = house.order(f"a snail that goes {SLOW_WORD}")
    for _ in range(5):
        house.desk.works.bus.send(_ticket(house, case_id))
        FAULTS["tickets again"](house, lot)


def _ticket(house: FaultHouse, case_id: str) -> Ticket:
    case = house.desk.ledger.load(case_id)
    return Ticket(case_id=case_id, revision=case.revision, phase=case.phase)


def _other_bytes(house: FaultHouse, _lot: random.Random) -> None:
    """A byte of a rendered video is another one: nothing goes on with it, and it goes on once it is restored."""
    for worker in house.workers:
        worker.kill()
    house.workers.clear()
    early = house.start_worker("light", "render")
    case_id = house.order("a rabbit whose bytes change")
    wait_for(lambda: [] if house.desk.ledger.load(case_id).phase is Phase.RENDERED else [case_id], 90)
    rendered = house.desk.ledger.load(case_id).rendered
    if rendered is None:
        raise NotHere("not run: the case was not rendered in time")
    digest = rendered.asset.digest
    files = [
        path for path in (house.settings.root / "vault").rglob(f"*{digest}*") if path.is_file() and path.stat().st_size
    ]
    kept = {path: path.read_bytes() for path in files}
    for path, content in kept.items():
        path.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
    house.start_worker("gpu")
    wait_for(lambda: [] if house.desk.ledger.load(case_id).waiting else [case_id], 60)
    for path, content in kept.items():
        path.write_bytes(content)
    early.kill()
    house.workers.remove(early)
    house.start_worker(*ALL_ROLES)


def _postgres_full(house: FaultHouse, lot: random.Random) -> None:
    """Every append is answered with `disk full` (SQLSTATE 53100), by a trigger, and then no longer."""
    with psycopg.connect(house.postgres.server.owner_dsn, autocommit=True) as connection:
        connection.execute(_FULL)
        try:
            time.sleep(lot.uniform(4, 8))
        finally:
            connection.execute("DROP TRIGGER faults_full ON events")
            connection.execute("DROP FUNCTION faults_full()")


def _clock_jumps(house: FaultHouse, _lot: random.Random) -> None:
    """Two more workers, whose clocks are three hours early and three hours late."""
    if not (faketime := shutil.which("faketime")):
        raise NotHere(NEEDS_FAKETIME)
    for worker in house.workers:
        worker.kill()
    house.workers.clear()
    for offset in ("+3h", "-3h"):
        house.start_worker(prefix=[faketime, "-m", "-f", offset])
    for number in range(3):
        house.order(f"a rabbit at another time {number}")


def _newer_version(house: FaultHouse, _lot: random.Random) -> None:
    """A case with an event that this version does not know: it is left alone, and stands in nobody's way."""
    case_id = house.order(f"a rabbit of tomorrow who walks {SLOW_WORD}")
    body = Jsonb({"type": "Foreseen", "of": "a version that is not there yet"})
    with psycopg.connect(house.postgres.server.owner_dsn, autocommit=True) as connection:
        connection.execute(_FUTURE, {"id": case_id, "body": body})
    house.future.add(case_id)
    house.orders = {key: value for key, value in house.orders.items() if value != case_id}
    for number in range(3):
        house.order(f"a rabbit of today {number}")


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode=755"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        raise NotHere(NEEDS_MOUNT)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def _disk_full(folder: Path, seed: int) -> FaultOutcome:
    outcome = FaultOutcome(
        fault="disk full", how="The one disk of Postgres, vault and shelf has no byte left, and then has again."
    )
    try:
        with _small_disk(folder, 400) as disk, fault_house(disk, seed=seed) as house:
            house.start_worker()
            for prompt in _ORDERS:
                house.order(prompt)
            _fill(disk)
            time.sleep(12)
            (disk / _BALLAST).unlink()
            house.postgres.start()
            return _rest(house, outcome, set())
    except NotHere as reason:
        outcome.note = str(reason)
    return outcome


def _fill(disk: Path) -> None:
    with suppress(OSError), (disk / _BALLAST).open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))


def _first_line(function: Callable[..., object]) -> str:
    documented = function.func if isinstance(function, partial) else function
    return (documented.__doc__ or "").splitlines()[0]
