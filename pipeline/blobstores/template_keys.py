"""Keys of people's templates: one file each in the blob store, wrapped by a key in the installation's keys folder.

A copy of the database is useless without the blob store, a copy of both is useless without the installation's keys,
and deleting one file erases one person's templates in every copy of the database.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import NotFound, Unavailable
from pipeline.blobstores.storage import open_storage

_WRAPPING_KEY_FILE = "templates.key"
_NONCE = 12


class TemplateKeys:
    """A key store in a folder or a bucket: `keys/<name>`. `folder` holds the wrapping key, which is made if missing."""

    def __init__(self, url: str, folder: Path, **options: object) -> None:
        """An fsspec URL and options for its file system. Raises BadInput for a kind of place that is not supported."""
        self._storage = open_storage(url, **options)
        self._folder = folder

    def make(self, name: str) -> bytes:
        """The key of this name, 256 random bits, created if there is none. Raises Unavailable."""
        try:
            return self.get(name)
        except NotFound:
            pass
        nonce, key = os.urandom(_NONCE), AESGCM.generate_key(256)
        wrapped = nonce + AESGCM(self._wrapping()).encrypt(nonce, key, name.encode())
        with tempfile.NamedTemporaryFile() as file:
            file.write(wrapped)
            file.flush()
            self._storage.put(f"keys/{name}", Path(file.name), replace=False)
        return self.get(name)

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed, Unavailable where it cannot be unwrapped."""
        with self._storage.open(f"keys/{name}") as file:
            wrapped = file.read()
        try:
            return AESGCM(self._wrapping()).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], name.encode())
        except InvalidTag:
            raise Unavailable(
                "a key of the key store cannot be unwrapped: are these this installation's keys?"
            ) from None

    def destroy(self, name: str) -> None:
        """Delete the key, and so make what it encrypts unreadable. Nothing happens if it does not exist."""
        self._storage.delete(f"keys/{name}")

    def _wrapping(self) -> bytes:
        path = self._folder / _WRAPPING_KEY_FILE
        try:
            if not path.is_file():
                _make_wrapping_key(path)
            if path.stat().st_mode & 0o077:
                raise Unavailable(f"the key {path.name} can be read by others: chmod 600 it")
            return path.read_bytes()
        except OSError as error:
            raise Unavailable(f"the key that wraps people's keys cannot be had: {error.strerror}") from error


def _make_wrapping_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(AESGCM.generate_key(256))
    try:
        os.link(part, path)  # of two who make one at the same time, one wins
    except FileExistsError:
        pass
    finally:
        part.unlink()
