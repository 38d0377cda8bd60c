"""GET /v1/models: what may be named as `model` when a video is asked for. Many clients call it to try a connection."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from console.gateway.video_object import UnstatedValues
from console.web.auth import BearerUser
from console.web.context import ContextDep
from core.errors import NotFound
from pipeline.engines.engine_table import offered_models
from pipeline.settings import Settings

models_router = APIRouter(prefix="/v1/models", tags=["models"])


def model_names(settings: Settings) -> tuple[str, ...]:
    """The models by name: those of the table of engines, or the one of the engine; its own choice is `default`."""
    if settings.engine == "routed":
        return tuple(model.id for model in offered_models(settings))
    return (settings.engine_model or UnstatedValues().model,)


@models_router.head("", include_in_schema=False)
@models_router.get("", summary="Models that can be asked for")
def list_models(who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """As OpenAI lists them."""
    del who
    settings = context.installation.settings
    return {"object": "list", "data": [_model(name, settings) for name in model_names(settings)]}


@models_router.get("/{model:path}", summary="A model")
def retrieve_model(model: str, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """One of those that are listed."""
    del who
    settings = context.installation.settings
    if model not in model_names(settings):
        raise NotFound("there is no such model here")
    return _model(model, settings)


def _model(name: str, settings: Settings) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": settings.provider or "assay"}
