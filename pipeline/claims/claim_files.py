"""Files that come with a claim: proof of identity and authority, and pictures of a work. Never decoded here.

None is ever read whole: what was received lies on disk, and is kept and given back a part at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from core.errors import BadInput
from pipeline.claims.claim_store import ClaimFilePurpose

MAX_CLAIM_FILE_BYTES = 10 * 1024**2
MAX_CLAIM_FILES = 6
CLAIM_FILE_PART = 1024**2
"""So many bytes of a file are in memory at a time."""

OpenFile = Callable[[], BinaryIO]

_BEGINNINGS: Mapping[bytes, str] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimUpload:
    """A file that somebody sent with their claim; `open` gives its bytes."""

    purpose: ClaimFilePurpose
    media_type: str
    size: int
    open: OpenFile


def read_claim_upload(open_file: OpenFile, purpose: ClaimFilePurpose) -> ClaimUpload:
    """A file by how it begins, whatever its sender calls it. Raises BadInput for another kind, or one too large."""
    with open_file() as file:
        begins = file.read(max(map(len, _BEGINNINGS)))
        size = file.seek(0, os.SEEK_END)
    if size > MAX_CLAIM_FILE_BYTES:
        raise BadInput("A file of proof may have 10 MB at most.", param=purpose.value)
    for beginning, media_type in _BEGINNINGS.items():
        if begins.startswith(beginning):
            return ClaimUpload(purpose=purpose, media_type=media_type, size=size, open=open_file)
    raise BadInput("A file of proof is a PDF, a PNG or a JPEG.", param=purpose.value)


def parts_of(file: BinaryIO) -> Iterator[bytes]:
    """What is left of a file, part by part."""
    while part := file.read(CLAIM_FILE_PART):
        yield part
