"""A case as OpenAI's Videos API would show it, with what Assay has to add under `assay`.

Field names and types are those of `openai.types.Video`. A hold has no word there: to a client that knows nothing of
Assay it is a video that takes longer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from console.gateway.video_explanation import explanation_object, translated_reason
from core.case import Case, Phase
from pipeline.actions import Action
from pipeline.case_explanation import CaseExplanation
from pipeline.case_record import CaseRecord
from pipeline.creator_texts import sentences
from pipeline.creator_texts.catalogs import ENGLISH_CATALOG, CreatorCatalog, creator_catalog
from registry.consent import UNANSWERED

_PROGRESS = {
    Phase.SCREENED: 5,
    Phase.ADMITTED: 10,
    Phase.COMMISSIONED: 20,
    Phase.RENDERED: 70,
    Phase.INSPECTED: 80,
    Phase.CLEARED: 85,
    Phase.SEALED: 95,
    Phase.PUBLISHED: 100,
}
_STATUSES = {
    Phase.NEW: "queued",
    Phase.SUBMITTED: "queued",
    Phase.PUBLISHED: "completed",
    Phase.REFUSED: "failed",
    Phase.FAILED: "failed",
    Phase.RECALLED: "failed",
    Phase.WITHDRAWN: "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstatedValues:
    """What an answer states of a video that is not made yet where nobody asked for it: the type knows no null.

    Size and length are those that OpenAI documents as its defaults.
    """

    model: str = "default"
    size: str = "720x1280"
    seconds: str = "4"


def video_object(
    record: CaseRecord,
    unstated: UnstatedValues | None = None,
    *,
    explanation: CaseExplanation | None = None,
    may: Collection[Action] = (),
    accept_language: str = "",
) -> dict[str, Any]:
    """The video object. Times are whole seconds since 1970; progress never falls while a video is under way.

    `explanation` is why it is held or refused, `may` what whoever reads this may do about it. Sentences are in the
    language of the prompt; where that is not known, or has no catalog, in the first that `accept_language` names.
    """
    case, unstated = record.case, unstated or UnstatedValues()
    catalog = creator_catalog(case.language, accept_language)
    stated = {"model": _model(case), "size": _size(case), "seconds": _seconds(case)}
    published = record.published
    return {
        "id": case.id,
        "object": "video",
        "model": stated["model"] or unstated.model,
        "status": video_status(case),
        "progress": _progress(record),
        "created_at": int(record.created.timestamp()),
        "completed_at": int(published.timestamp()) if published else None,
        "expires_at": None,
        "prompt": record.prompt,
        "size": stated["size"] or unstated.size,
        "seconds": stated["seconds"] or unstated.seconds,
        "remixed_from_video_id": case.request.parent or None,
        "error": _error(record, explanation, catalog),
        "assay": {
            **_assay(case, explanation, catalog),
            "unstated": [name for name, value in stated.items() if not value],
            "explanation": explanation_object(case, explanation, may, catalog),
            "reply": record.reply or None,
        },
    }


def video_status(case: Case) -> str:
    """queued, in_progress, completed or failed."""
    return _STATUSES.get(case.phase, "in_progress")


def _progress(record: CaseRecord) -> int:
    """How far the case ever came: what is ordered or measured again makes it no less."""
    case, furthest = Case(id=record.case.id), 0
    for entry in record.history:
        case = case.apply([entry.event])
        furthest = max(furthest, _PROGRESS.get(case.phase, 0))
    return furthest


def _error(record: CaseRecord, explanation: CaseExplanation | None, catalog: CreatorCatalog) -> dict[str, str] | None:
    case = record.case
    match case.phase:
        case Phase.RECALLED | Phase.WITHDRAWN:
            code = case.recalled.code if case.recalled else ""
            if code == UNANSWERED:
                return {"code": "recalled", "message": catalog.text(sentences.CONSENT_UNANSWERED)}
            return {"code": "recalled", "message": catalog.text(sentences.RECALLED, code=code)}
        case Phase.FAILED:
            code = case.failed.code if case.failed else "engine_error"
            return {"code": code, "message": catalog.text(sentences.ENGINE_FAILED, why=_cause(record, code, catalog))}
        case Phase.REFUSED if case.declined:
            declined = catalog.text(sentences.ENGINE_DECLINED, code=case.declined.code)
            return {"code": "engine_declined", "message": declined}
        case Phase.REFUSED:
            reason = translated_reason(case.verdict.reason, explanation, catalog) if case.verdict else ""
            return {"code": "policy_refused", "message": reason or catalog.text(sentences.POLICY_REFUSED)}
    return None


def _cause(record: CaseRecord, code: str, catalog: CreatorCatalog) -> str:
    """Why the engine failed: in its own words, which are English; to others what its code means, then those."""
    if catalog is ENGLISH_CATALOG or code not in sentences.FAILURE_CAUSES:
        return record.failure or code
    cause = catalog.text(sentences.FAILURE_CAUSES[code])
    return f"{cause} ({catalog.isolated(record.failure)})" if record.failure else cause


def _assay(case: Case, explanation: CaseExplanation | None, catalog: CreatorCatalog) -> dict[str, Any]:
    return _standing(case, explanation, catalog) | _reference(case)


def _reference(case: Case) -> dict[str, Any]:
    """As what a reference came and as what it is screened and sent to an engine."""
    asked = case.request
    if not asked.references:
        return {}
    return {"reference": {"received": asked.references[0].media_type, "sent": asked.engine_inputs[0].media_type}}


def _standing(case: Case, explanation: CaseExplanation | None, catalog: CreatorCatalog) -> dict[str, Any]:
    verdict = case.verdict
    reason = translated_reason(verdict.reason, explanation, catalog) if verdict else ""
    return {
        "language": catalog.code,
        "phase": case.phase.value,
        "decision": verdict.decision.name.lower() if verdict else None,
        "rules": list(verdict.rules) if verdict else [],
        "reason": catalog.text(sentences.HELD_BY_FAILURE) if case.held_by_failure else reason,
        "revision": case.revision,
        "waiting": _waiting(case),
    }


def _waiting(case: Case) -> dict[str, Any] | None:
    """What the video waits for while that is away, and since when (whole seconds since 1970)."""
    return {"reason": case.waiting.reason, "since": int(case.waiting.since.timestamp())} if case.waiting else None


def _model(case: Case) -> str:
    """Which model made it, or was asked to; an engine that names none is named itself."""
    made = case.rendered
    return (made.model or made.engine) if made else case.request.model


def _size(case: Case) -> str:
    made = case.rendered
    return f"{made.width}x{made.height}" if made and made.width else case.request.size


def _seconds(case: Case) -> str:
    made, asked = case.rendered, case.request.seconds
    if made and made.duration:
        return f"{made.duration:.2f}".rstrip("0").rstrip(".")
    return "" if asked is None else f"{asked:g}"
