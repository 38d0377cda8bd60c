"""Where files lie: a folder of this machine, or a bucket. One small port, so that vault and shelf need not know."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import unquote

from core.errors import BadInput


class Storage(Protocol):
    """Files by key (`a/b/c`). Each is there whole or not at all. Every method raises Unavailable for trouble."""

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
        """Delete it. Nothing happens if it is gone."""

    def delete_all(self, keys: Collection[str]) -> None:
        """Delete all of these. Nothing happens to those that are gone."""

    def url(self, key: str) -> str:
        """How this machine names the file."""


def open_storage(url: str, **options: Any) -> Storage:
    """The place at an fsspec URL: a path, `file://`, `s3://bucket/prefix`, `memory://` for tests. Raises BadInput."""
    from pipeline.blobstores.local_storage import LocalStorage
    from pipeline.blobstores.s3_storage import S3Storage

    protocol, _, rest = url.rpartition("://")
    match protocol:
        case "":
            return LocalStorage(Path(rest))
        case "file":
            return LocalStorage(Path(unquote(rest)))
        case "s3" | "memory":
            return S3Storage(url, **options)
    raise BadInput(f"files cannot be kept at {protocol}://: name a folder or an s3:// bucket")
