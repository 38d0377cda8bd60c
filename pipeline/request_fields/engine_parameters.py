"""The parameters of an engine's own, checked at the door against its profile. None is dropped without a word.

Whatever is a text is kept apart from numbers and closed words, so that it is screened as the prompt is.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.errors import BadInput
from core.events import ParameterValue
from pipeline.engines.engine_profile import EngineParameter, EngineProfile, parse_size
from pipeline.engines.engine_table import profiles_for_model
from pipeline.engines.offered_sizes import require_offered_seconds, require_offered_size
from pipeline.engines.parameter_paths import MAX_LEAVES, flatten_parameter
from pipeline.request_fields.reference_fields import is_reference_field
from pipeline.settings import Settings
from pipeline.video_request import MAX_PROMPT_LENGTH, VideoRequest

OWN_FIELDS = frozenset(
    {
        *("prompt", "model", "seconds", "size", "remixed_from_video_id"),
        *("cameos", "characters", "character_ids", "purpose", "territory", "voices"),
        *("audience", "account_minor", "region", "tier", "safety_identifier", "user"),
    }
)
"""Fields that Assay reads itself, beside references. In a form also with brackets, as `characters[][id]`."""

MAX_INTEGER = 2**53 - 1  # beyond it JSON's numbers are not exact everywhere

_WHOLE = re.compile(r"[-+]?\d{1,16}", re.ASCII)
_DECIMAL = re.compile(r"[-+]?\d{1,16}(\.\d{1,16})?([eE][-+]?\d{1,2})?", re.ASCII)
_SECONDS = re.compile(r"\d{1,4}(\.\d{1,3})?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}")
_BRACKET = re.compile(r"\[([A-Za-z0-9_-]{0,64})\]")
_ELSEWHERE = re.compile(r"\s*(?:data:|file:|[/\\~]|[a-z]:[/\\])|.*(?:://|\.\.[/\\])", re.IGNORECASE | re.DOTALL)
_NAMES_A_FILE = re.compile(
    r"(?:^|[_.])(?:path|url|uri|file|image|video|audio|picture|reference)s?(?:\[\d+\])*$", re.IGNORECASE
)
_FLAGS: Mapping[object, bool] = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFields:
    """What an order says to the engine: values, texts (objects as JSON), and names of fields that are not used."""

    parameters: Mapping[str, ParameterValue]
    texts: Mapping[str, str]
    ignored: tuple[str, ...] = ()


def with_engine_fields(
    request: VideoRequest,
    given: Mapping[str, Any],
    settings: Settings,
    *,
    unknown: Literal["refuse", "ignore"] | None = None,
) -> VideoRequest:
    """The request with what it says to the engine, checked against the profiles of the engines that have its model.

    One that takes it is enough, the one that ignores least. `unknown` says what becomes of fields that no profile
    names, by default as the settings say. Raises BadInput with what the first says against it.
    """
    accepted: list[VideoRequest] = []
    refusals: list[BadInput] = []
    for profile in profiles_for_model(settings, request.model):
        try:
            accepted.append(_checked(request, given, profile, unknown or settings.unknown_parameters))
        except BadInput as error:
            refusals.append(error)
    if not accepted:
        raise refusals[0]
    return min(accepted, key=lambda one: len(one.ignored))


def _checked(
    request: VideoRequest, given: Mapping[str, Any], profile: EngineProfile, unknown: Literal["refuse", "ignore"]
) -> VideoRequest:
    with _about("size"):
        size = require_offered_size(request.size, profile)
    with _about("seconds"):
        seconds = require_offered_seconds(request.seconds, profile)
    fields = read_engine_fields(given, profile, unknown=unknown, size=request.size)
    return replace(
        request,
        size=size,
        seconds=seconds,
        parameters=fields.parameters,
        parameter_texts=fields.texts,
        ignored=fields.ignored,
    )


def read_engine_fields(
    given: Mapping[str, Any], profile: EngineProfile, *, unknown: Literal["refuse", "ignore"], size: str = ""
) -> EngineFields:
    """Every field that is not Assay's own, typed and bounded. Raises BadInput, naming the field.

    Fields without a value (null, or empty in a form) are not given. `size` is what the order asks for besides.
    """
    values: dict[str, ParameterValue] = {}
    texts: dict[str, str] = {}
    ignored: list[str] = []
    for name, value in given.items():
        if value is None or is_own_field(name):
            continue
        if name in profile.refused:
            raise BadInput(f"{name} is not taken: {profile.refused[name]}", param=name)
        if name not in profile.parameters:
            ignored.append(_unknown(name, profile, unknown))
            continue
        with _about(name):
            read = _read(name, value, profile.parameters[name])
        if profile.parameters[name].type in ("text", "object") and read:
            texts[name] = str(read)
        elif profile.parameters[name].type != "object":
            values[name] = read
    _check_amount(texts)
    _check_size_agrees(values, size)
    return EngineFields(parameters=values, texts=texts, ignored=tuple(sorted(ignored)))


def parse_seconds(value: object) -> float | None:
    """Seconds as a number or a text, None where none are given. Raises BadInput."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 9999:  # also refuses NaN
        return float(value)
    raise BadInput("seconds must be a number, as 4 or 7.5", param="seconds")


