"""Sums up what was measured of the watermark: by attack and by kind of clip, with intervals, as a table and a plot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from evals.intervals import wilson_interval
from evals.watermark.video_clips import AXES, CLIPS

RESULTS = Path("evals/results")


def write_table(results: dict[str, Any], brief: set[str]) -> None:
    """Adds `by_attack` and `by_axis` to the results' file, and draws evals/results/watermark.png."""
    usual = [one for one in CLIPS if (one.strength, one.growth, one.crf) == (None, CLIPS[0].growth, CLIPS[0].crf)]
    rows = [(one.held_out, results["clips"][one.name]) for one in usual if one.name in results["clips"]]
    names = list(dict.fromkeys(name for _, row in rows for name in row["attacks"]))
    results["by_attack"] = {name: _of_attack(name, rows) for name in names}
    results["by_axis"] = {
        axis: {value: _of_clips(clips, results["clips"], brief) for value, clips in values.items()}
        for axis, values in AXES.items()
    }
    (RESULTS / "watermark.json").write_text(json.dumps(results, indent=1) + "\n")
    _plot(results["by_attack"], results["by_axis"])


def _of_clips(clips: Iterable[str], rows: dict[str, Any], brief: set[str]) -> dict[str, Any]:
    """Over the brief suite of those that were measured whole."""
    chosen = [rows[name] for name in clips if name in rows and brief <= set(rows[name]["attacks"])]
    cells = [row["attacks"][name] for row in chosen for name in sorted(brief)]
    quality = ("psnr", "growth")
    return {
        "clips": len(chosen),
        **_counted(cells),
        **{name: round(sum(row[name] for row in chosen) / len(chosen), 4) if chosen else None for name in quality},
    }


def _counted(cells: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {what: sum(cell[what] for cell in cells) for what in ("exact", "recognised", "present")}
    low, high = wilson_interval(counts["recognised"], len(cells))
    return {"n": len(cells), **counts, "low": round(low, 3), "high": round(high, 3)}


def _of_attack(name: str, rows: Sequence[tuple[bool, dict[str, Any]]]) -> dict[str, Any]:
    return {
        group: _counted([row["attacks"][name] for held_out, row in rows if held_out is kind and name in row["attacks"]])
        for group, kind in (("tuned_on", False), ("held_out", True))
    }


def _plot(by_attack: dict[str, Any], by_axis: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 0.22 * len(by_attack) + 1))
    for group, offset, colour in (("tuned_on", -0.18, "#9aa5b1"), ("held_out", 0.18, "#1f6f8b")):
        sums = {name: one[group] for name, one in by_attack.items()}
        _bars(left, sums, offset=offset, height=0.34, colour=colour, label=group.replace("_", " "))
    values = {f"{axis}: {name}": sums for axis, one in by_axis.items() for name, sums in one.items()}
    _bars(right, values, offset=0.0, height=0.6, colour="#1f6f8b", label="brief suite")
    left.set_xlabel("share of clips whose payload is read or recognised, with 95 % intervals")
    right.set_xlabel("share of clips and attacks (nine each) whose payload is read or recognised")
    left.legend(loc="lower left", fontsize=7)
    figure.tight_layout()
    figure.savefig(RESULTS / "watermark.png", dpi=110)
    plt.close(figure)


def _bars(axes: Any, sums: dict[str, Any], *, offset: float, height: float, colour: str, label: str) -> None:
    for at, one in enumerate(sums.values()):
        if one["n"]:
            share = one["recognised"] / one["n"]
            errors = [[max(0.0, share - one["low"])], [max(0.0, one["high"] - share)]]
            axes.barh(at + offset, share, height, color=colour, label=label if at == 0 else None)
            axes.errorbar(share, at + offset, xerr=errors, color="#333", linewidth=0.7)
    axes.set_yticks(range(len(sums)), list(sums), fontsize=7)
    axes.set_ylim(len(sums) - 0.4, -0.6)
