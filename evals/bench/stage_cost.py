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
from evals.bench.machine_info import BenchFigures, min_median_max
from media.sandbox import sandboxed_process
from pipeline.cli.cli_common import local_operator
from pipeline.diagnostics import installation_checks
from pipeline.runners.local_runner import LocalRunner
from pipeline.service import VideoRequest
from pipeline.settings import load_settings
from pipeline.wiring import build_installation

_CLIP = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
_ROUNDS = 3
"""Cases that count; one more goes before them and loads the models."""
_VIDEO_GATE_PHASES = (Phase.RENDERED, Phase.INSPECTED, Phase.CLEARED)

StageCosts = dict[str, list[tuple[float, float]]]


def measure_stages() -> BenchFigures:
    """For the demo clip, and for ten seconds made of it: wall and CPU a stage; the whole gate; peak memory."""
    figures: BenchFigures = {}
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        home = Path(folder)
        (home / "engine").mkdir()
        ten = looped_clip(home / "ten.mp4", 10.0)
        for name, clip, length in (("demo clip (5.3 s)", _CLIP, 5.28), ("10 s of 720p", ten, 10.0)):
            shutil.copy(clip, home / "engine" / "clip.mp4")
            figures |= _summarise(name, _run_cases(home), length)
    # Of processes that were started from this one: a fork counts its parent's pages, so this is an upper bound.
    figures["peak memory of any process, MB"] = round(_peak() / 1024)
    return figures


def _run_cases(home: Path) -> StageCosts:
    costs: StageCosts = {}
    settings = load_settings(home=home, engine="folder", engine_folder=home / "engine")
    installation_checks.make_development_keys(settings)
    installation = build_installation(settings)
    try:
        route = {phase: _timed(phase, stage, costs) for phase, stage in installation.works.route.items()}
        runner = LocalRunner(replace(installation.works, route=route))
        for number in range(_ROUNDS + 1):
            if number == 1:
                costs.clear()  # the first one loads the models
            case = installation.service.submit(local_operator(), VideoRequest(prompt="a sleepy rabbit in a meadow"))
            runner.drain()
            if installation.ledger.load(case.id).phase is not Phase.PUBLISHED:
                raise RuntimeError("a case did not arrive")
    finally:
        installation.close()
    return costs


def _timed(phase: Phase, stage: Stage, costs: StageCosts) -> Stage:
    def timed(case: Case) -> Sequence[Event]:
        wall, cpu = time.perf_counter(), _cpu()
        events = stage(case)
        costs.setdefault(phase.value, []).append((time.perf_counter() - wall, _cpu() - cpu))
        return events

    return timed


def _cpu() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both) + sandboxed_process.usage.cpu


def _peak() -> int:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return max(*(used.ru_maxrss for used in both), sandboxed_process.usage.peak)


def _summarise(name: str, costs: StageCosts, length: float) -> BenchFigures:
    figures: BenchFigures = {}
    for phase, pairs in costs.items():
        figures[f"{name}: after {phase}, CPU × duration"] = min_median_max([cpu / length for _, cpu in pairs])
        figures[f"{name}: after {phase}, wall × duration"] = min_median_max([wall / length for wall, _ in pairs])
    gate = list(zip(*(costs[phase.value] for phase in _VIDEO_GATE_PHASES), strict=True))
    whole = f"{name}: whole gate (inspect, judge, seal)"
    figures[f"{whole}, CPU × duration"] = min_median_max([sum(cpu for _, cpu in stages) / length for stages in gate])
    figures[f"{whole}, wall × duration"] = min_median_max([sum(wall for wall, _ in stages) / length for stages in gate])
    return figures


def looped_clip(path: Path, seconds: float) -> Path:
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
