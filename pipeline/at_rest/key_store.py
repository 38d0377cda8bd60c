"""Keys that can be destroyed: a small file each in the blob store, wrapped by a key in the installation's keys folder.

A copy of the database is useless without the blob store, a copy of both is useless without the installation's keys,
and deleting one file makes what it locked unreadable in every copy of the database. (A row would not do: what is
deleted from Postgres lives on in its write-ahead log and in every backup.)
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import NotFound, Unavailable
from core.key_files import create_key_file
from pipeline.at_rest.private_files import OTHERS, make_private_folder
from pipeline.blobstores.storage import open_storage

WRAPPING_KEY_FILE = "wrapping.key"
_FORMER_WRAPPING_KEY_FILE = "templates.key"  # it wraps the keys of cases too, where an older Assay made it
_KEY_BYTES = 32
_NONCE = 12  # bytes of an AES-GCM nonce (NIST SP 800-38D)
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, wrapped keys on their way are never on a disk


class KeyStore:
    """A key store in a folder or a bucket: `keys/<name>`. `folder` holds the wrapping key, which is made if missing."""

    def __init__(self, url: str, folder: Path, **options: object) -> None:
        """An fsspec URL and options for its file system. Raises BadInput for a kind of place that is not supported."""
        self._storage = open_storage(url, **options)
        self._folder = folder

    def make(self, name: str) -> bytes:
        """The key of this name, 256 random bits, created if there is none. Raises Unavailable."""
        try:
            return self._read(name)
        except NotFound:
            pass
        nonce, key = os.urandom(_NONCE), AESGCM.generate_key(256)
        wrapped = nonce + AESGCM(self._wrapping()).encrypt(nonce, key, name.encode())
        with tempfile.NamedTemporaryFile(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as file:
            file.write(wrapped)
            file.flush()
            self._storage.put(self._path(name), Path(file.name), replace=False)
        return self._read(name)

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed, Unavailable where it cannot be unwrapped."""
        return self._read(name)

    def destroy(self, name: str) -> None:
        """Delete the key, and so make what it encrypts unreadable. Nothing happens if it does not exist."""
        self._storage.delete(self._path(name))

    def check_wrapping(self) -> None:
        """Raises Unavailable where the key that wraps all others cannot be had or made."""
        self._wrapping()

    def _read(self, name: str) -> bytes:
        with self._storage.open(self._path(name)) as file:
            wrapped = file.read()
        if not any(wrapped):  # overwritten, and about to be deleted
            raise NotFound("this key was destroyed")
        try:
            return AESGCM(self._wrapping()).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], name.encode())
        except InvalidTag:
            raise Unavailable(
                "a key of the key store cannot be unwrapped: are these this installation's keys?"
            ) from None

    def _path(self, name: str) -> str:
        return f"keys/{name}"

    def _wrapping(self) -> bytes:
        former, path = self._folder / _FORMER_WRAPPING_KEY_FILE, self._folder / WRAPPING_KEY_FILE
        try:
            if former.is_file():
                path = former
            elif not path.is_file():
                _make_wrapping_key(path)
            if path.stat().st_mode & OTHERS:
                raise Unavailable(f"the key {path.name} can be read by others: chmod 600 it")
            return path.read_bytes()
        except OSError as error:
            raise Unavailable(f"the key that wraps people's keys cannot be had: {error.strerror}") from error


class CaseKeys(KeyStore):
    """A key for each case, `keys/cases/ab/cd/<case>`: spread over folders, since there may be millions."""

    def _path(self, name: str) -> str:
        spread = hashlib.sha256(name.encode()).hexdigest()
        return f"keys/cases/{spread[:2]}/{spread[2:4]}/{name}"


class RememberedCaseKeys(CaseKeys):
    """Keys of cases for texts, remembered for `REMEMBERED_SECONDS`: a page of prompts asks for many.

    Whoever erases a text empties its row as well, so that no other process reads on; and nothing new is encrypted from
    memory.
    """

    REMEMBERED_SECONDS = 60.0
    _MOST_REMEMBERED = 4096

    def __init__(self, url: str, folder: Path, **options: object) -> None:
        """As KeyStore."""
        super().__init__(url, folder, **options)
        self._lock = Lock()
        self._remembered: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, name: str) -> bytes:
        """As KeyStore.get."""
        with self._lock:
            until, key = self._remembered.get(name, (0.0, b""))
        if time.monotonic() < until:
            return key
        key = self._read(name)
        with self._lock:
            self._remembered[name] = time.monotonic() + self.REMEMBERED_SECONDS, key
            while len(self._remembered) > self._MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return key

    def destroy(self, name: str) -> None:
        """As KeyStore.destroy."""
        super().destroy(name)
        with self._lock:
            self._remembered.pop(name, None)


def _make_wrapping_key(path: Path) -> None:
    make_private_folder(path.parent)
    create_key_file(path, AESGCM.generate_key(8 * _KEY_BYTES))
