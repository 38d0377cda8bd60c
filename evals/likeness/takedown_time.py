"""How long until everything that rested on a lease is down: `python -m evals.likeness.takedown_time [VIDEOS] [RUNS]
[FAMILY ...]`.

On the embedded Postgres and a public store in a folder: a lease is revoked, and VIDEOS published videos that were made
from one that shows the person are recalled, withdrawn, noted in the report, and their authors notified. Three families:
all made from the first (wide), each made from the one before (deep), ten made from each (tree). Every case carries 60
signals, two verdicts and a fingerprint, as real ones do. Writes evals/results/cascade.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from core.assets import Asset
from core.case import Case
from core.codec import dump, dump_event
from core.events import Event, Judged, Measured, Published, Rendered, Sealed, Submitted
from core.roles import Principal, Role
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from evals.bench.machine_info import machine_info, min_median_max
from pipeline.settings import load_settings
from pipeline.wiring import Installation, build_installation
from registry.consent.cameo_service import LeaseRequest

RESULT = Path(__file__).parents[1] / "results" / "cascade.json"
FAMILIES: dict[str, Callable[[int], int]] = {
    "wide": lambda _number: 0,
    "deep": lambda number: number - 1,
    "tree": lambda number: (number - 1) // 10,
}
SIGNALS = tuple(
    Signal(subject=Subject.VIDEO, label=f"label_{i}", score=0.01 * i, source="eval/1", at=Span(start=0, end=5))
    for i in range(60)
)
OWNER = Principal(id="acct_owner", roles=frozenset({Role.PLATFORM}))
_BATCH_SIZE = 500
"""Cases that are written to the database in one statement."""
_EVENTS = "INSERT INTO events (case_id, revision, body) SELECT * FROM unnest(%s::text[], %s::int[], %s::jsonb[])"
_CASES = """
INSERT INTO cases (id, phase, revision, author, body, digests)
SELECT i, 'published', r, a, b, ARRAY[d] FROM unnest(%s::text[], %s::int[], %s::text[], %s::jsonb[], %s::text[])
AS n(i, r, a, b, d)
"""


def main() -> None:
    """Measure and write."""
    videos = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    for family in sys.argv[3:] or FAMILIES:  # written after each, so that a run that is broken off leaves figures
        row = _measure_family(family, FAMILIES[family], videos, runs)
        print(json.dumps(row), flush=True)
        _write(row, videos, f"python -m evals.likeness.takedown_time {videos} {runs} {family}")


def _write(row: dict[str, Any], videos: int, command: str) -> None:
    """Beside the other families that were measured with as many videos."""
    held = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    kept = held.get("families", []) if held.get("videos") == videos else []
    rows = {
        row_of_family["family"]: row_of_family
        for row_of_family in [*kept, row | {"command": command, "machine": machine_info()}]
    }
    families = [rows[family] for family in FAMILIES if family in rows]
    RESULT.write_text(json.dumps({"videos": videos, "goal_s": 60.0, "families": families}, indent=2) + "\n")


def _measure_family(family: str, parent: Callable[[int], int], videos: int, runs: int) -> dict[str, Any]:
    walls, cpus, servers, left = [], [], [], 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            installation = build_installation(load_settings(home=Path(folder)))
            try:
                lease = _fill_installation(installation, parent, videos)
                server = _postgres_cpu_seconds(Path(folder))
                began, cpu = time.perf_counter(), time.process_time()
                installation.service.cameos.revoke(OWNER, lease)
                walls.append(time.perf_counter() - began)
                cpus.append(time.process_time() - cpu)
                servers.append(_postgres_cpu_seconds(Path(folder)) - server)
                left += _count_left_up(installation, Path(folder), videos)
            finally:
                installation.close()
    costs = {
        "wall_s": min_median_max(walls),
        "cpu_s": min_median_max(cpus),
        "cpu_s_of_postgres": min_median_max(servers),
    }
    return {"family": family, **costs, "left_up": left}


def _postgres_cpu_seconds(home: Path) -> float:
    """CPU seconds that the embedded server has taken so far, in all its processes that are still there."""
    seconds = 0.0
    for process in psutil.process_iter():
        try:
            if process.name().startswith("postgres") and Path(process.cwd()).is_relative_to(home.resolve()):
                times = process.cpu_times()
                seconds += times.user + times.system
        except (psutil.Error, OSError):
            continue
    return seconds


def _fill_installation(installation: Installation, parent: Callable[[int], int], videos: int) -> str:
    """An installation with a person, a lease, and a family of published videos; the lease's id."""
    cameos = installation.service.cameos
    cameo = cameos.stores.cameos.add("owner", OWNER.id)
    cameos.review.activate(cameo, by=OWNER.id)
    lease, _ = cameos.lease(OWNER, "owner", LeaseRequest(holder="*"))
    cases = [_case(number, cameo.id, parent) for number in range(videos)]
    public_folder = installation.settings.root / "published"
    public_folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, videos, _BATCH_SIZE):
        _store(installation, public_folder, cases[start : start + _BATCH_SIZE])
    return lease.id


def _store(installation: Installation, public_folder: Path, cases: Sequence[tuple[Case, list[Event]]]) -> None:
    """As the ledger would; the signals, which are the same in all, are made JSON of once."""
    event_rows, case_rows = [], []
    signals = json.dumps(dump(SIGNALS))
    for case, events in cases:
        (public_folder / f"{case.id}.mp4").write_bytes(b"a video")
        for number, event in enumerate(events, 1):
            body = json.dumps(dump_event(event))
            event_rows.append((case.id, number, body.replace('"signals": []', f'"signals": {signals}')))
        body = json.dumps(dump(case)).replace('"signals": []', f'"signals": {signals}')
        sealed = case.sealed.asset.digest if case.sealed else ""
        case_rows.append((case.id, case.revision, case.request.author, body, sealed))
    with installation.service.cameos.stores.uses.connections.connection() as connection:
        connection.execute(_EVENTS, [list(column) for column in zip(*event_rows, strict=True)])
        connection.execute(_CASES, [list(column) for column in zip(*case_rows, strict=True)])


def _count_left_up(installation: Installation, home: Path, videos: int) -> int:
    """How many are still up in any way; and the report and the notices are complete, or this raises."""
    cameos = installation.service.cameos
    [(cascade, down)] = cameos.takedown_reports(OWNER, "owner")
    if cascade.done is None or len(down) != videos or any(video.withdrawn is None for video in down):
        raise ValueError("the report is not complete")
    return sum(1 for _ in (home / "published").iterdir())


def _case(number: int, cameo: str, parent: Callable[[int], int]) -> tuple[Case, list[Event]]:
    name = f"{number:016x}"
    asset = Asset(digest=f"{number:064x}", media_type="video/mp4", size=1)
    events: list[Event] = [
        Submitted(
            author=f"acct_{number % 1000}",
            prompt=name,
            cameos=(cameo,) if number == 0 else (),
            parent="" if number == 0 else f"{parent(number):016x}",
        ),
        Measured(signals=()),
        Judged(verdict=Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, policy="0" * 64)),
        Rendered(asset=asset, engine="eval", engine_version="1"),
        Judged(verdict=Verdict(gate=Gate.VIDEO, decision=Decision.ALLOW, policy="0" * 64)),
        Sealed(
            asset=asset,
            payload=name,
            manifest_id=name,
            manifest=asset,
            soft_binding="eval",
            fingerprint=tuple(f"{i}:{'0' * 64}" for i in range(10)),
        ),
        Published(url=f"file:{name}"),
    ]
    return Case(id=name).apply(events), events


if __name__ == "__main__":
    main()
