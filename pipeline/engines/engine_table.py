"""Several engines: the table of the setting `engines`, and what it says of models and profiles."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BadInput
from pipeline.engines.body_format import BodyFormat
from pipeline.engines.engine_profile import EngineProfile, load_engine_profile, profile_of_settings

if TYPE_CHECKING:
    from pipeline.settings import Settings

UNSTATED_MODEL = "default"
"""What clients send that have to name a model and leave it to the engine."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class EngineEntry(BaseModel):
    """One engine. `key` refers to a secret, as `env:GPU_KEY` or `file:/run/secrets/gpu`.

    `models` are the names that it offers, the first for orders that name none; with none it takes whatever is asked
    for. `weight` is its share of the orders for a model; `max_renders` how many it takes at once, 0 for any number;
    `cost_per_second` is in the operator's currency.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    key: str = ""
    profile: str = "generic"
    models: tuple[str, ...] = ()
    weight: float = Field(default=1.0, gt=0)
    max_renders: int = Field(default=0, ge=0)
    cost_per_second: float = Field(default=0.0, ge=0)
    body_format: BodyFormat = "auto"

    @property
    def default_model(self) -> str:
        """The model for orders that name none."""
        return self.models[0] if self.models else ""

    def offers(self, model: str) -> bool:
        """Whether it makes videos with this model, or with its own where none is named."""
        return model in ("", UNSTATED_MODEL) or not self.models or model in self.models


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedModel:
    """A model that orders may name, the engines that have it, and the least that a second of it costs."""

    id: str
    engines: tuple[str, ...]
    cost_per_second: float = 0.0


def engine_table(settings: Settings) -> Mapping[str, EngineEntry]:
    """The engines of the settings by name, in the table's order. Raises BadInput, naming the place."""
    path = Path(settings.engines).expanduser() if settings.engines and not settings.engines.startswith("{") else None
    return _entries(settings.engines, path.stat().st_mtime_ns if path and path.is_file() else 0)


@lru_cache(maxsize=16)
def _entries(engines: str, changed: int) -> Mapping[str, EngineEntry]:
    """The table as its file was at that time (nanoseconds): orders are checked against it at the door, each of them."""
    del changed
    entries: dict[str, EngineEntry] = {}
    for name, given in _raw_table(engines).items():
        if not _NAME.fullmatch(name):
            raise BadInput(f"engines: {name[:40]!r} is not a name of a-z, 0-9 and -, of 32 characters at the most")
        try:
            entries[name] = EngineEntry(**given)
        except (ValidationError, TypeError) as error:
            first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "is not a table"}
            where = ".".join(str(part) for part in (name, *first["loc"]))
            raise BadInput(f"engines: {where}: {first['msg']}") from None
    if not entries:
        raise BadInput("engines: no engine is named: write a table [engines.NAME] with a url")
    return MappingProxyType(entries)


def offered_models(settings: Settings) -> tuple[OfferedModel, ...]:
    """Every model that an order may name, by its name; of an engine without models that of the engine itself."""
    if settings.engine != "routed":
        return (OfferedModel(id=settings.engine_model or settings.engine, engines=(settings.engine,)),)
    table = engine_table(settings)
    names = dict.fromkeys(model for name, entry in table.items() for model in entry.models or (name,))
    return tuple(
        OfferedModel(
            id=model,
            engines=(having := tuple(name for name, entry in table.items() if model in (entry.models or (name,)))),
            cost_per_second=min(table[name].cost_per_second for name in having),
        )
        for model in sorted(names)
    )


def profiles_for_model(settings: Settings, model: str) -> tuple[EngineProfile, ...]:
    """The profiles of the engines that have this model, each once. Raises BadInput where none has it."""
    if settings.engine != "routed":
        return (profile_of_settings(settings),)
    names = [entry.profile for entry in engine_table(settings).values() if entry.offers(model)]
    if not names:
        offered = ", ".join(one.id for one in offered_models(settings))
        raise BadInput(f"model must be one of {offered}", param="model")
    return tuple(load_engine_profile(name) for name in dict.fromkeys(names))


def read_secret(reference: str) -> str:
    """The secret to which `env:NAME` or `file:PATH` refers; nothing for nothing. Raises BadInput."""
    kind, _, place = reference.partition(":")
    if not reference:
        return ""
    if kind == "env" and place:
        if place not in os.environ:
            raise BadInput(f"engines: the variable {place} that holds a key is not set")
        return os.environ[place]
    if kind == "file" and place:
        try:
            return Path(place).expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"engines: the file that holds a key cannot be read ({type(error).__name__})") from None
    raise BadInput("engines: a key is not written here: refer to it as env:NAME or file:PATH")


def _raw_table(engines: str) -> Mapping[str, Any]:
    """The table itself, as settings keep it (JSON), or the `[engines]` of the TOML file that they name."""
    if engines.startswith("{"):
        found = json.loads(engines)
    elif engines:
        path = Path(engines).expanduser()
        try:
            found = tomllib.loads(path.read_text("utf-8")).get("engines", {})
        except (OSError, ValueError) as error:
            raise BadInput(f"engines: {path.name} cannot be read: {error}") from None
    else:
        raise BadInput("engine = routed needs the setting engines: a table, or the path of a TOML file with one")
    if not isinstance(found, dict):
        raise BadInput("engines: this is not a table of engines")
    return found
