"""Records to JSON and back, by their types. Unknown fields are ignored: a newer worker may have written them."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import Any, Union, get_args, get_origin, get_type_hints

from core.events import Event

_EVENTS: dict[str, Any] = {kind.__name__: kind for kind in get_args(Event)}
_FORMER_EVENTS = {"Faltered": "StageFailed"}  # events that older versions stored under another name
_FORMER_FIELDS: dict[str, dict[str, str]] = {  # record → its field → the name under which older versions stored it
    "Case": {"failures": "stumbles", "last_failure": "faltered"},
}
_PLAIN = frozenset({str, int, float, bool, type(None)})


def dump(value: Any) -> Any:
    """A record as plain JSON values."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if (names := _fields(kind)) is not None:
        return {name: dump(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [dump(item) for item in value]
    if isinstance(value, dict):
        return {key: dump(item) for key, item in value.items()}
    return value


def load(kind: Any, value: Any) -> Any:
    """Plain JSON values as a record of this type. Raises TypeError or ValueError for what does not fit."""
    return _loader(kind)(value)


@cache
def _loader(kind: Any) -> Callable[[Any], Any]:
    """How this type is loaded, cached: a case has hundreds of values, and a takedown thousands of cases."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return lambda value: None if value is None else load(_one_of(args, value), value)
    if origin is tuple:
        return lambda value: tuple(load(args[0], item) for item in value)
    if origin is dict:
        return lambda value: {key: load(args[1], item) for key, item in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return partial(_record, kind, get_type_hints(kind), _FORMER_FIELDS.get(kind.__name__, {}))
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return partial(_plain, kind)


def _record(kind: Any, hints: dict[str, Any], former: dict[str, str], value: Any) -> Any:
    names = {name: name if name in value else former.get(name, name) for name in hints}
    return kind(**{name: load(hints[name], value[stored]) for name, stored in names.items() if stored in value})


def _plain(kind: Any, value: Any) -> Any:
    if kind is float and isinstance(value, int):
        return float(value)
    if isinstance(kind, type) and not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, not {value!r}")
    return value


@cache
def _fields(kind: Any) -> tuple[str, ...] | None:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


def dump_event(event: Event) -> dict[str, Any]:
    """An event with its type."""
    return {"type": type(event).__name__, **dump(event)}


def load_event(value: dict[str, Any]) -> Event:
    """The event. A type from the future raises ValueError: a case that is not understood does not move."""
    name = value.get("type", "")
    kind = _EVENTS.get(_FORMER_EVENTS.get(name, name))
    if kind is None:
        raise ValueError(f"unknown event {value.get('type')!r}: this case was moved by a newer Assay")
    event: Event = load(kind, value)
    return event


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    """Which of several types: the value's own, or else the first that is not None."""
    return next((a for a in kinds if a is type(value)), next(a for a in kinds if a is not type(None)))
