"""A case as OpenAI's Videos API would show it, with what Assay has to add under `assay`.

Field names are those of `openai.types.Video`. A hold has no word there: to a client that knows nothing of Assay
it is a video that takes longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.case import Case, Phase
from core.events import Published
from core.ports import RecordedEvent

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


def video_object(case: Case, history: Sequence[RecordedEvent], prompt: str | None, failure: str = "") -> dict[str, Any]:
    """The video object. `prompt` is None where it was erased; times are whole seconds since 1970.

    `failure` is why the engine could not make it, in its words.
    """
    published = [e.at for e in history if isinstance(e.event, Published)]
    return {
        "id": case.id,
        "object": "video",
        "model": case.request.model or (case.commissioned.engine if case.commissioned else ""),
        "status": video_status(case),
        "progress": _PROGRESS.get(case.held_at or case.phase, 0),
        "created_at": int(history[0].at.timestamp()),
        "completed_at": int(published[-1].timestamp()) if published else None,
        "expires_at": None,
        "prompt": prompt,
        "size": _size(case),
        "seconds": _seconds(case),
        "remixed_from_video_id": case.request.parent or None,
        "error": _error(case, failure),
        "assay": _assay(case),
    }


def video_status(case: Case) -> str:
    """queued, in_progress, completed or failed."""
    match case.phase:
        case Phase.NEW | Phase.SUBMITTED:
            return "queued"
        case Phase.PUBLISHED:
            return "completed"
        case Phase.REFUSED | Phase.FAILED | Phase.RECALLED | Phase.WITHDRAWN:
            return "failed"
    return "in_progress"


def _error(case: Case, failure: str) -> dict[str, str] | None:
    match case.phase:
        case Phase.RECALLED | Phase.WITHDRAWN:
            code = case.recalled.code if case.recalled else ""
            return {"code": "recalled", "message": f"This video was recalled ({code})."}
        case Phase.FAILED:
            code = case.failed.code if case.failed else "engine_error"
            return {"code": code, "message": f"The engine could not make this video: {failure or code}."}
        case Phase.REFUSED if case.declined:
            return {"code": "engine_declined", "message": f"The engine declined to make this ({case.declined.code})."}
        case Phase.REFUSED:
            reason = case.verdict.reason if case.verdict else ""
            return {"code": "policy_refused", "message": reason or "This does not fit the policy."}
    return None


def _assay(case: Case) -> dict[str, Any]:
    return _standing(case) | _reference(case)


def _reference(case: Case) -> dict[str, Any]:
    """As what a reference came and as what it is screened and sent to an engine."""
    asked = case.request
    if not asked.references:
        return {}
    return {"reference": {"received": asked.references[0].media_type, "sent": asked.engine_inputs[0].media_type}}


def _standing(case: Case) -> dict[str, Any]:
    verdict, waits = case.verdict, case.phase is Phase.HELD and case.last_failure is not None
    return {
        "phase": case.phase.value,
        "decision": verdict.decision.name.lower() if verdict else None,
        "rules": list(verdict.rules) if verdict else [],
        "reason": "A part of Assay broke; somebody is looking at it." if waits else verdict.reason if verdict else "",
        "revision": case.revision,
        "waiting": _waiting(case),
    }


def _waiting(case: Case) -> dict[str, Any] | None:
    """What the video waits for while that is away, and since when (whole seconds since 1970)."""
    return {"reason": case.waiting.reason, "since": int(case.waiting.since.timestamp())} if case.waiting else None


def _size(case: Case) -> str:
    made = case.rendered
    return f"{made.width}x{made.height}" if made and made.width else case.request.size


def _seconds(case: Case) -> str:
    made, asked = case.rendered, case.request.seconds
    if asked is not None:
        return f"{asked:g}"
    return f"{made.duration:.3g}" if made and made.duration else ""
