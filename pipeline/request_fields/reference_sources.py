"""A reference that lies elsewhere, copied here: from a data: URL, an https address, or a place for platforms' files.

Whatever comes is a file of ours with a bounded size, and nothing is yet known of what is in it.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import BadInput, NotFound
from pipeline.blobstores.storage import Storage
from pipeline.request_fields.reference_fields import decode_data_url, empty_reference, is_data_url
from pipeline.safe_fetch import SafeFetcher
from pipeline.video_request import REFERENCE_PARAM

MAX_DATA_URL_LENGTH = 16 * 1024**2
"""Characters of a data: URL, as much as the gateway reads of a JSON body."""

BLOB_KEY = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"
"""The key of a file within its account's folder: no folders below it."""

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHUNK_BYTES = 1 << 20


class ReferenceMissing(BadInput):
    """The reference cannot be had from where the request says it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSources:
    """Where references may come from. Without `fetcher` no address is asked, without `inbox` no key names anything.

    The inbox holds files as `<account>/<key>`, so that an account can name its own and no other's.
    """

    max_bytes: int
    fetcher: SafeFetcher | None = None
    inbox: Storage | None = None

    def from_url(self, url: str, to: Path, *, field: str = REFERENCE_PARAM) -> Path:
        """The file in a data: URL or at an https address, as `to`. Raises BadInput, ReferenceMissing."""
        if is_data_url(url):
            if len(url) > MAX_DATA_URL_LENGTH:
                raise BadInput(f"the data: URL of {field} has more than {MAX_DATA_URL_LENGTH} characters", param=field)
            to.write_bytes(decode_data_url(url, field))
            return to
        if not url.lower().startswith("https://"):
            raise BadInput(f"{field} must be a data: URL or an address that begins with https://", param=field)
        if self.fetcher is None:
            raise BadInput(f"{field}: no address is fetched here", param=field)
        try:
            self.fetcher.fetch(url, to)
        except BadInput as error:
            raise ReferenceMissing(f"{field}: {error}", param=field) from None
        if to.stat().st_size == 0:
            raise empty_reference(field)
        return to

    def from_blob(self, account: str, key: str, to: Path, *, field: str = REFERENCE_PARAM) -> Path:
        """This account's file under this key, as `to`. Raises BadInput, ReferenceMissing; Unavailable."""
        if self.inbox is None:
            raise BadInput(f"{field}: there is no place for references here", param=field)
        if not re.fullmatch(BLOB_KEY, key) or not _ACCOUNT.fullmatch(account):
            raise BadInput(f"{field}: this is not the key of a file", param=field)
        place = f"{account}/{key}"
        size = self.inbox.size(place)
        if not size:
            raise ReferenceMissing(f"{field}: there is no such file, or nothing is in it", param=field)
        try:
            with self.inbox.open(place) as source:
                if not _is_plain_file(source):
                    raise ReferenceMissing(f"{field}: there is no such file, or nothing is in it", param=field)
                self._copy(source, to, field)
        except NotFound:
            raise ReferenceMissing(f"{field}: there is no such file, or nothing is in it", param=field) from None
        return to

    def _copy(self, source: BinaryIO, to: Path, field: str) -> None:
        written = 0
        with to.open("wb") as file:
            while chunk := source.read(_CHUNK_BYTES):
                written += file.write(chunk)
                if written > self.max_bytes:
                    raise BadInput(
                        f"{field} is larger than the {self.max_bytes >> 20} MB that are accepted", param=field
                    )


NO_SOURCES = ReferenceSources(max_bytes=MAX_DATA_URL_LENGTH)
"""Whatever lies elsewhere is refused."""


def _is_plain_file(source: BinaryIO) -> bool:
    """Whether a file of this machine is no link: whoever may write there could otherwise name any file of ours."""
    path = getattr(source, "name", None)
    if not isinstance(path, str | os.PathLike) or not Path(path).is_absolute():
        return True  # not a file of this machine
    named, opened = os.lstat(path), os.fstat(source.fileno())
    return stat.S_ISREG(named.st_mode) and os.path.samestat(named, opened)
