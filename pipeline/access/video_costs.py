"""What videos cost by the engines' prices per second, and what was saved because a request was refused before that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pipeline.engines.engine_table import engine_table
from pipeline.settings import Settings

CostOutcome = Literal["rendered", "refused", "declined", "failed", "stopped"]
"""What became of an order; of these only what was rendered is paid for, and what was refused was saved.

What was stopped was refused by a preview: what the engine bills for the part that it had made is not known here.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePrice:
    """What a second of video costs at an engine, in the operator's currency; None where nobody said."""

    engine: str
    models: tuple[str, ...] = ()
    cost_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """Videos with one outcome at one engine (empty where none was asked).

    `seconds` are those that were rendered, or asked for; `amount` is what they cost, or would have. `unpriced` of the
    videos are not in it, because no price was stated at that time.
    """

    outcome: CostOutcome
    engine: str
    videos: int
    seconds: float
    amount: float
    unpriced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMeasuring:
    """How many videos were refused for good before all of them was measured, and the seconds on the clock saved so."""

    videos: int
    seconds: float


class VideoCosts(Protocol):
    """Prices as they were, and what follows from them."""

    def note_prices(self, prices: Sequence[EnginePrice]) -> bool:
        """From now on these hold. False, and nothing is noted, if they did before, or state no price at all.

        So a command that is run without the settings of the servers changes nothing.
        """

    def lines(self, since: datetime, until: datetime, *, author: str | None = None) -> Sequence[CostLine]:
        """What happened from `since` to before `until`, of one account or of all."""

    def saved_measuring(self, since: datetime, until: datetime, *, author: str | None = None) -> SavedMeasuring:
        """Where measuring was cut off from `since` to before `until`, of one account or of all."""


def prices_of_settings(settings: Settings, engine: str) -> tuple[EnginePrice, ...]:
    """The prices that the settings state; `engine` is the name of the engine where there is one only."""
    if settings.engine != "routed":
        return (EnginePrice(engine=engine, cost_per_second=settings.engine_cost_per_second or None),)
    return tuple(
        EnginePrice(engine=name, models=entry.models, cost_per_second=entry.cost_per_second or None)
        for name, entry in engine_table(settings).items()
    )


def total_amount(lines: Iterable[CostLine], outcome: CostOutcome) -> float:
    """What the lines with this outcome come to."""
    return sum(line.amount for line in lines if line.outcome == outcome)
