"""The log of intimate images taken down: each claim, when it came, what was done, and whether that was in time.

The TAKE IT DOWN Act (Pub. L. 119-12 of 19 May 2025, section 3) gives a covered platform 48 hours from a valid request,
and has it make reasonable efforts to find identical copies; since 19 May 2026. Read on 2026-11-30:
https://www.congress.gov/119/plaws/publ12/PLAW-119publ12.htm. The log holds nothing of whoever came.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta

from pipeline.claims.claim import Claim, ClaimKind

HOURS = 48
"""From the request until the image has to be down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownEntry:
    """A claim about an intimate image, in UTC. `in_time` is yes or no; open while its hours run and nothing is done.

    `down` is when the videos were down, also while it was looked at. `videos` are those that it named, `copies` further
    ones that were found to show the same. A claim that was rejected or withdrawn needs nothing to come down.
    """

    claim: str
    law: str
    received: str
    due: str
    down: str
    decided: str
    decision: str
    in_time: str
    hours: str
    videos: int
    copies: int


def takedown_log(claims: Iterable[Claim], now: datetime) -> tuple[TakedownEntry, ...]:
    """The entries of these claims, in their order. Answers and appeals are no claims of their own."""
    return tuple(_entry(one, now) for one in claims if one.kind is ClaimKind.INTIMATE_IMAGE and not one.answers)


def takedown_csv(entries: Sequence[TakedownEntry]) -> Iterator[str]:
    """A line for each below the names of the columns."""
    yield _line([field.name for field in fields(TakedownEntry)])
    for one in entries:
        yield _line([str(value) for value in astuple(one)])


def _entry(claim: Claim, now: datetime) -> TakedownEntry:
    due = claim.received_at + timedelta(hours=HOURS)
    if claim.due_at is not None:
        due = min(due, claim.due_at)
    down = min((at for at in (claim.paused_at, claim.removed_at) if at), default=None)
    named = min(claim.named_count or 1, len(claim.case_ids)) if claim.case_ids else 0
    return TakedownEntry(
        claim=claim.id,
        law=claim.law,
        received=_time(claim.received_at),
        due=_time(due),
        down=_time(down),
        decided=_time(claim.decided_at),
        decision=claim.decision.value if claim.decision else "",
        in_time=_in_time(claim, down, due, now),
        hours=f"{(down - claim.received_at).total_seconds() / 3600:.2f}" if down else "",
        videos=named,
        copies=len(claim.case_ids) - named,
    )


def _in_time(claim: Claim, down: datetime | None, due: datetime, now: datetime) -> str:
    """Whether the hours were kept: by what came down, or by a decision that nothing has to."""
    done = down or (claim.decided_at if claim.decision in ("rejected", "withdrawn") else None)
    if done is None:
        return "open" if now <= due else "no"
    return "yes" if done <= due else "no"


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
