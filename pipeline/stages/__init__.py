"""Every stage, and the route they come in.

SUBMITTED screen · SCREENED judge_prompt · ADMITTED commission · COMMISSIONED render · RENDERED inspect
· INSPECTED judge_video · CLEARED seal · SEALED publish · RECALLED withdraw
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from core.case import Case, Phase
from core.events import Event
from pipeline.advance import Route
from pipeline.stages.inspect_video import inspect_video
from pipeline.stages.judge import judge_prompt, judge_video
from pipeline.stages.publish import publish, withdraw
from pipeline.stages.render import commission, render
from pipeline.stages.screen import screen
from pipeline.stages.seal_video import seal_video
from pipeline.stages.stage_context import StageContext


class StageFunction(Protocol):
    """A stage before it is given what it works with."""

    def __call__(self, case: Case, context: StageContext) -> Sequence[Event]:
        """What happened."""


ROUTE: dict[Phase, StageFunction] = {
    Phase.SUBMITTED: screen,
    Phase.SCREENED: judge_prompt,
    Phase.ADMITTED: commission,
    Phase.COMMISSIONED: render,
    Phase.RENDERED: inspect_video,
    Phase.INSPECTED: judge_video,
    Phase.CLEARED: seal_video,
    Phase.SEALED: publish,
    Phase.RECALLED: withdraw,
}


def bind_route(context: StageContext) -> Route:
    """ROUTE with this context in every stage's hand."""
    return {phase: partial(stage, context=context) for phase, stage in ROUTE.items()}