def form_fields(fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The fields of a form as JSON would have them: `lora[name]` is an object, `frames[]` a list. Raises BadInput."""
    found: dict[str, Any] = {}
    for name, value in fields:
        base = base_name(name)
        if is_own_field(name) or not value:
            continue
        keys = _BRACKET.findall(name[len(base) :])
        if not base or "".join(f"[{key}]" for key in keys) != name[len(base) :]:
            raise BadInput(f"{_shown(name)} is not the name of a field")
        _put(found, base, keys, value)
    return found


def is_own_field(name: str) -> bool:
    """Whether Assay reads a field itself, so that it is nothing for the engine."""
    return base_name(name) in OWN_FIELDS or is_reference_field(name)


def base_name(name: str) -> str:
    """The name of a form's field without what stands in brackets behind it."""
    return name.partition("[")[0]


@contextmanager
def _about(param: str) -> Iterator[None]:
    """Errors raised inside name this field, as OpenAI's `param`."""
    try:
        yield
    except BadInput as error:
        raise BadInput(str(error), param=param) from None


def _put(found: dict[str, Any], base: str, keys: list[str], value: str) -> None:
    at, last = found, base
    for position, key in enumerate(keys):
        if not key:  # a list: only as the innermost
            if position != len(keys) - 1:
                raise BadInput(f"{base}: a list of objects is sent as JSON in one field")
            at = at.setdefault(last, [])
            if not isinstance(at, list):
                raise BadInput(f"{base} is given in two ways")
            at.append(value)
            return
        at, last = at.setdefault(last, {}), key
        if not isinstance(at, dict):
            raise BadInput(f"{base} is given in two ways")
    if last in at:
        raise BadInput(f"{base} is given twice")
    at[last] = value


def _unknown(name: str, profile: EngineProfile, unknown: str) -> str:
    if unknown == "refuse":
        offered = ", ".join(sorted(profile.parameters)) or "none"
        raise BadInput(f"{_shown(name)} is not a parameter of this engine (its own are: {offered})", param=name[:80])
    return name if _NAME.fullmatch(name) else "a field whose name is no word"


def _read(name: str, value: Any, known: EngineParameter) -> ParameterValue:
    """The value of one parameter; an object as JSON, empty where nothing is in it."""
    match known.type:
        case "integer":
            return _integer(name, value, known)
        case "number":
            return _number(name, value, known)
        case "boolean":
            return _boolean(name, value)
        case "text":
            return _text(name, value, known)
        case "object":
            return _object(name, value, known)
    if value not in known.choices:
        raise BadInput(f"{name} must be one of {', '.join(known.choices)}")
    return str(value)


def _object(name: str, value: Any, known: EngineParameter) -> str:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadInput(f"{name} must be an object, in a form as JSON") from None
    if not isinstance(value, dict):
        raise BadInput(f"{name} must be an object")
    if known.keys:
        value = _with_known_keys(name, value, known)
    leaves = list(flatten_parameter(name, value)) if value else []
    if len(leaves) > MAX_LEAVES:
        raise BadInput(f"{name} holds more than {MAX_LEAVES} values")
    for path, leaf in () if known.keys else leaves:
        _check_open_value(path, leaf)
    return json.dumps(value, ensure_ascii=False) if leaves else ""


def _with_known_keys(name: str, value: dict[str, Any], known: EngineParameter) -> dict[str, Any]:
    for key in value:
        if key not in known.keys:
            raise BadInput(f"{name} has no {_shown(str(key))}; it has {', '.join(known.keys)}")
    return {key: _read(f"{name}.{key}", inner, known.keys[key]) for key, inner in value.items() if inner is not None}


def _check_open_value(path: str, value: ParameterValue) -> None:
    """A value of an object whose keys nobody listed. No addresses and no paths: what lies there is not screened."""
    if not isinstance(value, str):
        _finite(path, value)
        return
    if _ELSEWHERE.match(value) or _NAMES_A_FILE.search(path):
        raise BadInput(f"{path} may not be an address or a path: send a reference as input_reference")
    _text(path, value, EngineParameter(type="text"))


def _integer(name: str, value: Any, known: EngineParameter) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadInput(f"{name} must be a whole number")
    _check_bounds(name, value, known)
    if known.multiple_of and value % known.multiple_of:
        raise BadInput(f"{name} must be a multiple of {known.multiple_of}")
    return value


def _number(name: str, value: Any, known: EngineParameter) -> float:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadInput(f"{name} must be a number")
    _check_bounds(name, value, known)
    return float(value)


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in _FLAGS:
        raise BadInput(f"{name} must be true or false")
    return _FLAGS[value.lower()]


def _text(name: str, value: Any, known: EngineParameter) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name} must be a text")
    if len(value) > known.max_length:
        raise BadInput(f"{name} has more than {known.max_length} characters")
    if "\0" in value or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise BadInput(f"{name} holds something that is not a character")
    if known.pattern and not re.fullmatch(known.pattern, value):
        raise BadInput(f"{name} is not written as it has to be: no address, and no path that leads elsewhere")
    return value


