"""POST /v1/moderations in the shape of OpenAI's, so that existing clients screen texts here without a change.

What Assay measures is mapped to that vocabulary; under `assay` stands what it has no words for: the decision, and its
reasons with the words that carry them. Scores are told to moderators only: to others a category has 1 or 0.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
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
from pipeline.screening.long_texts import highest_scores, screen_pieces
from pipeline.screening.moderation_categories import category_findings

moderations_router = APIRouter(prefix="/v1/moderations", tags=["moderations"])

MAX_INPUTS = 128


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

    Long texts are read whole, in pieces. A category is true where policy stops the text for it, and null
    where it could not be measured.
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
    gravest, findings = pieces[0][1], category_findings(pieces)
    found = {name: one.found for name, one in findings.items()}
    told = {name: None if one is None else float(one) for name, one in found.items()}
    catalog = creator_catalog(gravest.language or "", accept_language)
    return {
        "flagged": gravest.verdict.decision is not Decision.ALLOW,
        "categories": found,
        "category_scores": {name: one.score for name, one in findings.items()} if scores else told,
        "category_applied_input_types": {name: ["text"] for name in found},
        "assay": {
            "decision": gravest.verdict.decision.name.lower(),
            "language": gravest.language,
            "reasons": [reason | {"text": catalog.text(reason["text"])} for reason in _reasons(pieces)],
            "policy": gravest.verdict.policy,
        }
        | ({"scores": highest_scores(pieces)} if scores else {}),
    }


def _reasons(pieces: list[tuple[str, DryRunVerdict]]) -> list[dict[str, Any]]:
    """Each rule once, with the words of the piece in which it counted first.

    Rules that only lack a measurement all say the same sentence: it is said once, last, and `rules` counts them.
    """
    reasons: dict[str, ExplainedReason] = {}
    for text, opinion in pieces:
        for reason in explained(opinion.reasons, text, opinion.measured.signals):
            if reason.rule not in reasons or (reasons[reason.rule].missing and not reason.missing):
                reasons[reason.rule] = reason
    found = [reason for reason in reasons.values() if not reason.missing]
    missing = [reason for reason in reasons.values() if reason.missing]
    if len(missing) > 1:
        nameless = replace(missing[0], rule="", dsa="")
        return [*(asdict(one) | {"rules": 1} for one in found), asdict(nameless) | {"rules": len(missing)}]
    return [asdict(one) | {"rules": 1} for one in found + missing]
