"""A case as a ruling would leave it: the gate is asked as it will be, and nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case
from core.errors import AssayError
from core.events import Ruled
from core.ports import RecordedEvent
from core.roles import Principal
from core.transitions import holding
from core.verdicts import Decision, Gate, Ruling
from pipeline.case_record import CaseRecord
from pipeline.moderation.ruling_codes import ALLOW_CODES, REFUSE_CODES
from pipeline.stages.judge import judge_prompt, judge_video
from pipeline.stages.stage_context import StageContext

_CODES = {Decision.ALLOW: ALLOW_CODES[0], Decision.REFUSE: REFUSE_CODES[0]}


def record_after_ruling(
    who: Principal, case: Case, history: Sequence[RecordedEvent], decision: Decision, context: StageContext
) -> CaseRecord | None:
    """The record once this moderator has ruled so; None where nothing can be ruled on."""
    verdict = holding(case)
    if verdict is None:
        return None
    ruling = Ruling(gate=verdict.gate, decision=decision, moderator=who.id, over=verdict.rules, code=_CODES[decision])
    ruled = case.apply([Ruled(ruling=ruling)])
    judge = judge_prompt if verdict.gate is Gate.PROMPT else judge_video
    return CaseRecord(case=ruled.apply(judge(ruled, context)), history=history, prompt=_prompt(case, context))


def _prompt(case: Case, context: StageContext) -> str:
    """It decides what the author is advised to change."""
    try:
        return context.texts.read(case.request.prompt)
    except AssayError:
        return ""
