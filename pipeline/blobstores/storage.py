"""Where files are stored: a folder of this machine, or a bucket. One small port under BlobStore and PublicStore."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import BadInput
from core.plugins import BLOBSTORES, check_implements, plugins
from pipeline.blobstores import BUNDLED_BLOBSTORES


class Storage(Protocol):
    """Files by key (`a/b/c`). Writes are atomic. Every method raises Unavailable if storage fails."""

    def put(self, key: str, path: Path, *, replace: bool, media_type: str = "") -> bool:
        """Keep a copy of the file. False, and nothing is changed, if there is one already and `replace` is not set."""

    def put_empty(self, key: str) -> None:
        """Keep an empty file."""

    def size(self, key: str) -> int | None:
        """Its size in bytes, or None if it is not there."""

    def open(self, key: str) -> BinaryIO:
        """For reading. Raises NotFound."""

    def names(self, folder: str, prefix: str = "") -> list[str]:
        """The names of the files in a folder that begin so, in order."""

    def delete(self, key: str) -> None:
        """Delete it. Nothing happens if it does not exist."""

    def delete_all(self, keys: Collection[str]) -> None:
        """Delete all of these. Those that do not exist are skipped."""

    def url(self, key: str) -> str:
        """How this machine names the file."""


class OpenStorage(Protocol):
    """What a plugin of the group assay.blobstores names."""

    def __call__(self, url: str, **options: object) -> Storage:
        """The place at a URL of its scheme. Raises BadInput, Unavailable."""


def open_storage(url: str, **options: object) -> Storage:
    """The place at a URL: a path, `file://`, `s3://bucket/prefix`, `memory://` for tests, or a plugin's scheme.

    Raises BadInput, for a scheme that nobody registered with the names of those that are.
    """
    scheme = url.rpartition("://")[0] or "file"
    known = plugins(BLOBSTORES, BUNDLED_BLOBSTORES)
    if scheme not in known:
        raise BadInput(
            f"files cannot be kept at {scheme}://: name a folder or an s3:// bucket (known: {', '.join(known)})"
        )
    from_url: OpenStorage = known[scheme].load()
    storage = from_url(url, **options)
    check_implements(known[scheme], storage, Storage)
    return storage
