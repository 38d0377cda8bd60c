"""Nested parameters as flat ones: `extra_params.edges[0].weight` is a name; the object is made again for the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import BadInput
from core.events import ParameterValue

MAX_DEPTH = 6
MAX_LEAVES = 256

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_STEP = re.compile(r"\.?([A-Za-z][A-Za-z0-9_-]{0,63})|\[(\d{1,4})\]")


def flatten_parameter(name: str, value: object) -> Iterator[tuple[str, ParameterValue]]:
    """Every value in `value`, with its path below `name`. Raises BadInput, naming the place, for what has no value.

    A key is a word of letters, digits, _ and -: anything else could be a text that nobody screens.
    """
    yield from _leaves(name, value, 0)


def unflatten_parameters(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The nested object of flat names, as flatten_parameter gives them. Raises ValueError for what is no path."""
    root: dict[str, Any] = {}
    for path, value in flat.items():
        _set(root, _steps(path), value)
    return {name: _lists(value) for name, value in root.items()}


def parameter_root(path: str) -> str:
    """The parameter to which a path belongs."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _leaves(path: str, value: object, depth: int) -> Iterator[tuple[str, ParameterValue]]:
    if isinstance(value, bool | int | float | str):
        yield path, value
        return
    if depth == MAX_DEPTH:
        raise BadInput(f"{path} is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise BadInput(f"a key in {path} is not a word of letters, digits, _ and -")
            yield from _leaves(f"{path}.{key}", inner, depth + 1)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(f"{path}[{index}]", inner, depth + 1)
    else:
        raise BadInput(f"{path} has no value")


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f"{path!r} is not the path of a parameter")
        steps.append(found[1] if found[1] else int(found[2]))
        at = found.end()
    return steps


def _set(root: dict[Any, Any], steps: list[str | int], value: Any) -> None:
    at = root
    for step in steps[:-1]:
        at = at.setdefault(step, {})
    at[steps[-1]] = value


def _lists(value: Any) -> Any:
    """Objects whose keys are all indices as the lists that they stand for."""
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(item) for key, item in value.items()}
    if inner and all(isinstance(key, int) for key in inner):
        return [inner[index] for index in sorted(inner)]
    return inner
