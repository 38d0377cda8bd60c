"""Sums up what was measured of the watermark: by attack, with intervals, as a table and a plot."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RESULTS = Path("evals/results")


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if count == 0:
        return 0.0, 1.0
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def write_table(results: dict[str, Any]) -> None:
    """Adds `by_attack` to the results' file, and draws evals/results/watermark.png."""
    names = list(dict.fromkeys(name for row in results["clips"].values() for name in row["attacks"]))
    results["by_attack"] = {name: _of_attack(name, results["clips"].values()) for name in names}
    (RESULTS / "watermark.json").write_text(json.dumps(results, indent=1) + "\n")
    _plot(results["by_attack"])


def _of_attack(name: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    summed: dict[str, Any] = {}
    rows = list(rows)
    for group, chosen in (("tuned_on", False), ("held_out", True)):
        cells = [row["attacks"][name] for row in rows if row["held_out"] is chosen and name in row["attacks"]]
        exact, present = (sum(cell[what] for cell in cells) for what in ("exact", "present"))
        low, high = wilson(exact, len(cells))
        summed[group] = {
            "n": len(cells),
            "exact": exact,
            "present": present,
            "low": round(low, 3),
            "high": round(high, 3),
        }
    return summed


def _plot(by_attack: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 0.22 * len(by_attack) + 1))
    for group, offset, colour in (("tuned_on", -0.18, "#9aa5b1"), ("held_out", 0.18, "#1f6f8b")):
        for at, sums in enumerate(one[group] for one in by_attack.values()):
            if sums["n"]:
                share = sums["exact"] / sums["n"]
                errors = [[max(0.0, share - sums["low"])], [max(0.0, sums["high"] - share)]]
                axes.barh(at + offset, share, 0.34, color=colour, label=group.replace("_", " ") if at == 0 else None)
                axes.errorbar(share, at + offset, xerr=errors, color="#333", linewidth=0.7)
    axes.set_yticks(range(len(by_attack)), list(by_attack), fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("share of clips whose 96 bits are read, with 95 % intervals")
    axes.legend(loc="lower left", fontsize=7)
    figure.tight_layout()
    figure.savefig(RESULTS / "watermark.png", dpi=110)
    plt.close(figure)
