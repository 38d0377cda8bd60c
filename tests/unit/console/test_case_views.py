"""What a moderator reads of a held case."""

import pytest

from console.moderation.case_views import queue_item
from core.case import WAITED_TOO_LONG, Case, Phase, new_case
from core.events import StageFailed
from pipeline.moderation.review_queue import HeldCase
from pipeline.testing.memory_ledger import MemoryLedger
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
    held = HeldCase(case=case, since=ledger.history(case.id)[-1].at)
    assert queue_item(held, "a prompt", frozenset(), me="m").failure == reason
