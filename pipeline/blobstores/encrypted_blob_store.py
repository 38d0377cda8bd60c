"""Bytes by their SHA-256, encrypted: each file under its own key, which is wrapped by the key of each case it is of.

The same bytes of two cases are kept once. They can be read for as long as the key of one of these cases exists, and not
once the last was destroyed, whatever is still stored here.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.assets import Asset
from core.errors import NotFound, Unavailable
from pipeline.at_rest.envelope import (
    CHUNK_BYTES,
    KEY_ID_BYTES,
    DecryptingReader,
    SealedHeader,
    decrypt_bytes,
    encrypt_bytes,
    encrypt_file,
    is_encrypted_under,
    read_header,
)
from pipeline.blobstores.blob_store import FsspecBlobStore, blob_key, check_owner, copy_to
from pipeline.blobstores.storage_errors import translate_storage_errors

MANIFEST_OWNER = "manifests"
"""Whose key manifests are under: anyone may have them for as long as copies of a video circulate."""
_MANIFEST_MEDIA_TYPE = "application/c2pa"


class FileKeys(Protocol):
    """Keys that wrap those of files, one for each case."""

    def make(self, name: str) -> bytes:
        """The key of this name, created if there is none."""

    def get(self, name: str) -> bytes:
        """The key. Raises NotFound where it was destroyed."""


class EncryptedBlobStore(FsspecBlobStore):
    """A BlobStore whose files are encrypted: `blobs/ab/cd/<digest>`, and `blob-keys/ab/cd/<digest>.<id>.<owner>`.

    The second is the file's key, wrapped by its owner's. Files that lie in the clear, of an older Assay, are read too.
    """

    def __init__(self, url: str, keys: FileKeys, **options: object) -> None:
        """As FsspecBlobStore, under these keys."""
        super().__init__(url, **options)
        self._keys = keys

    def fetch(self, asset: Asset, to: Path) -> Path:
        """As BlobStore. NotFound also where the keys of all cases that it is of were destroyed."""
        with self._plain(asset.digest) as plain:
            return copy_to(plain, to, digest=asset.digest)

    def discard(self, digest: str) -> None:
        """As BlobStore, with the keys of the file."""
        super().discard(digest)
        for name in self._storage.names(_keys_folder(digest), f"{digest}."):
            self._storage.delete(f"{_keys_folder(digest)}/{name}")

    def encrypt_stored(self, digest: str, *, owner: str) -> bool:
        """Encrypt bytes of a case that lie in the clear; whether they did. What is encrypted, or gone, stays so.

        Bytes that are of several cases are to be named once for each. A case that was erased gets no key to them again.
        Raises Unavailable, also where they are damaged: then nothing is changed.
        """
        check_owner(owner)
        try:
            header = self._header(digest)
        except NotFound:
            return False
        if header:
            names = self._storage.names(_keys_folder(digest), f"{digest}.")
            if not any(name.endswith(f".{owner}") for name in names) and (key := self._file_key(digest, header)):
                self._grant(digest, header.key_id, key, owner)
            return False
        size = self._storage.size(blob_key(digest)) or 0
        with self._plain(digest) as plain:
            source = _HashingReader(plain)
            self._write(digest, cast(BinaryIO, source), size, owner, replace=True, check=source.check(digest))
        return True

    def is_encrypted(self, digest: str) -> bool:
        """Whether the bytes are. Raises NotFound."""
        return self._header(digest) is not None

    def _keep(self, asset: Asset, path: Path, owner: str) -> None:
        if asset.media_type == _MANIFEST_MEDIA_TYPE:
            owner = MANIFEST_OWNER
        try:
            header = self._header(asset.digest)
        except NotFound:
            if self._write_file(asset, path, owner, replace=False):
                return
            header = self._header(asset.digest)  # another was faster
        expected = header.sealed_size if header and header.size == asset.size else asset.size
        if self._storage.size(blob_key(asset.digest)) != expected:
            raise Unavailable(f"the blob store's copy of {asset.digest[:12]}… is damaged: restore it")
        if header is None:
            return  # in the clear, as an older Assay kept it
        if self._unwrapped(_key_place(asset.digest, header.key_id, owner), owner):
            return
        if key := self._file_key(asset.digest, header):
            self._grant(asset.digest, header.key_id, key, owner)
        else:  # of cases that were all erased: nobody can read what is there
            self._write_file(asset, path, owner, replace=True)

    def _write_file(self, asset: Asset, path: Path, owner: str, *, replace: bool) -> bool:
        with path.open("rb") as source:
            return self._write(asset.digest, source, asset.size, owner, replace=replace, media_type=asset.media_type)

    def _write(
        self,
        digest: str,
        source: BinaryIO,
        size: int,
        owner: str,
        *,
        replace: bool,
        media_type: str = "",
        check: Callable[[], None] = lambda: None,
    ) -> bool:
        """Encrypt and keep. The key is kept first: a crash between the two leaves nothing that nobody can read."""
        key, key_id = AESGCM.generate_key(256), os.urandom(KEY_ID_BYTES)
        self._grant(digest, key_id, key, owner)
        header = SealedHeader(key_id=key_id, chunk=CHUNK_BYTES, size=size)
        with (
            translate_storage_errors("a file cannot be encrypted"),
            tempfile.NamedTemporaryFile(prefix="assay-sealed-") as sealed,
        ):
            encrypt_file(source, cast(BinaryIO, sealed), key, header)
            check()
            sealed.flush()
            kept = self._storage.put(blob_key(digest), Path(sealed.name), replace=replace, media_type=media_type)
        if replace and kept:
            self._grant_to_others(digest, key_id, key, owner)
        return kept

    def _grant(self, digest: str, key_id: bytes, key: bytes, owner: str) -> None:
        """The owner can read it, from now on."""
        where = _key_place(digest, key_id, owner)
        with tempfile.NamedTemporaryFile() as file:
            file.write(encrypt_bytes(key, self._keys.make(owner), where))
            file.flush()
            self._storage.put(where, Path(file.name), replace=True)

    def _grant_to_others(self, digest: str, key_id: bytes, key: bytes, owner: str) -> None:
        """Who was granted what was just overwritten: another case that wrote the same bytes at the same moment."""
        for name in self._storage.names(_keys_folder(digest), f"{digest}."):
            _digest, other_id, other = name.split(".")
            if other == owner or other_id == key_id.hex():
                continue
            if self._unwrapped(f"{_keys_folder(digest)}/{name}", other) is not None:
                self._grant(digest, key_id, key, other)

    def _file_key(self, digest: str, header: SealedHeader) -> bytes | None:
        """By the key of whoever it is of that can still be had."""
        for name in self._storage.names(_keys_folder(digest), f"{digest}.{header.key_id.hex()}."):
            if key := self._unwrapped(f"{_keys_folder(digest)}/{name}", name.rpartition(".")[2]):
                return key
        return None

    def _unwrapped(self, where: str, owner: str) -> bytes | None:
        wrapped = self._wrapped(where)
        try:
            owners_key = self._keys.get(owner)
        except NotFound:
            return None
        if wrapped is None or not is_encrypted_under(wrapped, owners_key):
            return None  # of a key that was destroyed; there is another of that name since
        return decrypt_bytes(wrapped, owners_key, where)

    def _wrapped(self, where: str) -> bytes | None:
        try:
            with self._storage.open(where) as file:
                return file.read()
        except NotFound:
            return None

    def _header(self, digest: str) -> SealedHeader | None:
        with self._storage.open(blob_key(digest)) as stored, translate_storage_errors("a file cannot be read"):
            return read_header(stored)

    @contextmanager
    def _plain(self, digest: str) -> Iterator[BinaryIO]:
        """To be read, from any place on. Raises NotFound, and Unavailable where it is damaged."""
        with self._storage.open(blob_key(digest)) as stored:
            with translate_storage_errors("a file cannot be read"):
                header = read_header(stored)
            if header is None:
                stored.seek(0)
                yield stored
                return
            if (key := self._file_key(digest, header)) is None:
                raise NotFound("these bytes were erased")
            yield cast(BinaryIO, DecryptingReader(stored, key, header))


class _HashingReader:
    """Reads on, and knows afterwards whether it was what it should have been."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self._digest = source, hashlib.sha256()

    def read(self, size: int) -> bytes:
        read = self._source.read(size)
        self._digest.update(read)
        return read

    def check(self, digest: str) -> Callable[[], None]:
        """What raises Unavailable, once all was read, if it was something else."""

        def compare() -> None:
            if self._digest.hexdigest() != digest:
                raise Unavailable(f"the blob store's copy of {digest[:12]}… is damaged: restore it")

        return compare


def _keys_folder(digest: str) -> str:
    return f"blob-keys/{digest[:2]}/{digest[2:4]}"


def _key_place(digest: str, key_id: bytes, owner: str) -> str:
    return f"{_keys_folder(digest)}/{digest}.{key_id.hex()}.{owner}"
