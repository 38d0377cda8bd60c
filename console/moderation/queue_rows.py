"""What the page of the queue shows of each held case, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from textwrap import shorten

from console.web.display_text import format_duration
from core.case import WAITED_TOO_LONG, Phase
from pipeline.moderation.review_queue import HeldCase

EXCERPT_LENGTH = 120
_WARNING = timedelta(hours=4)
"""So long before its clock runs out a case is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A held case in the queue. `excerpt`: how the prompt begins, None where it was erased; `reviewer`: who else has it
    open; `due` in words, and `tone` how pressing that is; `tags` are sentences of why else it is here.
    """

    held: HeldCase
    excerpt: str | None
    due: str
    tone: str
    waiting_seconds: float
    reviewer: str
    tags: tuple[tuple[str, str], ...]


def queue_row(held: HeldCase, texts: Mapping[str, str], *, me: str, now: datetime | None = None) -> QueueRow:
    """A held case as the queue shows it to the person `me`. `texts` are the prompts by their ids."""
    now = now or datetime.now(UTC)
    text = texts.get(held.prompt)
    due, tone = _due(held.due_at - now)
    return QueueRow(
        held=held,
        excerpt=None if text is None else shorten(text, EXCERPT_LENGTH, placeholder=" …"),
        due=due,
        tone=tone,
        waiting_seconds=(now - held.since).total_seconds(),
        reviewer="" if held.reviewer == me else held.reviewer,
        tags=tuple(_tags(held, me)),
    )


def _due(left: timedelta) -> tuple[str, str]:
    if left < timedelta(0):
        return f"overdue by {format_duration(-left.total_seconds())}", "refuse"
    return f"due in {format_duration(left.total_seconds())}", "hold" if left < _WARNING else "plain"


def _tags(held: HeldCase, me: str) -> Sequence[tuple[str, str]]:
    """Each a sentence, and its tone."""
    said: list[tuple[str, str]] = []
    verdict = held.verdict
    if held.flagged:
        said.append(("reported by a trusted flagger", "refuse"))
    if verdict.failure:
        broke = "It waited for too long" if verdict.failure_kind == WAITED_TOO_LONG else "A part broke three times"
        said.append((f"{broke}: {verdict.failure}", "refuse"))
    if held.subject == "appeal":
        said.append(("appealed", "hold"))
    said += [(text, "hold") for text in (_moderators_needed(held),) if text]
    if me in verdict.allowed_by and verdict.awaiting and set(held.rules) == set(verdict.awaiting):
        said.append(("you have allowed it", "plain"))
    if verdict.failure:
        said.append(("to be fixed", "plain"))
    elif verdict.missing:
        said.append(("can be measured again", "plain"))
    if held.expert:
        said.append(("escalated", "hold"))
    if held.assignee:
        said.append(("handed to you" if held.assignee == me else f"handed to {held.assignee}", "hold"))
    if held.skipped:
        said.append(("you skipped it", "plain"))
    return said


def _moderators_needed(held: HeldCase) -> str:
    if held.verdict.final:
        return "no ruling lifts this"
    if held.verdict.awaiting:
        return "needs a second moderator"
    return "needs two moderators" if held.verdict.two_person else ""


def gate_of(held: HeldCase) -> str:
    """Before what it is held."""
    if held.verdict.failure:
        return f"after “{held.verdict.held_at}”"
    return "before the public" if held.verdict.held_at == Phase.INSPECTED.value else "before the engine"
