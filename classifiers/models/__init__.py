"""Loads weights: lazily, by digest and licence, as an installation's options allow, once per process.

The only place that imports torch, onnxruntime, dlib and their like, and only when a model is first asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from classifiers.models.catalog import (
    ModelEntry,
    expected_sha256,
    file_sha256,
    locate_files,
    model_entries,
    model_entry,
    require_licence,
)
from classifiers.models.options import ModelOptions
from core.errors import Unavailable

_one_at_a_time = threading.RLock()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """What `assay models` shows of a model. `missing` says why it cannot be used, and is empty if it can."""

    name: str
    version: str
    digest: str
    licence_code: str
    licence_weights: str
    commercial: bool
    source: str
    covers: str
    present: bool
    missing: str
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Models:
    """The models as one installation may use them: every loading is bound to its options.

    Loaded weights are shared by all of the process; whether they may be used is asked each time.
    """

    options: ModelOptions = field(default_factory=ModelOptions)

    def get(self, name: str) -> Any:
        """The loaded model. Raises Unavailable: unknown, missing, altered, not permitted, or not loadable."""
        return self.load_entry(model_entry(name))

    def load_entry(self, model: ModelEntry) -> Any:
        """The loaded model of a catalogue entry, the same object each time. Raises Unavailable as `get` does."""
        require_licence(model, self.options)
        paths = locate_files(model, self.options)
        digests = tuple(expected_sha256(model, file, self.options) for file in model.files)
        arguments = (self.options.value(model.variant_setting),) if model.variant_setting else ()
        with _one_at_a_time:
            return _loaded(model, paths, digests, arguments)

    def statuses(self, needed_by: Mapping[str, Sequence[str]]) -> list[ModelStatus]:
        """Every model and whether it can be used here; reads and checks the files but loads nothing.

        `needed_by` maps a model's name to the sources that need it.
        """
        return [_status(model, self.options, tuple(needed_by.get(model.name, ()))) for model in model_entries()]


PACKAGED_MODELS = Models()
"""The packaged weights alone, nothing that is not for commercial use: for a classifier made without options."""


@cache
def _loaded(model: ModelEntry, paths: tuple[Path, ...], digests: tuple[str, ...], arguments: tuple[str, ...]) -> Any:
    _verify(model, paths, digests)
    module, function = model.loader.split(":")
    try:
        return getattr(import_module(module), function)(paths, *arguments)
    except Unavailable:
        raise
    except Exception as error:
        raise Unavailable(f"model {model.name} cannot be loaded ({type(error).__name__}: {_line(error)})") from error


def _verify(model: ModelEntry, paths: Sequence[Path], digests: Sequence[str]) -> None:
    for path, digest in zip(paths, digests, strict=True):
        if file_sha256(path) != digest:
            raise Unavailable(
                f"model {model.name} is refused: {path.name} has not the SHA-256 that is expected ({digest[:12]}…)"
            )


def _status(model: ModelEntry, options: ModelOptions, needed_by: tuple[str, ...]) -> ModelStatus:
    missing = ""
    try:
        require_licence(model, options)
        _verify(model, locate_files(model, options), [expected_sha256(model, file, options) for file in model.files])
    except (Unavailable, OSError) as error:
        missing = _line(error)
    return ModelStatus(
        name=model.name,
        version=model.version,
        digest=expected_sha256(model, model.files[0], options) if model.files else "",
        licence_code=model.licence_code,
        licence_weights=model.licence_weights,
        commercial=model.commercial,
        source=model.source,
        covers=model.covers,
        present=not missing,
        missing=missing,
        needed_by=needed_by,
    )


def _line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
