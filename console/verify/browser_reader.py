"""C2PA's own reader, compiled for browsers: fetched once by its digests, and served from here beside the pages.

With it the credentials of a file are read where the file lies, and nothing is sent. It is too large to be carried in
the repository. Without it every file is sent, as before.
"""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from fastapi import APIRouter

from console.web.context import ContextDep
from console.web.http_errors import NotOffered
from core.errors import BadInput, Unavailable
from pipeline.safe_fetch import SafeFetcher
from pipeline.settings import Settings
from pipeline.verification.verifier import browser_reading_settings

browser_reader_router = APIRouter(include_in_schema=False)

PACKAGE_URL = "https://registry.npmjs.org/@contentauth/c2pa-wasm/-/c2pa-wasm-0.13.3.tgz"
_PACKAGE_SHA256 = "df8e8ff35915a0d0d17317d5ab19b4dabc667e6adaa8233a0bd513e6e8dc1a14"
_FILES = {  # in the package, by their SHA-256; the licence (MIT) goes with them
    "package/pkg/c2pa.js": "1d98e170931617bc051899a20b33f349005df5091919459df095bd3836429da5",
    "package/pkg/c2pa_bg.wasm": "01b8e25f637aaa3fe197bc5646ce114810db4789db19af7e1f6bfebe9e9858df",
    "package/LICENSE": "5aeea31bc245dd31213e7ff878a40362d6d4d8bc8093e34a0f30ed7639fe93c6",
}
_LARGEST = 16 << 20
_LONGEST = 600.0  # seconds


def browser_reader_folder(settings: Settings) -> Path:
    """Where its files lie."""
    return settings.root / "browser-reader"


def has_browser_reader(settings: Settings) -> bool:
    """Whether all of its files are there; their digests were checked when they came."""
    return all((browser_reader_folder(settings) / Path(name).name).is_file() for name in _FILES)


@browser_reader_router.get("/verify/reader")
def reader_settings(context: ContextDep) -> Mapping[str, object]:
    """Whom the reader in the browser believes: as the verifier here does. Raises NotOffered."""
    if not has_browser_reader(context.installation.settings):
        raise NotOffered("credentials are not read in the browser here: send the file itself")
    return browser_reading_settings(context.installation.settings)


def fetch_browser_reader(
    settings: Settings, package: Path | None = None, get: Callable[[str, Path], None] | None = None
) -> Path:
    """Put its files into their folder: out of a package that is here already, or out of the registry's.

    Raises Unavailable where it cannot be had, BadInput where its bytes are others than expected. Nothing changes then.
    """
    with tempfile.TemporaryDirectory() as temporary:
        archive = package or Path(temporary) / "package.tgz"
        if package is None:
            (get or _download)(PACKAGE_URL, archive)
        contents = _checked_contents(archive)
    folder = browser_reader_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        unfinished = folder / f".{name}.unfinished"
        unfinished.write_bytes(content)
        unfinished.replace(folder / name)
    return folder


def _download(url: str, to: Path) -> None:
    try:
        SafeFetcher(max_bytes=_LARGEST, seconds=_LONGEST, ports=frozenset({443})).fetch(url, to)
    except BadInput as error:
        raise Unavailable(f"the reader was not fetched: {error}") from error


def _checked_contents(archive: Path) -> dict[str, bytes]:
    if not archive.is_file():
        raise BadInput(f"{archive} is not a file")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != _PACKAGE_SHA256:
        raise BadInput(f"{archive.name} has not the SHA-256 that is expected of {PACKAGE_URL}")
    contents = {}
    with tarfile.open(archive) as packed:
        for name, expected in _FILES.items():
            member = packed.extractfile(name)
            content = member.read() if member else b""
            if hashlib.sha256(content).hexdigest() != expected:
                raise BadInput(f"{name} has not the SHA-256 that is expected")
            contents[Path(name).name] = content
    return contents
