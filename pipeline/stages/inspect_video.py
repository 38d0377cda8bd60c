"""inspect: every classifier of videos measures what the engine made; nothing is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.case import Case
from core.errors import EngineFault
from core.events import Event
from core.signals import Signal, Subject
from core.verdicts import Gate
from pipeline.stages.screen import measured_event
from pipeline.stages.stage_context import StageContext


def refused_for_good(case: Case, context: StageContext) -> Callable[[Sequence[Signal]], bool] | None:
    """The question whether signals refuse this video whatever else is found; None where that is not to be asked."""
    if not context.stop_early:
        return None
    return lambda signals: context.policy.refuses_for_good(Gate.VIDEO, signals, case.id)


def inspect_video(case: Case, context: StageContext) -> Sequence[Event]:
    """Measure the rendered video."""
    if case.rendered is None:
        raise EngineFault("nothing was rendered")
    with context.temp_folder() as folder:
        file = context.fetch_asset(case.rendered.asset, folder)
        found = context.measure.video(
            file, Subject.VIDEO, context.consent.may_appear(case), refused_for_good(case, context)
        )
        return [measured_event(case, [found], context)]
