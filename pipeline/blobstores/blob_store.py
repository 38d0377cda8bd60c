"""Bytes by their SHA-256: never overwritten, checked whenever they are read."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.assets import Asset
from core.errors import BadInput, Unavailable
from pipeline.blobstores.storage import Storage, open_storage
from pipeline.blobstores.storage_errors import COPY_CHUNK_BYTES, translate_storage_errors

_OWNER = re.compile(r"[0-9A-Za-z_-]{1,64}")


class FsspecBlobStore:
    """A BlobStore in a folder or a bucket: `blobs/ab/cd/<digest>`, and `pending/<digest>.<owner>` until settled."""

    def __init__(self, url: str, **options: object) -> None:
        """An fsspec URL and options for its file system. Raises BadInput for a kind of place that is not supported."""
        self._storage: Storage = open_storage(url, **options)

    def put(self, path: Path, *, media_type: str, owner: str) -> Asset:
        """Keep a copy of the file for the case `owner`; pending until settled. Raises Unavailable, keeping nothing."""
        check_owner(owner)
        asset = Asset(digest=_digest(path), media_type=media_type, size=path.stat().st_size)
        marker = f"pending/{asset.digest}.{owner}"
        self._storage.put_empty(marker)  # first: after a crash between the two it is known whose bytes these are
        try:
            self._keep(asset, path, owner)
        except BaseException:
            self._forget(asset, marker)
            raise
        return asset

    def fetch(self, asset: Asset, to: Path) -> Path:
        """Copy to a local path, checking the digest. Raises NotFound, or Unavailable if the bytes are wrong."""
        return copy_verified(self._storage, blob_key(asset.digest), to, digest=asset.digest)

    def confirm(self, digest: str) -> None:
        """The ledger refers to it: no longer pending."""
        for name in self._storage.names("pending", f"{digest}."):
            self._storage.delete(f"pending/{name}")

    def pending(self) -> Iterator[tuple[str, str]]:
        """(digest, owner) of what was put and not settled: after a crash, perhaps orphans."""
        for name in self._storage.names("pending"):
            digest, _, owner = name.partition(".")
            yield digest, owner

    def discard(self, digest: str) -> None:
        """Delete bytes that no case refers to. Nothing happens if they do not exist.

        Not to be called while anyone may be putting the same bytes: a case whose bytes were
        discarded under it cannot fetch them and stops there.
        """
        self._storage.delete(blob_key(digest))
        for name in self._storage.names("pending", f"{digest}."):
            self._storage.delete(f"pending/{name}")

    def _keep(self, asset: Asset, path: Path, owner: str) -> None:  # noqa: ARG002 - whose it is counts where it is encrypted
        key = blob_key(asset.digest)
        kept = self._storage.put(key, path, replace=False, media_type=asset.media_type)
        if not kept and self._storage.size(key) != asset.size:
            raise Unavailable(f"the blob store's copy of {asset.digest[:12]}… is damaged: restore it")

    def _forget(self, asset: Asset, marker: str) -> None:
        try:
            if self._storage.size(blob_key(asset.digest)) is None:
                self._storage.delete(marker)
        except Unavailable:
            return  # the marker of bytes that are not there: the sweeper discards it


def copy_verified(place: Storage, key: str, to: Path, *, digest: str | None = None) -> Path:
    """A complete copy at a local path, verified by its digest. Raises NotFound or Unavailable."""
    with place.open(key) as source:
        return copy_to(source, to, digest=digest)


def copy_to(source: BinaryIO, to: Path, *, digest: str | None = None) -> Path:
    """As copy_verified, of a file that is open."""
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    digest_seen = hashlib.sha256()
    with translate_storage_errors("a file cannot be copied from the blob store"):
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as copy:
                while chunk := source.read(COPY_CHUNK_BYTES):
                    digest_seen.update(chunk)
                    copy.write(chunk)
            if digest and digest_seen.hexdigest() != digest:
                raise Unavailable(f"the blob store's copy of {digest[:12]}… is damaged: restore it")
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
    return to


def check_owner(owner: str) -> None:
    """Raises BadInput for what can be no case's id."""
    if not _OWNER.fullmatch(owner):
        raise BadInput(f"not the id of a case: {owner!r}")


def blob_key(digest: str) -> str:
    """Where the storage has the bytes."""
    return f"blobs/{digest[:2]}/{digest[2:4]}/{digest}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
