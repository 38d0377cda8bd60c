"""An installation under faults: its servers, its processes, what was ordered of it, and whether the laws hold."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import AssayError
from core.events import Rendered, Ruled
from core.roles import Principal, Role
from core.verdicts import Decision
from evals.faults.fault_clips import make_clips
from evals.faults.laws import Breach, CaseStory, World, breaches
from evals.faults.lying_engine import EngineState, Lie, LyingEngine
from evals.faults.servers import StruckBroker, StruckPostgres
from evals.faults.struck_worker import STRIKES
from evals.faults.word_measurer import REFUSED_WORD
from pipeline.audit.installation_audit import audit_installation
from pipeline.diagnostics import installation_checks
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.database_roles import APPLICATION_ROLE, OWNER_ROLE
from pipeline.service import CaseService, VideoRequest
from pipeline.settings import Settings, load_settings
from pipeline.wiring import Installation, build_installation
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.keys_folder import ProvenanceKeys, load_keys
from provenance.watermark import detect_file

_RULES = Path(__file__).parent / "rules"
ALL_ROLES = ("light", "render", "gpu")
PLATFORM = Principal(id="platform", roles=frozenset({Role.PLATFORM}))
MODERATOR = Principal(id="moderator", roles=frozenset({Role.MODERATOR}))
_SESSION = "8"


@dataclass
class WorkerProcess:
    """A worker, and how it was started."""

    process: subprocess.Popen[bytes]
    roles: tuple[str, ...]
    number: int

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """Kill -9, also of one that is stopped, and of one that a command such as faketime has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def freeze(self, *, on: bool) -> None:
        """Stop it where it is, or let it go on."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGSTOP if on else signal.SIGCONT)


@dataclass
class FaultHouse:
    """Everything at work. `orders` are the answered cases by their key; `future` those of a newer version."""

    folder: Path
    settings: Settings
    environment: dict[str, str]
    postgres: StruckPostgres
    broker: StruckBroker
    engine: LyingEngine
    desk: Installation
    keys: ProvenanceKeys
    workers: list[WorkerProcess] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    future: set[str] = field(default_factory=set)
    started: int = 0
    _examined: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def examined(self) -> int:
        """How many public files were opened and read back."""
        return len(self._examined)

    @property
    def service(self) -> CaseService:
        """What people call; its database is reached directly, so that faults of proxies do not stop the orders."""
        return self.desk.service

    def order(self, prompt: str, *, key: str = "") -> str:
        """Order a video; returns the case. Raises AssayError where it is not answered."""
        key = key or secrets.token_hex(6)
        case = self.service.submit(PLATFORM, VideoRequest(prompt=prompt, key=key))
        self.orders[key], self.prompts[case.id] = case.id, prompt
        return case.id

    def start_worker(self, *roles: str, strikes: str = "", prefix: Sequence[str] = ()) -> WorkerProcess:
        """One more; all roles where none is named. `prefix` is a command that starts it, as faketime."""
        roles = roles or ALL_ROLES
        self.started += 1
        command = [*prefix, sys.executable, "-m", "evals.faults.struck_worker", *roles]
        with (self.folder / f"worker-{self.started}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=self.environment | ({STRIKES: strikes} if strikes else {}),
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group of its own, so that all of it is killed
            )
        worker = WorkerProcess(process=process, roles=roles, number=self.started)
        self.workers.append(worker)
        return worker

    def restart_dead(self) -> int:
        """Start anew what has ended, as whoever keeps services running would; returns how many."""
        dead = [worker for worker in self.workers if not worker.alive]
        for worker in dead:
            self.workers.remove(worker)
            self.start_worker(*worker.roles)
        return len(dead)

    def open_cases(self) -> list[str]:
        """The cases at which something has still to be done."""
        moving = [phase.value for phase in self.desk.works.route]
        with self._database().connection() as connection:
            found = connection.execute("SELECT id FROM cases WHERE phase = ANY(%s)", [moving]).fetchall()
        return [row[0] for row in found if row[0] not in self.future]

    def settle(self, seconds: float = 120.0, *, restart: bool = True) -> list[str]:
        """Wait until every case has come to rest; returns those that have not."""
        return wait_for(lambda: self._rest(restart=restart), seconds)

    def _rest(self, *, restart: bool) -> list[str]:
        if restart:
            self.restart_dead()
        with suppress(AssayError):
            return self.open_cases()
        return ["the ledger does not answer"]

    def look(self, *, settled: bool = True) -> list[Breach]:
        """Every law that does not hold."""
        orders, shelf = dict(self.orders), self.shelf()  # first: what comes while cases are read is looked at next time
        world = World(
            stories=self.stories(),
            shelf=shelf,
            orders=orders,
            never_allowed=self._never_allowed,
            examine=self._examine,
        )
        found = breaches(world, settled=settled)
        report = audit_installation(self._database(), self.settings.keys_folder, kept={})
        return [*found, *(Breach(law="the log is whole", case_id=b.case_id, seen=b.says) for b in report.breaks)]

    def stories(self) -> list[CaseStory]:
        """Every case of the database that this version can read."""
        with self._database().connection() as connection:
            found = connection.execute("SELECT id FROM cases ORDER BY id").fetchall()
        ids = [row[0] for row in found if row[0] not in self.future]
        ledger = self.desk.ledger
        return [
            CaseStory(case=ledger.load(case_id), events=[entry.event for entry in ledger.history(case_id)])
            for case_id in ids
        ]

    def shelf(self) -> dict[str, Path]:
        """The public files, by case."""
        return {file.stem: file for file in (self.settings.root / "published").glob("*.mp4")}

    def close(self) -> None:
        """End all of it."""
        for worker in self.workers:
            worker.kill()
        self.engine.close()
        self.desk.close()
        self.broker.close()
        self.postgres.freeze(on=False)
        self.postgres.close()

    def _database(self) -> Database:
        if not hasattr(self, "_looking"):
            self._looking = Database(self.postgres.server.application_dsn, size=2)
        return self._looking

    def _never_allowed(self, story: CaseStory) -> str:
        ruled = any(isinstance(e, Ruled) and e.ruling.decision is Decision.ALLOW for e in story.events)
        if REFUSED_WORD in self.prompts.get(story.case.id, "") and not ruled:
            return "published although what was asked for is made by nobody"
        made = [event for event in story.events if isinstance(event, Rendered)]
        return "" if made else "published and never rendered"

    def _examine(self, story: CaseStory, file: Path) -> str:
        """What is wrong with a public file; looked at once for each content."""
        sealed = story.case.sealed
        at = (story.case.id, sealed.asset.digest if sealed else "")
        if at not in self._examined:
            self._examined[at] = self._read_back(story, file)
        return self._examined[at]

    def _read_back(self, story: CaseStory, file: Path) -> str:
        from evals.faults.word_measurer import is_red

        mark = detect_file(file, keys=[self.keys.watermark_key])
        report = read_credentials_report(file, self.keys.trust).credentials
        if not mark.detected or mark.case_id != story.case.id:
            return f"its mark is of {mark.case_id or 'nobody'}"
        if report.state != "trusted" or (story.case.sealed and report.manifest_id != story.case.sealed.manifest_id):
            return f"its credentials are {report.state} {report.manifest_id}"
        return "it is the video that nobody asked for" if is_red(file) else ""


@contextmanager
def fault_house(
    folder: Path, *, seed: int = 0, lies: Mapping[Lie, float] | None = None, **settings: str
) -> Iterator[FaultHouse]:
    """A house without workers; `settings` are more of them, as `sweep_after="3"`."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres = StruckPostgres(folder / "postgres-home")
    open_database(postgres.server.application_dsn, owner_url=postgres.server.owner_dsn).close()
    good, bad = make_clips(folder)
    broker, engine = (
        StruckBroker(folder),
        LyingEngine(EngineState(good=good, bad=bad, seed=seed, lies=dict(lies or {}))),
    )
    chosen = {
        "home": str(folder / "home"),
        "bus": "kafka",
        "kafka_servers": broker.address,
        "kafka_group": f"faults-{secrets.token_hex(4)}",
        "kafka_partitions": "4",
        "kafka_session_seconds": _SESSION,
        "engine": "http",
        "engine_url": engine.url,
        "engine_timeout": "60",
        "policy": str(_RULES),
        "first_retry_delay": "0.5",
        "sweep_after": "3",
        **settings,
    }
    named = {f"ASSAY_{name.upper()}": value for name, value in chosen.items()}
    named |= {
        "ASSAY_DATABASE_URL": postgres.url(APPLICATION_ROLE),
        "ASSAY_DATABASE_OWNER_URL": postgres.url(OWNER_ROLE),
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    values = load_settings(
        **(chosen | {"database_url": postgres.server.application_dsn, "database_owner_url": postgres.server.owner_dsn})
    )
    installation_checks.make_development_keys(values)
    desk = build_installation(values)
    house = FaultHouse(
        folder=folder,
        settings=values,
        environment={k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")} | named,
        postgres=postgres,
        broker=broker,
        engine=engine,
        desk=desk,
        keys=load_keys(values.keys_folder),
    )
    try:
        yield house
    finally:
        house.close()


def wait_for(rest: Callable[[], list[str]], seconds: float) -> list[str]:
    """What is left over once nothing is, or after so many seconds."""
    end = time.monotonic() + seconds
    while (left := rest()) and time.monotonic() < end:
        time.sleep(0.2)
    return left
