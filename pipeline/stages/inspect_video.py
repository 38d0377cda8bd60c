"""inspect: every classifier of videos measures what the engine made; nothing is decided."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case
from core.errors import EngineFault
from core.events import Event
from core.signals import Subject
from pipeline.stages.screen import measured_event
from pipeline.stages.stage_context import StageContext


def inspect_video(case: Case, context: StageContext) -> Sequence[Event]:
    """Measure the rendered video."""
    if case.rendered is None:
        raise EngineFault("nothing was rendered")
    with context.temp_folder() as folder:
        file = context.fetch_asset(case.rendered.asset, folder)
        found = context.measure.video(file, Subject.VIDEO, context.consent.may_appear(case))
        return [measured_event(case, [found], context)]
