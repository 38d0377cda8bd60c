"""LiteLLM's generic guardrail contract as one route: whoever runs LiteLLM puts this screening before any model.

The contract is LiteLLM's page "Generic Guardrail API" (beta, read on 2026-11-29): texts come in, and `NONE`, `BLOCKED`
or `GUARDRAIL_INTERVENED` with changed texts goes out. Nothing is kept, and no case is opened. What cannot be screened
is blocked by name.
"""

from __future__ import annotations

import base64
import shutil
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import ApiKeyUser
from console.web.context import ContextDep, RequestContext
from console.web.scans import scan_reference
from console.web.uploads import new_upload_folder
from core.errors import BadInput
from core.roles import Principal
from core.text_styles import TextStyle
from core.verdicts import Decision
from pipeline.creator_texts.catalogs import creator_catalog
from pipeline.creator_texts.sentences import PICTURE_REFUSED, POLICY_REFUSED
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.long_texts import MAX_PIECE_CHARS, text_pieces
from pipeline.screening.prompt_explanation import ScreenPrompt, smallest_edit

guardrail_router = APIRouter(prefix="/beta/litellm_basic_guardrail_api", tags=["guardrail"])

_MAX_TEXTS = 512
_MAX_IMAGES = 16


class GuardrailRequest(BaseModel):
    """What LiteLLM sends. Fields that are not named here describe the call and are not content; they are not read."""

    model_config = ConfigDict(extra="allow")

    texts: Annotated[list[str], Field(max_length=_MAX_TEXTS)] = Field(default=[], description="Texts of the call.")
    images: Annotated[list[str], Field(max_length=_MAX_IMAGES)] | None = Field(
        None,
        description="As base64 or data: URLs, screened as references. Addresses are not fetched: blocked.",
    )
    tool_calls: list[dict[str, Any]] | None = Field(None, description="Their arguments are screened as texts.")
    input_type: Literal["request", "response"] = Field("request", description="Both are screened alike.")
    additional_provider_specific_params: dict[str, Any] | None = Field(
        None, description="`edit`: true to take out the words that stand in the way, where that is enough."
    )


class GuardrailResponse(BaseModel):
    """What is to become of the call. `texts` are all of them, in their order, where some were changed."""

    action: Literal["NONE", "BLOCKED", "GUARDRAIL_INTERVENED"]
    blocked_reason: str | None = None
    texts: list[str] | None = None


@guardrail_router.post("", summary="Screen a call of LiteLLM's", response_model_exclude_none=True)
async def apply_guardrail(
    request: Request, body: GuardrailRequest, who: ApiKeyUser, context: ContextDep
) -> GuardrailResponse:
    """Blocked is what policy would hold or refuse."""
    screen = partial(_screened, body, who, context)
    return await (scan_reference(request, context, screen) if body.images else to_thread.run_sync(screen))


def _screened(body: GuardrailRequest, who: Principal, context: RequestContext) -> GuardrailResponse:
    screen = partial(context.service.opinions.screen, who, style=TextStyle.CHAT)
    if reason := _reason_against_pictures(body.images or [], body.texts, context, who):
        return _blocked(reason)
    quick = partial(screen, with_places=False)  # an answer here does not say in which words a reason lies
    if against := _first_against(_arguments(body.tool_calls or []), quick):
        return _blocked(_reason(against))
    may_edit = (body.additional_provider_specific_params or {}).get("edit") is True
    texts = []
    for text in body.texts:
        against = _first_against([text], screen if may_edit else quick)
        edited = _edited(text, quick, against) if against and may_edit else None
        if against and edited is None:
            return _blocked(_reason(against))
        texts.append(text if edited is None else edited)
    if texts != body.texts:
        return GuardrailResponse(action="GUARDRAIL_INTERVENED", texts=texts)
    return GuardrailResponse(action="NONE")


def _blocked(reason: str) -> GuardrailResponse:
    return GuardrailResponse(action="BLOCKED", blocked_reason=reason)


def _reason(opinion: DryRunVerdict, otherwise: str = POLICY_REFUSED) -> str:
    """In the language of the text; English where it has no catalog. LiteLLM's own Accept-Language is nobody's."""
    catalog = creator_catalog(opinion.language or "")
    own = {reason.text for reason in opinion.reasons}
    return catalog.reason(opinion.verdict.reason, own) or catalog.text(otherwise)


def _first_against(texts: list[str], screen: ScreenPrompt) -> DryRunVerdict | None:
    """What is said of the first piece of these texts that is not allowed; None where all are."""
    opinions = (screen(piece) for text in texts for piece in text_pieces(text))
    return next((opinion for opinion in opinions if opinion.verdict.decision is not Decision.ALLOW), None)


def _reason_against_pictures(images: list[str], texts: list[str], context: RequestContext, who: Principal) -> str:
    """Why the first of these pictures that is not allowed is not, or cannot be screened; empty where all are.

    Each is judged beside the words that it came with, as a reference is beside its prompt.
    """
    if not images:
        return ""
    beside = next((piece for text in texts for piece in text_pieces(text)), "a picture")
    folder = new_upload_folder(context.upload_folder)
    files = (_picture_file(image, folder) for image in images)  # one at a time, each in the place of the one before
    try:
        for opinion in context.service.opinions.inspect_references(who, files, beside):
            if opinion.verdict.decision is not Decision.ALLOW:
                return _reason(opinion, PICTURE_REFUSED)
    except BadInput as error:
        return f"A picture could not be screened: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return ""


def _picture_file(image: str, folder: Path) -> Path:
    """The picture as a file. Raises BadInput for an address: what a stranger names is not fetched."""
    head, comma, data = image.partition(",")
    if comma and not (head.startswith("data:") and head.endswith(";base64")):
        raise BadInput("it is no base64 data: URL")
    file = folder / "picture"
    try:
        file.write_bytes(base64.b64decode(data if comma else image, validate=True))
    except ValueError:  # not base64, or not even ASCII
        raise BadInput("it is neither base64 nor a data: URL; addresses are not fetched") from None
    return file


def _edited(text: str, screen: ScreenPrompt, against: DryRunVerdict) -> str | None:
    """The text without the words that stood in its way; None where that is not enough, or the text is too long."""
    if len(text) > MAX_PIECE_CHARS:
        return None
    edit = smallest_edit(text, screen, against)
    return edit.text if edit else None


def _arguments(tool_calls: list[dict[str, Any]]) -> list[str]:
    functions = [call.get("function") for call in tool_calls]
    return [str(f["arguments"]) for f in functions if isinstance(f, dict) and f.get("arguments")]
