"""Small charts as SVG: where their bars and dots lie. Templates draw them; a table beside them has the same figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.moderation.quality.agreement import Estimate
from pipeline.moderation.quality.moderation_figures import RulingCount

HEIGHT = 100.0
"""Of a chart of columns, in its own units; each column is 10 wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of two parts, the lower one drawn first: where each begins from above, and how high it is."""

    label: str
    lower: int
    upper: int
    lower_top: float
    lower_height: float
    upper_top: float
    upper_height: float

    @property
    def count(self) -> int:
        """Both parts."""
        return self.lower + self.upper


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """An estimate on a line from 0 to 100: its dot, and both ends of its interval."""

    dot: float
    low: float
    high: float


def columns(bars: Iterable[tuple[str, int, int]]) -> Sequence[Column]:
    """Columns of (label, lower part, upper part), the highest as high as the chart."""
    rows = list(bars)
    most = max((lower + upper for _label, lower, upper in rows), default=0) or 1
    found = []
    for label, lower, upper in rows:
        low, high = HEIGHT * lower / most, HEIGHT * upper / most
        found.append(
            Column(
                label=label,
                lower=lower,
                upper=upper,
                lower_top=round(HEIGHT - low, 2),
                lower_height=round(low, 2),
                upper_top=round(HEIGHT - low - high, 2),
                upper_height=round(high, 2),
            )
        )
    return found


def ruling_columns(counts: Iterable[RulingCount], *, now: datetime, step: timedelta, count: int) -> Sequence[Column]:
    """The last `count` hours or days as columns, those without a ruling too; allowed below, refused above."""
    hourly = step < timedelta(days=1)
    last = now.replace(minute=0, second=0, microsecond=0)
    last = last if hourly else last.replace(hour=0)
    by_time = {one.at: one for one in counts}
    bars = []
    for at in (last - step * back for back in reversed(range(count))):
        one = by_time.get(at)
        label = f"{at:%H:%M}" if hourly else f"{at:%Y-%m-%d}"
        bars.append((label, one.allowed if one else 0, one.refused if one else 0))
    return columns(bars)


def whisker(estimate: Estimate, *, lowest: float = 0.0) -> Whisker | None:
    """The estimate on a line from `lowest` to 1; None where there is none."""
    if estimate.value is None:
        return None

    def place(value: float) -> float:
        return round(100 * (min(1.0, max(lowest, value)) - lowest) / (1 - lowest), 2)

    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    return Whisker(dot=place(estimate.value), low=place(low), high=place(high))
