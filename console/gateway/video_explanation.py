"""What a creator is told of a video that is held or refused: why, where, what to change, and how to appeal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.case import Case, Phase
from pipeline.actions import Action
from pipeline.case_explanation import CaseExplanation, ExplainedReason
from pipeline.creator_texts import sentences
from pipeline.creator_texts.catalogs import CreatorCatalog


def translated_reason(reason: str, explanation: CaseExplanation | None, catalog: CreatorCatalog) -> str:
    """A verdict's reason in the language of the catalog.

    Also where the policy that gave it is gone, so that its rules cannot be asked any more.
    """
    return catalog.reason(reason, {one.text for one in explanation.reasons} if explanation else ())


def explanation_object(
    case: Case, explanation: CaseExplanation | None, may: Collection[Action], catalog: CreatorCatalog
) -> dict[str, Any] | None:
    """What stands as `assay.explanation`; None where there is nothing to explain."""
    if explanation is None:
        return None
    return {
        "language": catalog.code,
        "reasons": [
            {
                "rule": one.rule,
                "text": catalog.text(one.text),
                "words": list(one.words),
                "where": catalog.text(sentences.WHOLE_PROMPT) if one.whole_prompt else None,
                "seconds": [list(place) for place in one.seconds],
            }
            for one in explanation.reasons
        ],
        "change": [catalog.text(one) for one in dict.fromkeys(_change(reason) for reason in explanation.reasons)],
        "appeal": _appeal(case, may, catalog),
    }


def _change(reason: ExplainedReason) -> str:
    if reason.missing:
        return sentences.CHANGE_NOTHING
    if "_cameo_" in reason.rule or "without_cameo" in reason.rule or "protected" in reason.rule:
        return sentences.CHANGE_CONSENT
    if reason.rule.startswith("reference_"):
        return sentences.CHANGE_REFERENCE
    if reason.rule.startswith(("prompt_registered_work", "prompt_work_", "video_work_", "video_likeness_refused")):
        return sentences.CHANGE_WORK
    if reason.rule.startswith("author_"):
        return sentences.CHANGE_PACE
    if reason.words:
        return sentences.CHANGE_WORDS
    return sentences.CHANGE_SECONDS if reason.seconds else sentences.CHANGE_DESCRIPTION


def _appeal(case: Case, may: Collection[Action], catalog: CreatorCatalog) -> dict[str, Any]:
    if Action.APPEAL in may:
        return {
            "possible": True,
            "text": catalog.text(sentences.APPEAL_POSSIBLE),
            "method": "POST",
            "path": f"/api/cases/{case.id}/appeal",
        }
    text = sentences.APPEAL_RUNS if case.phase is Phase.HELD else sentences.APPEAL_DECIDED
    return {"possible": False, "text": catalog.text(text), "method": None, "path": None}
