"""inspect: every classifier of videos measures what the engine made; nothing is decided."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case
from core.errors import EngineFault
from core.events import Event
from core.signals import Subject
from pipeline.stages.screen import measured
from pipeline.stages.tools import Tools


def inspect(case: Case, tools: Tools) -> Sequence[Event]:
    """Measure the rendered video."""
    if case.rendered is None:
        raise EngineFault("nothing was rendered")
    with tools.scratch() as folder:
        file = tools.fetched(case.rendered.asset, folder)
        return [measured([tools.measure.video(file, Subject.VIDEO, tools.consent.may_appear(case))])]
