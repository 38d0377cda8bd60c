"""screen: every classifier of prompts and of reference inputs measures; nothing is decided."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case
from core.events import Event, Measured
from core.signals import Subject
from pipeline.stages.stage_context import Measurements, StageContext


def screen(case: Case, context: StageContext) -> Sequence[Event]:
    """Measure the prompt, and each reference under subject REFERENCE. Raises Erased where the prompt is gone."""
    found = [context.measure.text(context.texts.read(case.request.prompt))]
    leased = context.consent.may_appear(case)
    with context.temp_folder() as folder:
        for asset in case.request.engine_inputs:
            found.append(context.measure.video(context.fetch_asset(asset, folder), Subject.REFERENCE, leased))
    return [measured_event(found)]


def measured_event(found: Sequence[Measurements]) -> Measured:
    """Several measurements as one event."""
    seconds = {source: took for one in found for source, took in one.seconds.items()}
    return Measured(signals=tuple(s for one in found for s in one.signals), seconds=seconds)
