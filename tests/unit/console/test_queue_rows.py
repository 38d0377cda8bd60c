"""What a moderator reads of a held case in the queue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from console.moderation.queue_rows import queue_row
from core.case import WAITED_TOO_LONG, Case, Phase, new_case
from core.events import StageFailed
from pipeline.testing.memory_ledger import MemoryLedger
from pipeline.testing.memory_review_queue import MemoryReviewQueue
from tests.lawful import way_to


def held_by(*kinds: str) -> tuple[MemoryLedger, Case]:
    ledger = MemoryLedger()
    broke = [StageFailed(phase="admitted", kind=kind, error="the engine does not answer") for kind in kinds]
    return ledger, ledger.append(new_case(), [*way_to(Phase.ADMITTED), *broke])


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        (["EngineFault"] * 3, "A part broke three times: the engine does not answer"),
        ([WAITED_TOO_LONG], "It waited for too long: the engine does not answer"),
    ],
)
def test_why_a_case_is_held_is_what_happened(kinds: list[str], reason: str) -> None:
    ledger, case = held_by(*kinds)
    row = queue_row(MemoryReviewQueue(ledger).entry(case.id), {}, me="m")
    assert (reason, "refuse") in row.tags and row.excerpt is None


@pytest.mark.parametrize(
    ("after", "due", "tone"),
    [
        (timedelta(hours=1), "due in 23 h", "plain"),
        (timedelta(hours=21), "due in 3 h", "hold"),
        (timedelta(hours=26), "overdue by 2 h", "refuse"),
    ],
)
def test_each_row_shows_its_clock_and_warns_before_it_runs_out(after, due, tone) -> None:
    ledger, case = held_by(WAITED_TOO_LONG)
    held = MemoryReviewQueue(ledger).entry(case.id)
    row = queue_row(held, {held.prompt: "word " * 60}, me="m", now=held.since + after)
    assert (row.due, row.tone) == (due, tone)
    assert len(row.excerpt) <= 120 and row.excerpt.endswith(" …")


def test_a_row_says_to_whom_a_case_was_sent() -> None:
    ledger, case = held_by(WAITED_TOO_LONG)
    held = replace(MemoryReviewQueue(ledger).entry(case.id), expert=True, assignee="mo", flagged=True, skipped=True)
    said = [text for text, _ in queue_row(held, {}, me="mo").tags]
    assert {"reported by a trusted flagger", "escalated", "handed to you", "you skipped it"} <= set(said)
    assert "handed to mo" in [text for text, _ in queue_row(held, {}, me="ed").tags]
