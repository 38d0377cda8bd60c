"""Where a case stands in the queue, as its own page shows it, and to whom it can be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.moderation.queue_rows import QueueRow, queue_row
from console.web.context import RequestContext
from core.case import Case, Phase
from core.errors import Erased
from core.roles import Principal, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQueueView:
    """`note` is what somebody wrote to whom they sent it to, None where it was erased."""

    row: QueueRow
    note: str | None
    colleagues: Sequence[str]
    experts: bool


def case_queue_view(context: RequestContext, who: Principal, case: Case) -> CaseQueueView | None:
    """None for a case that is not held, and for whoever is no moderator."""
    if case.phase is not Phase.HELD or not who.has(Role.MODERATOR):
        return None
    desk = context.service.reviews
    held = desk.entry(who, case.id)
    if held is None:
        return None
    try:
        note: str | None = desk.note(who, held)
    except Erased:
        note = None
    return CaseQueueView(
        row=queue_row(held, {}, me=who.id),
        note=note,
        colleagues=desk.colleagues(who),
        experts=desk.has_experts(who),
    )
