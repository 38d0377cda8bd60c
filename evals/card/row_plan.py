"""A row of the card before it is measured: what it is called, and the function that measures it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from core.errors import BadInput
from evals.intervals import wilson_interval
from pipeline.release_card.card_record import MeasuredShare, RequestOutcomes

if TYPE_CHECKING:
    from evals.card.request_decisions import RequestDecisions

SEED = 14
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBench:
    """What rows are measured with: the decisions of an installation, the folder of data if there is one, a limit.

    `limit` is the most requests of a side, 0 for the row's own number; `say` is told of progress.
    """

    decisions: RequestDecisions
    data: Path | None
    limit: int
    folder: Path
    say: Callable[[str], None]

    def sample(self, requests: Sequence[_T], most: int) -> list[_T]:
        """At most `most` of them, and no more than the limit, the same ones each time, in their order."""
        count = min(len(requests), most, self.limit or most)
        kept = sorted(random.Random(SEED).sample(range(len(requests)), count))  # noqa: S311 - a sample is no secret
        return [requests[place] for place in kept]

    def require_data(self) -> Path:
        """The folder of data. Raises BadInput where none was named."""
        if self.data is None:
            raise BadInput("this row needs the folder of labelled data: --data DIR")
        return self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFigures:
    """What measuring gave; a side that could not be measured is None, and `missing` says why."""

    unsafe: RequestOutcomes | None = None
    harmless: RequestOutcomes | None = None
    survived: MeasuredShare | None = None
    missing: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlan:
    """A row. `measure` is None where nothing can be measured, and `missing` says why.

    `source` is the file of results that the row repeats, with what it was made by; it is not measured anew.
    """

    id: str
    group: str
    title: str
    about: str = ""
    missing: str = ""
    published_percent: tuple[float, float] | None = None
    needs_data: bool = True
    source: str = ""
    measure: Callable[[CardBench], RowFigures] | None = None


def measured_share(hits: int, n: int) -> MeasuredShare:
    """With Wilson's interval, rounded outwards to four digits."""
    low, high = wilson_interval(hits, n)
    return MeasuredShare(hits=hits, n=n, low=max(0.0, round(low - 0.00005, 4)), high=min(1.0, round(high + 0.00005, 4)))
