"""Files in an S3 bucket, through fsspec. A put to S3 is atomic; one to memory is made so here."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import RLock
from typing import BinaryIO, cast

from fsspec.core import url_to_fs

from core.errors import NotFound
from pipeline.blobstores.storage_errors import translate_storage_errors

_MEMORY_LOCK = RLock()  # all of a process's memory:// is one store, and nothing in it keeps two writers apart


class S3Storage:
    """A Place in a bucket, or in this process's memory. `options` go to the fsspec file system."""

    def __init__(self, url: str, **options: object) -> None:
        self._is_s3 = url.startswith("s3://")
        with self._translate_errors():
            # A listing that is remembered hides what other workers put there.
            self._files, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True, **options)
        self._root = root.rstrip("/")

    def put(self, key: str, path: Path, *, replace: bool, media_type: str = "") -> bool:
        """See Place. Not replacing is If-None-Match: the store itself refuses the second."""
        if not replace and self.size(key) is not None:
            return False
        mode = "overwrite" if replace else "create"
        with self._translate_errors():
            try:
                if self._is_s3:
                    options = {"ContentType": media_type} if media_type else {}
                    self._files.put_file(str(path), self._path(key), mode=mode, **options)
                else:  # put_file would give the name first and the bytes later
                    self._files.pipe_file(self._path(key), path.read_bytes(), mode=mode)
            except FileExistsError:
                return False
        return True

    def put_empty(self, key: str) -> None:
        """See Place."""
        with self._translate_errors():
            self._files.pipe_file(self._path(key), b"")

    def size(self, key: str) -> int | None:
        """See Place."""
        with self._translate_errors():
            try:
                return int(self._files.info(self._path(key))["size"])
            except FileNotFoundError:
                return None

    def open(self, key: str) -> BinaryIO:
        """See Place."""
        with self._translate_errors():
            try:
                if not self._is_s3:  # all who open it there share one place to read at
                    return io.BytesIO(self._files.cat_file(self._path(key)))
                return cast(BinaryIO, self._files.open(self._path(key), "rb"))
            except FileNotFoundError:
                raise NotFound("there are no such bytes") from None

    def names(self, folder: str, prefix: str = "") -> list[str]:
        """See Place."""
        with self._translate_errors():
            paths = self._files.find(self._path(folder), prefix=prefix) if self._is_s3 else self._listed(folder)
        names = (str(path).rpartition("/")[2] for path in paths)
        return sorted(name for name in names if name.startswith(prefix))

    def delete(self, key: str) -> None:
        """See Place."""
        with self._translate_errors(), suppress(FileNotFoundError):
            self._files.rm_file(self._path(key))

    def delete_all(self, keys: Collection[str]) -> None:
        """See Place."""
        for key in keys:
            self.delete(key)

    def url(self, key: str) -> str:
        """See Place."""
        return str(self._files.unstrip_protocol(self._path(key)))

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    def _listed(self, folder: str) -> list[str]:
        return list(self._files.find(self._path(folder)))

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        with translate_storage_errors("the bucket cannot be used"), nullcontext() if self._is_s3 else _MEMORY_LOCK:
            yield
