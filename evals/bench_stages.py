"""Each stage over a real clip, as a multiple of the clip's duration, with every classifier that is present."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av

from core.case import Case, Phase
from core.events import Event
from core.ports import Stage
from evals.machine import spread
from media import limited
from pipeline import checkup
from pipeline.cli.common import operator
from pipeline.desk import Request
from pipeline.runners.local import LocalRunner
from pipeline.settings import load_settings
from pipeline.wiring import build

_CLIP = Path(__file__).parents[1] / "deploy" / "demo" / "bunny.mp4"
_ROUNDS = 3
_GATE = (Phase.RENDERED, Phase.INSPECTED, Phase.CLEARED)

Costs = dict[str, list[tuple[float, float]]]


def stages() -> dict[str, Any]:
    """For the demo clip, and for ten seconds made of it: wall and CPU a stage; the whole gate; peak memory."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        home = Path(folder)
        (home / "engine").mkdir()
        ten = _longer(home / "ten.mp4", 10.0)
        for name, clip, length in (("demo clip (5.3 s)", _CLIP, 5.28), ("10 s of 720p", ten, 10.0)):
            shutil.copy(clip, home / "engine" / "clip.mp4")
            found |= _told(name, _carried(home), length)
    # Of processes that were started from this one: a fork counts its parent's pages, so this is an upper bound.
    found["peak memory of any process, MB"] = round(_peak() / 1024)
    return found


def _carried(home: Path) -> Costs:
    costs: Costs = {}
    settings = load_settings(home=home, engine="folder", engine_folder=home / "engine")
    checkup.make_keys(settings)
    house = build(settings)
    try:
        route = {phase: _timed(phase, stage, costs) for phase, stage in house.works.route.items()}
        runner = LocalRunner(replace(house.works, route=route))
        for number in range(_ROUNDS + 1):
            if number == 1:
                costs.clear()  # the first one loads the models
            case = house.desk.submit(operator(), Request(prompt="a sleepy rabbit in a meadow"))
            runner.drain()
            if house.ledger.load(case.id).phase is not Phase.PUBLISHED:
                raise RuntimeError("a case did not arrive")
    finally:
        house.close()
    return costs


def _timed(phase: Phase, stage: Stage, costs: Costs) -> Stage:
    def timed(case: Case) -> Sequence[Event]:
        wall, cpu = time.perf_counter(), _cpu()
        events = stage(case)
        costs.setdefault(phase.value, []).append((time.perf_counter() - wall, _cpu() - cpu))
        return events

    return timed


def _cpu() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both) + limited.spent.cpu


def _peak() -> int:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return max(*(used.ru_maxrss for used in both), limited.spent.peak)


def _told(name: str, costs: Costs, length: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for phase, pairs in costs.items():
        found[f"{name}: after {phase}, CPU × duration"] = spread([cpu / length for _, cpu in pairs])
        found[f"{name}: after {phase}, wall × duration"] = spread([wall / length for wall, _ in pairs])
    gate = list(zip(*(costs[phase.value] for phase in _GATE), strict=True))
    whole = f"{name}: whole gate (inspect, judge, seal)"
    found[f"{whole}, CPU × duration"] = spread([sum(cpu for _, cpu in one) / length for one in gate])
    found[f"{whole}, wall × duration"] = spread([sum(wall for wall, _ in one) / length for one in gate])
    return found


def _longer(path: Path, seconds: float) -> Path:
    """The demo clip over and over, packets untouched, cut after so many seconds."""
    with av.open(str(path), "w") as target:
        offset: float = 0.0
        out: dict[int, Any] = {}
        while offset < seconds:
            with av.open(str(_CLIP)) as source:
                out = out or {s.index: target.add_stream_from_template(s) for s in source.streams}
                for packet in source.demux():
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    if packet.pts * packet.time_base + offset >= seconds:
                        continue
                    ticks = round(offset / packet.time_base)
                    packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                    packet.stream = out[packet.stream_index]
                    target.mux(packet)
            offset += 5.32  # its sound is a little longer than its pictures
    return path
