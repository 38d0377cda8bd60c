"""The log of decisions: rulings, recalls, appeals, what was undone, and refusals that no person made.

No words of a prompt are in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from core.errors import BadInput

KINDS = ("ruled", "undone", "recalled", "reversed", "appealed", "refused", "declined", "sealed", "unsealed")
"""A moderator ruled, or took their ruling back at once; a case was recalled; a refusal or a recall was reversed;
a refusal was appealed; policy refused; an engine declined; a case was sealed from everybody, or the seal was lifted.
"""

CSV_COLUMNS = (
    "at",
    "case",
    "revision",
    "kind",
    "person",
    "decision",
    "gate",
    "rules",
    "code",
    "waited_seconds",
    "reverses",
)
MAX_EXPORTED = 1_000_000
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDecision:
    """A row. `person` is empty for policy and engines, `decision` where nothing was allowed or refused.

    `waited` is in seconds. `reverses` is the revision of the decision in this case that was undone; None elsewhere.
    """

    case_id: str
    revision: int
    at: datetime
    kind: str
    person: str
    decision: str
    gate: str
    rules: tuple[str, ...]
    code: str
    waited: float | None
    answers_appeal: bool
    reverses: int | None = None

    @property
    def place(self) -> str:
        """Where in the log it stands, for the page behind it."""
        return f"{self.at.isoformat()}~{self.case_id}~{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFilter:
    """Which rows: all that are given have to hold. `since` is within, `until` is not. `gate` is prompt or video."""

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    person: str = ""
    rule: str = ""
    decision: str = ""
    gate: str = ""
    case_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """Rows, the newest first. `following`: the place behind which the next page begins, empty on the last."""

    rows: Sequence[LoggedDecision]
    following: str


class DecisionLog(Protocol):
    """Reads the log."""

    def page(self, wanted: DecisionFilter, *, after: str = "", limit: int = 50) -> DecisionPage:
        """The newest first, from behind this place on. Raises BadInput for a place that is none."""

    def stream(self, wanted: DecisionFilter) -> Iterator[LoggedDecision]:
        """All of them, the newest first, without holding them in memory; MAX_EXPORTED at the most."""


def parse_place(place: str) -> tuple[datetime, str, int]:
    """Where a page begins. Raises BadInput."""
    try:
        at, case_id, revision = place.split("~")
        moment = datetime.fromisoformat(at)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), case_id, int(revision)
    except ValueError:
        raise BadInput("this is no place in the log") from None


def checked_filter(wanted: DecisionFilter) -> DecisionFilter:
    """The filter. Raises BadInput for a kind, decision or gate that there is not."""
    for name, value, values in (
        ("kind", wanted.kind, KINDS),
        ("decision", wanted.decision, ("allow", "refuse")),
        ("gate", wanted.gate, ("prompt", "video")),
    ):
        if value and value not in values:
            raise BadInput(f"{value!r} is no {name}; it is one of {', '.join(values)}")
    return wanted


def csv_lines(rows: Iterable[LoggedDecision]) -> Iterator[str]:
    """The rows as CSV (RFC 4180), a line each, the names of the columns first. Spreadsheets find no formula in it."""
    yield _csv_line(CSV_COLUMNS)
    for row in rows:
        waited = "" if row.waited is None else f"{row.waited:.0f}"
        yield _csv_line(
            (
                row.at.astimezone(UTC).isoformat(timespec="seconds"),
                row.case_id,
                str(row.revision),
                row.kind,
                row.person,
                row.decision,
                row.gate,
                " ".join(row.rules),
                row.code,
                waited,
                "" if row.reverses is None else str(row.reverses),
            )
        )


def _csv_line(values: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([_no_formula(value) for value in values])
    return line.getvalue()


def _no_formula(value: str) -> str:
    """A cell that a spreadsheet would compute begins with an apostrophe, as OWASP advises against CSV injection."""
    return f"'{value}" if value.startswith(_FORMULA_BEGINNINGS) else value
