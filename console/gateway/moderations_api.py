"""POST /v1/moderations in the shape of OpenAI's, so that existing clients screen texts here without a change.

What Assay measures is mapped to that vocabulary; under `assay` stands what it has no words for: the decision, and its
reasons with the words that carry them. Scores are told to moderators only: to others a category has 1 or 0.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from functools import partial
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import AcceptLanguage, ContextDep
from core.errors import BadInput
from core.text_styles import TextStyle
from core.verdicts import Decision
from pipeline.case_explanation import ExplainedReason, explained
from pipeline.creator_texts.catalogs import creator_catalog
from pipeline.disclosure import sees_everything
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.long_texts import FOUND_SCORE, highest_scores, screen_pieces

moderations_router = APIRouter(prefix="/v1/moderations", tags=["moderations"])

MAX_INPUTS = 128

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
    style: TextStyle | None = Field(
        None, description="`video`, `chat` or `post`: what the texts are. Left out, it is told from the words."
    )
    model: str = Field("", description="Taken and not heeded: the policy in force decides.")


@moderations_router.post("", summary="Screen texts, in the shape of OpenAI's moderation endpoint")
def moderate(body: ModerationBody, who: BearerUser, context: ContextDep, accepted: AcceptLanguage) -> dict[str, Any]:
    """Opens no case and keeps nothing. `flagged` is true where policy would hold or refuse.

    Long texts are read whole, in pieces. A category that could not be measured is null, and never said to be found.
    """
    texts = _texts(body.input)
    screen = partial(context.service.opinions.screen, who, style=body.style)
    screened = [screen_pieces(text, screen) for text in texts]
    return {
        "id": f"modr-{secrets.token_hex(12)}",
        "model": f"assay-{screened[0][0][1].verdict.policy[:12]}",
        "results": [_result(pieces, accepted, scores=sees_everything(who)) for pieces in screened],
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


def _result(pieces: list[tuple[str, DryRunVerdict]], accept_language: str, *, scores: bool) -> dict[str, Any]:
    """Of a text the answer for its gravest piece, with the highest scores and the reasons of all."""
    mine, gravest = highest_scores(pieces), pieces[0][1]
    theirs = {name: _lowest([mine.get(label) for label in labels]) for name, labels in _CATEGORIES.items()}
    catalog = creator_catalog(gravest.language or "", accept_language)
    flagged = gravest.verdict.decision is not Decision.ALLOW
    # As with OpenAI's: in a text that policy lets pass no category is found, however high one score may be.
    found = {name: None if score is None else flagged and score >= FOUND_SCORE for name, score in theirs.items()}
    told = {name: None if one is None else float(one) for name, one in found.items()}
    return {
        "flagged": flagged,
        "categories": found,
        "category_scores": theirs if scores else told,
        "category_applied_input_types": {name: ["text"] for name in theirs},
        "assay": {
            "decision": gravest.verdict.decision.name.lower(),
            "language": gravest.language,
            "reasons": [asdict(reason) | {"text": catalog.text(reason.text)} for reason in _reasons(pieces)],
            "policy": gravest.verdict.policy,
        }
        | ({"scores": mine} if scores else {}),
    }


def _reasons(pieces: list[tuple[str, DryRunVerdict]]) -> list[ExplainedReason]:
    """Each rule once, with the words of the piece in which it counted first."""
    found: dict[str, ExplainedReason] = {}
    for text, opinion in pieces:
        for reason in explained(opinion.reasons, text, opinion.measured.signals):
            found.setdefault(reason.rule, reason)
    return list(found.values())


def _lowest(found: list[float | None]) -> float | None:
    """None where what matters could not be measured: `flagged` says by policy what then becomes of the text."""
    known = [score for score in found if score is not None]
    if known and min(known) < FOUND_SCORE:
        return min(known)  # whatever the other label is, the category is not found
    return None if len(known) < len(found) else min(known)
