"""How a case ends whose video the engine did not make."""

from __future__ import annotations

from core.case import Case
from core.events import EngineFailed
from pipeline.stages.stage_context import StageContext

_MAX_REASON_LENGTH = 300  # characters


def render_failed(case: Case, code: str, reason: str, context: StageContext) -> EngineFailed:
    """The end of the case; `code` is one of RENDER_FAILURE_CODES, and the reason is kept as an erasable text."""
    note = context.texts.put(reason[:_MAX_REASON_LENGTH], case_id=case.id)
    return EngineFailed(engine=context.engine.name, code=code, reason=note)
