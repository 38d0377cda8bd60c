"""POST /v1/moderations in the shape of OpenAI's, so that existing clients screen texts here without a change.

What Assay measures is mapped to that vocabulary; under `assay` stands what it has no words for: the decision, and its
reasons with the words that carry them. Scores are told to moderators only: to others a category has 1 or 0.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import AcceptLanguage, ContextDep
from core.errors import BadInput
from core.verdicts import Decision
from pipeline.case_explanation import explained
from pipeline.creator_texts.catalogs import creator_catalog
from pipeline.disclosure import sees_everything
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.prompt_explanation import top_scores

moderations_router = APIRouter(prefix="/v1/moderations", tags=["moderations"])

MAX_INPUTS = 128
_FLAG_THRESHOLD = 0.5

# Each category is as high as the lowest of its labels.
_CATEGORIES: dict[str, tuple[str, ...]] = {
    "harassment": ("harassment",),
    "harassment/threatening": ("harassment", "violence"),
    "hate": ("hate",),
    "hate/threatening": ("hate", "violence"),
    "illicit": ("illicit",),
    "illicit/violent": ("illicit", "violence"),
    "self-harm": ("self_harm",),
    "self-harm/intent": ("self_harm",),
    "self-harm/instructions": ("self_harm", "illicit"),
    "sexual": ("sexual",),
    "sexual/minors": ("sexual_minors",),
    "violence": ("violence",),
    "violence/graphic": ("gore",),
}


class TextInputPart(BaseModel):
    """One part of an input. Texts only: pictures are not screened here."""

    type: str = Field(description="`text`.")
    text: str = ""


class ModerationBody(BaseModel):
    """Texts to screen."""

    model_config = ConfigDict(extra="allow")

    input: str | list[str] | list[TextInputPart] = Field(description="A text, several, or parts of type `text`.")
    model: str = Field("", description="Taken and not heeded: the policy in force decides.")


@moderations_router.post("", summary="Screen texts, in the shape of OpenAI's moderation endpoint")
def moderate(body: ModerationBody, who: BearerUser, context: ContextDep, accepted: AcceptLanguage) -> dict[str, Any]:
    """Opens no case and keeps nothing. `flagged` is true where policy would hold or refuse."""
    texts = _texts(body.input)
    opinions = [context.service.screen(who, text) for text in texts]
    return {
        "id": f"modr-{secrets.token_hex(12)}",
        "model": f"assay-{opinions[0].verdict.policy[:12]}",
        "results": [
            _result(opinion, text, accepted, scores=sees_everything(who))
            for opinion, text in zip(opinions, texts, strict=True)
        ],
    }


def _texts(given: str | list[str] | list[TextInputPart]) -> list[str]:
    parts = [given] if isinstance(given, str) else given
    if not 0 < len(parts) <= MAX_INPUTS:
        raise BadInput(f"between 1 and {MAX_INPUTS} inputs are taken")
    found = []
    for part in parts:
        if isinstance(part, TextInputPart) and part.type != "text":
            raise BadInput(f"inputs of type {part.type!r} are not screened here; send a video to a case instead")
        found.append(part.text if isinstance(part, TextInputPart) else part)
    return found


def _result(opinion: DryRunVerdict, text: str, accept_language: str, *, scores: bool) -> dict[str, Any]:
    mine = top_scores(opinion)
    theirs = {name: _lowest([mine.get(label) for label in labels]) for name, labels in _CATEGORIES.items()}
    catalog = creator_catalog(opinion.language or "", accept_language)
    reasons = explained(opinion.reasons, text, opinion.measured.signals)
    flagged = {name: score >= _FLAG_THRESHOLD for name, score in theirs.items()}
    return {
        "flagged": opinion.verdict.decision is not Decision.ALLOW,
        "categories": flagged,
        "category_scores": theirs if scores else {name: float(found) for name, found in flagged.items()},
        "category_applied_input_types": {name: ["text"] for name in theirs},
        "assay": {
            "decision": opinion.verdict.decision.name.lower(),
            "language": opinion.language,
            "reasons": [asdict(reason) | {"text": catalog.text(reason.text)} for reason in reasons],
            "policy": opinion.verdict.policy,
        }
        | ({"scores": mine} if scores else {}),
    }


def _lowest(found: list[float | None]) -> float:
    """What could not be measured counts as found: whoever reads only these numbers is not told that all is well."""
    return min(1.0 if score is None else score for score in found)
