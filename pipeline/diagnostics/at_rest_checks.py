"""Whether what is kept is closed to other users and encrypted, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from core.case import Case
from core.errors import NotFound, Unavailable
from pipeline.at_rest.key_store import KeyStore
from pipeline.at_rest.private_files import OpenPath, open_paths
from pipeline.blobstores.encrypted_blob_store import EncryptedBlobStore
from pipeline.ledgers.texts import PostgresTexts
from pipeline.settings import Settings

_MOST = 1000  # paths that are counted: one is enough to act on
_SHOWN = 3
_LOOKED_AT = 50  # files of the oldest cases


def check_privacy(settings: Settings) -> Iterator[tuple[str, str]]:
    """State and sentence, as DiagnosticResult has them, for the home and for a keys folder elsewhere."""
    places = [settings.root]
    if not settings.keys_folder.is_relative_to(settings.root):
        places.append(settings.keys_folder)
    for place in places:
        found = list(islice(open_paths(place), _MOST))
        if not found:
            yield "ok", f"only its owner can read what is in {place}"
            continue
        many = f"{len(found)}{'+' if len(found) == _MOST else ''}"
        names = ", ".join(str(one.path) for one in found[:_SHOWN])
        yield (
            "lacks",
            f"other users of this machine can use {many} files or folders in {place} ({names}): {_remedy(found)}",
        )


def check_encryption(
    keys: KeyStore, texts: PostgresTexts, blob_store: EncryptedBlobStore, oldest: Sequence[Case]
) -> Iterator[tuple[str, str]]:
    """State and sentence: for the key that wraps all others, and what lies in the clear (all texts, some old files)."""
    try:
        keys.check_wrapping()
    except Unavailable as error:
        yield "broken", f"{error}: nothing can be kept"
        return
    if many := texts.count_in_the_clear():
        yield "lacks", f"{many} texts of an older Assay lie in the clear: `assay protect` encrypts them"
    digests = {asset.digest for case in oldest for asset in case.assets()}
    if any(_in_the_clear(blob_store, digest) for digest in sorted(digests)[:_LOOKED_AT]):
        yield "lacks", "files of an older Assay lie in the clear: `assay protect` encrypts them"
    yield "ok", "texts and files of cases are encrypted from now on, under a key for each case"


def _in_the_clear(blob_store: EncryptedBlobStore, digest: str) -> bool:
    try:
        return not blob_store.is_encrypted(digest)
    except NotFound:
        return False


def _remedy(found: list[OpenPath]) -> str:
    if all(one.ours for one in found):
        return "`assay protect` closes them"
    theirs = next(one for one in found if not one.ours)
    return f"`assay protect` closes what is ours; chmod {theirs.mode:o} {theirs.path} is for you to decide"
