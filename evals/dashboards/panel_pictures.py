"""Draws a dashboard: each panel where Grafana would put it, from the rows that its own query gave."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import Any

from PIL import Image

from evals.dashboards.panel_queries import Dashboard

_COLUMNS, _UNIT_WIDTH, _UNIT_HEIGHT = 24, 0.62, 0.36  # of Grafana's grid, in inches
_GAP = 0.35
_MOST_ROWS, _MOST_LINES = 7, 8
_INK, _FAINT = "#1f2937", "#e5e7eb"
_FOOT = "Drawn from each panel's own query by python -m evals.dashboards. Not a screenshot of Grafana."
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows of a panel's query, and their columns in order."""

    columns: Sequence[str]
    rows: Sequence[Row]


def draw_dashboard(dashboard: Dashboard, answers: Mapping[str, Answer], to: Path) -> None:
    """Write a WebP with every panel; `answers` are by the panels' titles."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    rows = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in dashboard.panels) + 2
    width, height = _COLUMNS * _UNIT_WIDTH, rows * _UNIT_HEIGHT
    with mpl.rc_context({"font.size": 8, "text.color": _INK, "axes.edgecolor": _FAINT, "axes.labelcolor": _INK}):
        figure = pyplot.figure(figsize=(width, height), facecolor="white")
        figure.text(_GAP / width, 1 - 0.3 / height, dashboard.title, fontsize=14, weight="bold", va="center")
        figure.text(_GAP / width, 0.12 / height, _FOOT, fontsize=7, color="#6b7280")
        for panel in dashboard.panels:
            grid = panel["gridPos"]
            box = (
                (grid["x"] * _UNIT_WIDTH + _GAP) / width,
                1 - ((grid["y"] + grid["h"] + 1) * _UNIT_HEIGHT - _GAP) / height,
                (grid["w"] * _UNIT_WIDTH - 2 * _GAP) / width,
                (grid["h"] * _UNIT_HEIGHT - 2.2 * _GAP) / height,
            )
            axes = figure.add_axes(box)
            axes.set_title(panel["title"], fontsize=9, loc="left", weight="bold", pad=6)
            _DRAWN_AS[panel["type"]](axes, answers[panel["title"]], panel["fieldConfig"]["defaults"]["unit"])
        picture = io.BytesIO()
        figure.savefig(picture, dpi=100)
        pyplot.close(figure)
    Image.open(picture).convert("RGB").save(to, quality=80, method=6)


def _stat(axes: Any, answer: Answer, unit: str) -> None:
    axes.axis("off")
    value = answer.rows[0][answer.columns[0]] if answer.rows else None
    text = "no data" if value is None else _duration(float(value)) if unit == "s" else f"{value:,}"
    axes.text(0.0, 0.4, text, fontsize=20, weight="bold", color="#2563eb", va="center", transform=axes.transAxes)


def _series(axes: Any, answer: Answer, unit: str) -> None:
    from matplotlib.dates import DateFormatter

    lines: dict[str, list[tuple[datetime, float]]] = {}
    for row in answer.rows:
        at = datetime.fromtimestamp(float(row["time"]), UTC)
        lines.setdefault(str(row["metric"]), []).append((at, float(row["value"])))
    for name, points in list(lines.items())[:_MOST_LINES]:
        axes.plot(
            [at for at, _ in points], [value for _, value in points], linewidth=1, marker=".", markersize=2, label=name
        )
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M"))
    axes.grid(color=_FAINT, linewidth=0.5)
    axes.set_ylim(bottom=0)
    axes.tick_params(length=0, labelsize=7)
    if unit != "short":
        axes.set_ylabel({"percentunit": "share"}.get(unit, unit), fontsize=7)
    if lines:
        axes.legend(fontsize=6, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _table(axes: Any, answer: Answer, _unit: str) -> None:
    axes.axis("off")
    cells = [[_cell(row[column], column) for column in answer.columns] for row in answer.rows[:_MOST_ROWS]]
    more = len(answer.rows) - len(cells)
    if more > 0:
        cells.append([f"… {more} more", *[""] * (len(answer.columns) - 1)])
    if not cells:
        axes.text(0.0, 0.8, "no rows", transform=axes.transAxes)
        return
    table = axes.table(
        cellText=cells,
        colLabels=[shorten(column, 24, placeholder="…") for column in answer.columns],
        loc="upper left",
        cellLoc="left",
        colLoc="left",
        edges="horizontal",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(7)
    for cell in table.get_celld().values():
        cell.set_edgecolor(_FAINT)


def _cell(value: object, column: str) -> str:
    if isinstance(value, int | float) and ("seconds" in column or column == "oldest"):
        return _duration(float(value))
    match value:
        case None:
            return "–"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case str() | bool() | int():
            return shorten(str(value), 30, placeholder="…")
    return f"{float(str(value)):,.4g}"


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.2g} s"


_DRAWN_AS = {"stat": _stat, "timeseries": _series, "table": _table}