def _finite(name: str, value: ParameterValue) -> ParameterValue:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"{name} must be a number that is not infinite")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise BadInput(f"{name} is larger than any number that is passed on exactly")
    return value


def _check_bounds(name: str, value: float, known: EngineParameter) -> None:
    _finite(name, value)
    if (known.min is not None and value < known.min) or (known.max is not None and value > known.max):
        low, high = (f"{bound:.16g}" if bound is not None else "any" for bound in (known.min, known.max))
        raise BadInput(f"{name} must lie between {low} and {high}")


def _check_amount(texts: Mapping[str, str]) -> None:
    if sum(map(len, texts.values())) > MAX_PROMPT_LENGTH:
        raise BadInput(f"the texts among the parameters have more than {MAX_PROMPT_LENGTH} characters together")


def _check_size_agrees(values: Mapping[str, ParameterValue], size: str) -> None:
    """Two different sizes in one order: an engine would follow one of them without a word."""
    sides = parse_size(size)
    for name, side in zip(("width", "height"), sides or (), strict=False):
        if name in values and values[name] != side:
            raise BadInput(f"{name} and size contradict each other", param=name)


def _shown(value: str) -> str:
    """What somebody sent, short enough for an error's one line."""
    return repr(value[:40] + ("…" if len(value) > 40 else ""))
