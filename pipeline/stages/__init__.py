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
from pipeline.stages.inspect import inspect
from pipeline.stages.judge import judge_prompt, judge_video
from pipeline.stages.publish import publish, withdraw
from pipeline.stages.render import commission, render
from pipeline.stages.screen import screen
from pipeline.stages.seal import seal
from pipeline.stages.tools import Tools


class Work(Protocol):
    """A stage before it is given its tools."""

    def __call__(self, case: Case, tools: Tools) -> Sequence[Event]:
        """What happened."""


ROUTE: dict[Phase, Work] = {
    Phase.SUBMITTED: screen,
    Phase.SCREENED: judge_prompt,
    Phase.ADMITTED: commission,
    Phase.COMMISSIONED: render,
    Phase.RENDERED: inspect,
    Phase.INSPECTED: judge_video,
    Phase.CLEARED: seal,
    Phase.SEALED: publish,
    Phase.RECALLED: withdraw,
}


def route(tools: Tools) -> Route:
    """ROUTE with these tools in every stage's hand."""
    return {phase: partial(stage, tools=tools) for phase, stage in ROUTE.items()}
