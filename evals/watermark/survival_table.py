"""Sums up what was measured of the watermark: by attack and by kind of clip, with intervals, as a table and a plot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.intervals import wilson_interval
from evals.watermark.result_records import (
    AttackResult,
    AttackSurvival,
    AxisSurvival,
    SurvivalCounts,
    VideoClipResult,
    VideoResults,
)
from evals.watermark.video_clips import AXES, CLIPS

RESULTS = Path("evals/results")


def write_table(results: VideoResults, brief: set[str]) -> None:
    """Adds `by_attack` and `by_axis` to the results' file, and draws evals/results/watermark.png."""
    usual = [clip for clip in CLIPS if (clip.strength, clip.growth, clip.crf) == (None, CLIPS[0].growth, CLIPS[0].crf)]
    rows = [(clip.held_out, results["clips"][clip.name]) for clip in usual if clip.name in results["clips"]]
    names = list(dict.fromkeys(name for _, row in rows for name in row["attacks"]))
    results["by_attack"] = {name: _of_attack(name, rows) for name in names}
    results["by_axis"] = {
        axis: {value: _of_clips(clips, results["clips"], brief) for value, clips in values.items()}
        for axis, values in AXES.items()
    }
    (RESULTS / "watermark.json").write_text(json.dumps(results, indent=1) + "\n")
    _plot(results["by_attack"], results["by_axis"])


def _of_clips(clips: Iterable[str], rows: dict[str, VideoClipResult], brief: set[str]) -> AxisSurvival:
    """Over the brief suite of those that were measured whole."""
    chosen = [rows[name] for name in clips if name in rows and brief <= set(rows[name]["attacks"])]
    cells = [row["attacks"][name] for row in chosen for name in sorted(brief)]
    return {
        "clips": len(chosen),
        **_counted(cells),
        "psnr": round(sum(row["psnr"] for row in chosen) / len(chosen), 4) if chosen else None,
        "growth": round(sum(row["growth"] for row in chosen) / len(chosen), 4) if chosen else None,
    }


def _counted(cells: list[AttackResult]) -> SurvivalCounts:
    recognised = sum(cell["recognised"] for cell in cells)
    low, high = wilson_interval(recognised, len(cells))
    return {
        "n": len(cells),
        "exact": sum(cell["exact"] for cell in cells),
        "recognised": recognised,
        "present": sum(cell["present"] for cell in cells),
        "low": round(low, 3),
        "high": round(high, 3),
    }


def _of_attack(name: str, rows: Sequence[tuple[bool, VideoClipResult]]) -> AttackSurvival:
    measured = [(held_out, row["attacks"][name]) for held_out, row in rows if name in row["attacks"]]
    return {
        "tuned_on": _counted([cell for held_out, cell in measured if not held_out]),
        "held_out": _counted([cell for held_out, cell in measured if held_out]),
    }


def _plot(by_attack: dict[str, AttackSurvival], by_axis: dict[str, dict[str, AxisSurvival]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 0.22 * len(by_attack) + 1))
    tuned_on = {name: sums["tuned_on"] for name, sums in by_attack.items()}
    held_out = {name: sums["held_out"] for name, sums in by_attack.items()}
    _bars(left, tuned_on, offset=-0.18, height=0.34, colour="#9aa5b1", label="tuned on")
    _bars(left, held_out, offset=0.18, height=0.34, colour="#1f6f8b", label="held out")
    values = {f"{axis}: {name}": sums for axis, by_value in by_axis.items() for name, sums in by_value.items()}
    _bars(right, values, offset=0.0, height=0.6, colour="#1f6f8b", label="brief suite")
    left.set_xlabel("share of clips whose payload is read or recognised, with 95 % intervals")
    right.set_xlabel("share of clips and attacks (nine each) whose payload is read or recognised")
    left.legend(loc="lower left", fontsize=7)
    figure.tight_layout()
    figure.savefig(RESULTS / "watermark.png", dpi=110)
    plt.close(figure)


def _bars(
    axes: Any, sums: Mapping[str, SurvivalCounts], *, offset: float, height: float, colour: str, label: str
) -> None:
    for at, counts in enumerate(sums.values()):
        if counts["n"]:
            share = counts["recognised"] / counts["n"]
            errors = [[max(0.0, share - counts["low"])], [max(0.0, counts["high"] - share)]]
            axes.barh(at + offset, share, height, color=colour, label=label if at == 0 else None)
            axes.errorbar(share, at + offset, xerr=errors, color="#333", linewidth=0.7)
    axes.set_yticks(range(len(sums)), list(sums), fontsize=7)
    axes.set_ylim(len(sums) - 0.4, -0.6)
