"""Files in a folder of this machine, for their owner alone unless the public is to have them.

A completed write survives the loss of power; an incomplete one leaves nothing behind.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote

from core.errors import NotFound, Unavailable
from pipeline.at_rest.private_files import make_private_folder
from pipeline.blobstores.storage_errors import COPY_CHUNK_BYTES, translate_storage_errors

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class _Modes(NamedTuple):
    folder: int
    file: int


_PRIVATE, _PUBLIC = _Modes(0o700, 0o600), _Modes(0o755, 0o644)
_SMALL = 4096
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}


def local_storage(url: str, *, public: bool = False) -> LocalStorage:
    """The folder at a path or a `file://` URL. `public`: other users (a web server's) may read what is there."""
    scheme, _, rest = url.rpartition("://")
    return LocalStorage(Path(unquote(rest) if scheme else rest), public=public)


class LocalStorage:
    """A Place on this machine's disk."""

    def __init__(self, root: Path, *, public: bool = False) -> None:
        self._root, self._modes = root.absolute(), _PUBLIC if public else _PRIVATE

    def put(self, key: str, path: Path, *, replace: bool, media_type: str = "") -> bool:  # noqa: ARG002
        """See Place. A temporary name, fsync of the file, the real name, fsync of the folder."""
        target = self._root / key
        with _translate_disk_errors(), path.open("rb") as source, self._new(target) as (new, part):
            shutil.copyfileobj(source, new, COPY_CHUNK_BYTES)
            new.flush()
            os.fsync(new.fileno())
            published = _publish_name(part, target, replace=replace)
            _sync(target.parent)
        return published

    def put_empty(self, key: str) -> None:
        """See Place."""
        target = self._root / key
        with _translate_disk_errors():
            self._make(target.parent)
            target.touch(mode=self._modes.file)
            _sync(target.parent)

    def size(self, key: str) -> int | None:
        """See Place."""
        with _translate_disk_errors():
            try:
                return (self._root / key).stat().st_size
            except FileNotFoundError:
                return None

    def open(self, key: str) -> BinaryIO:
        """See Place."""
        with _translate_disk_errors():
            try:
                return (self._root / key).open("rb")
            except FileNotFoundError:
                raise NotFound("there are no such bytes") from None

    def names(self, folder: str, prefix: str = "") -> list[str]:
        """See Place."""
        with _translate_disk_errors():
            try:
                names = [path.name for path in (self._root / folder).iterdir()]
            except FileNotFoundError:
                return []
        return sorted(name for name in names if name.startswith(prefix) and not name.startswith("."))

    def delete(self, key: str) -> None:
        """See Place. What a killed put left half-written goes too, and a small file, such as a key, is overwritten."""
        target = self._root / key
        with _translate_disk_errors(), suppress(FileNotFoundError):
            for part in target.parent.glob(f".{target.name}.*.part"):
                part.unlink(missing_ok=True)
            _overwrite_small(target)
            target.unlink()
            _sync(target.parent)

    def delete_all(self, keys: Collection[str]) -> None:
        """See Place. One look at each folder, and one fsync of it."""
        by_folder: dict[Path, set[str]] = {}
        for target in (self._root / key for key in keys):
            by_folder.setdefault(target.parent, set()).add(target.name)
        for folder, names in by_folder.items():
            with _translate_disk_errors(), suppress(FileNotFoundError):
                for entry in list(folder.iterdir()):
                    half = entry.name.endswith(".part") and entry.name[1:].rsplit(".", 2)[0] in names
                    if entry.name in names or half:
                        entry.unlink(missing_ok=True)
                _sync(folder)

    def url(self, key: str) -> str:
        """See Place."""
        return (self._root / key).as_uri()

    @contextmanager
    def _new(self, target: Path) -> Iterator[tuple[BinaryIO, Path]]:
        self._make(target.parent)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as new:
                os.fchmod(new.fileno(), self._modes.file)
                yield new, part
        finally:
            part.unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        make_private_folder(folder)
        for place in missing:
            if place == self._root or self._root in place.parents:
                place.chmod(self._modes.folder)
            _sync(place.parent)


def _overwrite_small(file: Path) -> None:
    """So that a destroyed key is not found in freed blocks either, where the file system writes in place."""
    size = file.stat().st_size
    if 0 < size <= _SMALL:
        with file.open("r+b") as opened:
            opened.write(bytes(size))
            opened.flush()
            os.fsync(opened.fileno())


def _publish_name(part: Path, target: Path, *, replace: bool) -> bool:
    if replace:
        part.replace(target)
        return True
    try:
        target.hardlink_to(part)  # unlike a rename it fails if the name is taken
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            return False
        part.rename(target)
    return True


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translate_disk_errors() -> Iterator[None]:
    with translate_storage_errors("the blob store's folder cannot be used"):
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise Unavailable(
                    "the blob store's disk is full: nothing was stored, free some space and try again"
                ) from error
            raise
