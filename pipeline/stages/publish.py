"""publish and withdraw: the public copy goes up, the public copy comes down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.case import Case, Phase
from core.errors import SealBroken
from core.events import Event, Published, Withdrawn
from core.ports import PublicStore
from core.verdicts import Gate
from pipeline.stages.judge import recheck_consent
from pipeline.stages.stage_context import StageContext


def publish(case: Case, context: StageContext) -> Sequence[Event]:
    """Put the sealed file, and no other, where the public finds it."""
    if case.sealed is None:
        raise SealBroken("nothing was sealed, so nothing can be published")
    if judged := recheck_consent(case, Gate.VIDEO, context):
        return judged
    with context.temp_folder() as folder:
        url = context.public_store.publish(case.id, context.fetch_asset(case.sealed.asset, folder))
    return [Published(url=url)]


def withdraw(case: Case, context: StageContext) -> Sequence[Event]:
    """Take the public copy down; where the video is still being made, tell the engine to stop."""
    if case.commissioned and not (case.rendered or case.failed or case.declined):
        context.engine.cancel(case.commissioned.job)
    context.public_store.withdraw(case.id)
    return [Withdrawn()]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationCompensation:
    """A case was recalled while it was being published: what was put up comes down."""

    public_store: PublicStore

    def compensate(self, case: Case, events: Sequence[Event]) -> None:
        """Withdraw what these events would have published, unless the case is published anyway. Raises Unavailable."""
        if any(isinstance(event, Published) for event in events) and case.phase is not Phase.PUBLISHED:
            self.public_store.withdraw(case.id)
