"""An order as the body of a request, as the engine's profile says."""

from __future__ import annotations

import base64
import json
from typing import Any

from core.errors import RenderFailed
from core.ports import RenderRequest
from media.file_kind import file_kind
from pipeline.engines.body_format import WireFormat
from pipeline.engines.engine_profile import EngineProfile
from pipeline.engines.parameter_paths import object_of_text


def request_body(order: RenderRequest, model: str, profile: EngineProfile, body_format: WireFormat) -> dict[str, Any]:
    """The arguments of an httpx request. `model` is asked for where the order names none.

    Raises RenderFailed for a parameter that the profile does not name: another engine may have been set up since.
    """
    fields = {"prompt": order.prompt, **_openai_fields(order, model, profile), **_own_parameters(order, profile)}
    if body_format == "json":
        return {"json": fields | _json_reference(order, profile)}
    return {"files": _form_parts(fields, order, profile)}


def can_be_json(order: RenderRequest, profile: EngineProfile) -> bool:
    """Whether JSON can carry all of the order: some engines read a reference from a form only."""
    return order.reference is None or profile.reference_json != "none"


def _openai_fields(order: RenderRequest, model: str, profile: EngineProfile) -> dict[str, Any]:
    fields: dict[str, Any] = {"model": order.model or model, "size": order.size}
    if order.seconds is not None:
        fields["seconds"] = f"{order.seconds:g}" if profile.seconds_as == "text" else _plain_number(order.seconds)
    return {name: value for name, value in fields.items() if value}


def _own_parameters(order: RenderRequest, profile: EngineProfile) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in {**order.parameters, **order.parameter_texts}.items():
        known = profile.parameters.get(name)
        if known is None:
            raise RenderFailed("invalid_parameters", f"this engine does not take the parameter {name}")
        _put(
            fields,
            (known.sent_as or name).split("."),
            object_of_text(value) if known.type == "object" and isinstance(value, str) else value,
        )
    return fields


def _put(fields: dict[str, Any], place: list[str], value: Any) -> None:
    for step in place[:-1]:
        fields = fields.setdefault(step, {})
    fields[place[-1]] = value


def _json_reference(order: RenderRequest, profile: EngineProfile) -> dict[str, Any]:
    if not order.reference:
        return {}
    data = base64.b64encode(order.reference.read_bytes()).decode("ascii")
    url = f"data:{file_kind(order.reference)};base64,{data}"
    return {profile.reference_field: {"image_url": url} if profile.reference_json == "object" else url}


def _form_parts(
    fields: dict[str, Any], order: RenderRequest, profile: EngineProfile
) -> list[tuple[str, tuple[Any, ...]]]:
    parts: list[tuple[str, tuple[Any, ...]]] = [(name, (None, _form_value(value))) for name, value in fields.items()]
    if order.reference:
        kind = file_kind(order.reference)
        content = (f"reference{kind.suffix}", order.reference.read_bytes(), kind.value)
        parts.append((profile.reference_field, content))
    return parts


def _form_value(value: Any) -> str:
    """A text as it is; anything else as JSON writes it: an object in a form is JSON in one field."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain_number(value: float) -> int | float:
    return int(value) if value == int(value) else value
