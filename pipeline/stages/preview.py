"""Looks at what an engine shows of a video that it still makes, and ends the order where that is refused for good."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from core.case import Case
from core.errors import AssayError
from core.events import Event, Judged
from core.ports import PreviewingEngine
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from pipeline.stages.screen import measured_event
from pipeline.stages.stage_context import StageContext
from policy.decide import CUT_OFF

log = logging.getLogger("assay.preview")


def refused_by_preview(case: Case, job: str, context: StageContext) -> Sequence[Event]:
    """What was seen in the newest preview and the refusal, after the engine was told to stop; empty in all other cases.

    A preview allows nothing: the finished video is measured in any case. What cannot be read is left to that too.
    """
    if not context.stop_early or not isinstance(context.engine, PreviewingEngine):
        return []
    with context.temp_folder() as folder:
        file = folder / "preview.bin"
        try:
            if not context.engine.preview(job, file) or not context.previews.is_new(job, file.read_bytes()):
                return []
            found = context.measure.video(
                file,
                Subject.VIDEO,
                context.consent.may_appear(case),
                lambda signals: context.policy.refuses_for_good(Gate.VIDEO, signals, case.id),
            )
        except AssayError as error:
            log.warning("a preview was not looked at (%s)", type(error).__name__)
            return []
    if not context.policy.refuses_for_good(Gate.VIDEO, found.signals, case.id):
        return []
    verdict = context.policy.judge(
        Gate.VIDEO, as_of_video(found.signals), facts := context.facts.facts(case), (), case.id
    )
    if verdict.decision is not Decision.REFUSE:
        return []
    context.engine.cancel(job)
    shown = replace(found, signals=tuple(replace(one, subject=Subject.PREVIEW) for one in found.signals))
    return [measured_event(case, [shown], context), Judged(verdict=verdict, facts=dict(facts))]


def as_of_video(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Signals of a preview as those of a video that was not made: what a picture cannot show is cut off."""
    return tuple(
        replace(one, subject=Subject.VIDEO, note=CUT_OFF if one.score is None else one.note) for one in signals
    )
