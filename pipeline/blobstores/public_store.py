"""Where the public finds what is published: one file a case."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from core.errors import BadInput, NotFound
from pipeline.blobstores.blob_store import copy_verified
from pipeline.blobstores.storage import Storage, open_storage

_CASE = re.compile(r"[0-9A-Za-z_-]{1,64}")


class FsspecPublicStore:
    """A PublicStore in a folder or a bucket: `<case>.mp4`."""

    def __init__(self, url: str, public_url: str = "", **options: object) -> None:
        """`public_url` is what stands before `/<case>.mp4` for the public; if empty, the place's own URL does."""
        self._storage: Storage = open_storage(url, **options)
        self._public_url = public_url.rstrip("/")

    def publish(self, case_id: str, path: Path) -> str:
        """Put the file where the public finds it, atomically; returns its URL. Idempotent."""
        key = _key(case_id)
        self._storage.put(key, path, replace=True, media_type="video/mp4")
        return f"{self._public_url}/{key}" if self._public_url else self._storage.url(key)

    def withdraw(self, case_id: str) -> None:
        """Take it down. Nothing happens if it does not exist."""
        self._storage.delete(_key(case_id))

    def withdraw_all(self, case_ids: Collection[str]) -> None:
        """Take all of these down. Those that do not exist are skipped."""
        self._storage.delete_all([_key(case_id) for case_id in case_ids])

    def fetch(self, case_id: str, to: Path) -> Path:
        """Copy the published file to a local path. Raises NotFound."""
        try:
            return copy_verified(self._storage, _key(case_id), to)
        except NotFound:
            raise NotFound("this case is not published") from None


def _key(case_id: str) -> str:
    if not _CASE.fullmatch(case_id):
        raise BadInput(f"not the id of a case: {case_id!r}")
    return f"{case_id}.mp4"
