"""What one kind of engine takes: a TOML file in `profiles/`, or one of the operator's own.

The gateway checks orders against it at the door, and the HTTP adapter writes orders as it says. What no profile names
never reaches an engine.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import BadInput
from core.events import NEGATIVE_PROMPT
from pipeline.engines.body_format import BodyFormat

if TYPE_CHECKING:
    from pipeline.settings import Settings

ENGINE_PROFILES = Path(__file__).parent / "profiles"

_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PREVIEW_PATH = re.compile(r"(/[\w-]{1,64}){1,4}", re.ASCII)
_STRICT = ConfigDict(frozen=True, extra="forbid")


class EngineParameter(BaseModel):
    """One parameter. `sent_as` is where it goes in the engine's body, dotted, where that is not its own name.

    A `word` is one of `choices`; a `text` is a person's words, is screened as a prompt, and matches `pattern` if there
    is one. An `object` has these `keys`, or any where none are listed; whatever text is in it is screened. Only the
    parameter named negative_prompt is judged as such: an engine's other name for it goes into `sent_as`.
    """

    model_config = _STRICT

    type: Literal["integer", "number", "boolean", "word", "text", "object"]
    min: float | None = None
    max: float | None = None
    multiple_of: int | None = Field(default=None, ge=1)
    choices: tuple[str, ...] = ()
    max_length: int = Field(default=4000, ge=1, le=32_768)
    pattern: str = ""
    keys: Mapping[str, EngineParameter] = Field(default_factory=dict)
    sent_as: str = ""

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if (self.type == "word") != bool(self.choices):
            raise ValueError("a word has choices, and nothing else has")
        if self.keys and self.type != "object":
            raise ValueError("only an object has keys")
        if (self.min is not None or self.max is not None) and self.type not in ("integer", "number"):
            raise ValueError("only numbers have bounds")
        re.compile(self.pattern)
        return self


class SizeRange(BaseModel):
    """Which sizes are offered: these, or any within bounds. Sides in pixels."""

    model_config = _STRICT

    choices: tuple[str, ...] = ()
    min_side: int = Field(default=16, ge=1)
    max_side: int = Field(default=4096, ge=1)
    multiple_of: int = Field(default=1, ge=1)


class SecondsRange(BaseModel):
    """Which lengths are offered: these, or any within bounds. `whole`: whole seconds only."""

    model_config = _STRICT

    choices: tuple[float, ...] = ()
    min: float = Field(default=0.1, gt=0)
    max: float = Field(default=60.0, gt=0)
    whole: bool = False


class EngineProfile(BaseModel):
    """One kind of engine.

    `reference_json` is how a reference goes into JSON: an object with `image_url`, a text, or not at all, and then the
    order goes as a form. `jobs`: an order is answered with a job; `sync`: POST /videos/sync exists. `refused` are
    fields that the engine knows and that no order may use, with the reason.

    Where the engine shows a video that it still makes, `preview_path` says where, after the address of the job, or
    `preview_field` is the field of the job's answer, dotted, that holds the address, or a list of which the last is the
    newest.
    """

    model_config = _STRICT

    name: str = ""
    about: str
    body_format: BodyFormat = "auto"
    seconds_as: Literal["text", "number"] = "text"
    reference_field: str = "input_reference"
    reference_json: Literal["object", "text", "none"] = "object"
    jobs: bool = True
    sync: bool = False
    preview_path: str = ""
    preview_field: str = ""
    cancel: bool = True
    size: SizeRange = SizeRange()
    seconds: SecondsRange = SecondsRange()
    parameters: Mapping[str, EngineParameter] = Field(default_factory=dict)
    refused: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for name in (*self.parameters, *self.refused):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a name of a-z, 0-9 and _")
        if both := self.parameters.keys() & self.refused.keys():
            raise ValueError(f"{min(both)!r} is both offered and refused")
        negative = self.parameters.get(NEGATIVE_PROMPT)
        if negative is not None and negative.type != "text":
            raise ValueError(f"{NEGATIVE_PROMPT} is a text")
        if self.preview_path and (self.preview_field or not _PREVIEW_PATH.fullmatch(self.preview_path)):
            raise ValueError("preview_path is a path as /preview, and there is no preview_field beside it")
        if bad := [size for size in self.size.choices if not _SIZE.fullmatch(size)]:
            raise ValueError(f"{bad[0]!r} is not a size, as 1280x720")
        return self

    @property
    def words(self) -> frozenset[str]:
        """The names of parameters, which an engine's sentence about a failure may hold."""
        return frozenset(self.parameters)


def load_engine_profile(name: str) -> EngineProfile:
    """The profile that comes with Assay under this name, or that in a TOML file. Raises BadInput."""
    path = Path(name).expanduser() if name.endswith(".toml") else ENGINE_PROFILES / f"{name}.toml"
    known = sorted(file.stem for file in ENGINE_PROFILES.glob("*.toml"))
    if not (path.is_file() and (name.endswith(".toml") or name in known)):
        raise BadInput(f"there is no engine profile {name!r}: it is one of {', '.join(known)}, or a TOML file")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> EngineProfile:
    """The file as it was at that time (nanoseconds): read again once it has changed."""
    del changed
    try:
        return EngineProfile(**{"name": path.stem, **tomllib.loads(path.read_text("utf-8"))})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"engine profile {path.name}: {where}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"engine profile {path.name} cannot be read: {error}") from None


def profile_of_settings(settings: Settings) -> EngineProfile:
    """The profile of the engine that the settings name. Raises BadInput.

    An engine that is no HTTP server takes no parameters unless the settings say otherwise.
    """
    return load_engine_profile(settings.engine_profile or ("generic" if settings.engine == "http" else "plain"))


def parse_size(size: str) -> tuple[int, int] | None:
    """Width and height of `1280x720`, each of 1 to 99999; None for what is no size."""
    found = _SIZE.fullmatch(size)
    return (int(found[1]), int(found[2])) if found else None
