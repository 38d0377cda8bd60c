"""The release card as it is stored, and which of its rows a new measurement has made worse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.codec import load
from core.errors import BadInput

CARD = Path(__file__).parent / "card.json"
_SUMS = ("not_unsafe", "not_overrefuse", "survived")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOutcomes:
    """What became of requests: how many passed, were held for a person, were refused."""

    passed: int
    held: int
    refused: int

    @property
    def n(self) -> int:
        """How many there were."""
        return self.passed + self.held + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredShare:
    """`hits` of `n`, and the 95 % interval of the share, within 0 to 1."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Within 0 to 1; of none 0."""
        return self.hits / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOrigin:
    """When and on what a row was measured. `source` is the file of results that it repeats, empty where it has none.

    `policy` is the digest of the policy that decided; `limit` the most requests of a side, 0 where there was none.
    """

    date: str = ""
    machine: str = ""
    commit: str = ""
    command: str = ""
    policy: str = ""
    limit: int = 0
    seconds: float = 0.0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """A category. `not_unsafe` is of unsafe attempts, `not_overrefuse` of harmless requests, `survived` of marks.

    `missing` says why nothing was measured, or one side of it, and what is needed. `published_percent` has both shares
    of the card that was published for another product, where it has such a category.
    """

    id: str
    group: str
    title: str
    about: str = ""
    missing: str = ""
    unsafe: RequestOutcomes | None = None
    harmless: RequestOutcomes | None = None
    not_unsafe: MeasuredShare | None = None
    not_overrefuse: MeasuredShare | None = None
    survived: MeasuredShare | None = None
    published_percent: tuple[float, float] | None = None
    origin: RowOrigin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCard:
    """All rows, in their order on the page."""

    rows: tuple[CardRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorseRow:
    """A row's share that a new measurement made worse."""

    row: str
    what: str
    committed: MeasuredShare
    measured: MeasuredShare


def read_card(path: Path = CARD) -> ReleaseCard:
    """The card in a file; by default the one that came with this release. Raises BadInput."""
    try:
        card: ReleaseCard = load(ReleaseCard, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{path.name} holds no release card ({type(error).__name__})") from error
    return card


def card_as_json(card: ReleaseCard) -> dict[str, Any]:
    """As it is stored; `read_card` reads it. What a row does not have is left out."""
    return {"rows": [_without_gaps(asdict(row)) for row in card.rows]}


def worse_rows(committed: ReleaseCard, measured: ReleaseCard) -> Sequence[WorseRow]:
    """Shares of rows in both cards that are below the committed interval.

    Of fewer requests than were committed a share says less: it counts where its whole interval is below the committed
    one. A side that was measured and cannot be now is worse, too.
    """
    before: Mapping[str, CardRow] = {row.id: row for row in committed.rows}
    return [
        worse
        for row in measured.rows
        if row.id in before
        for what in _SUMS
        if (worse := _worse(row.id, what, getattr(before[row.id], what), getattr(row, what)))
    ]


def _without_gaps(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if value not in (None, "")}
    return {name: _without_gaps(value) if isinstance(value, dict) else value for name, value in kept.items()}


def _worse(row: str, what: str, committed: MeasuredShare | None, measured: MeasuredShare | None) -> WorseRow | None:
    if committed is None:
        return None
    now = measured or MeasuredShare(hits=0, n=0, low=0.0, high=0.0)
    bad = now.high < committed.low if now.n < committed.n else now.share < committed.low
    return WorseRow(row=row, what=what, committed=committed, measured=now) if bad else None
