"""What lies in a blob store is readable by the keys of its cases alone. Runs against: a folder, memory and S3."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.assets import Asset
from core.errors import NotFound, Unavailable
from pipeline.at_rest.envelope import MAGIC
from pipeline.at_rest.key_store import CaseKeys
from pipeline.blobstores.blob_store import FsspecBlobStore, blob_key
from pipeline.blobstores.encrypted_blob_store import EncryptedBlobStore
from pipeline.blobstores.storage import open_storage

Where = tuple[str, dict[str, Any]]
SECRET = b"nobody else may read this"


@pytest.fixture
def sealed(where: Where, keys: CaseKeys) -> EncryptedBlobStore:
    return EncryptedBlobStore(where[0], keys, **where[1])


def stored(where: Where, asset: Asset) -> bytes:
    with open_storage(where[0], **where[1]).open(blob_key(asset.digest)) as file:
        return file.read()


def in_the_clear(where: Where, file: Path, owner: str = "case1") -> Asset:
    """Bytes as an older Assay kept them."""
    return FsspecBlobStore(where[0], **where[1]).put(file, media_type="video/mp4", owner=owner)


def test_nothing_of_the_bytes_is_on_the_disk(
    sealed: EncryptedBlobStore, where: Where, file: Callable[[bytes], Path]
) -> None:
    asset = sealed.put(file(SECRET * 100), media_type="video/mp4", owner="case1")
    assert stored(where, asset).startswith(MAGIC)
    assert SECRET not in stored(where, asset)


def test_without_the_keys_folder_the_bytes_cannot_be_read(
    sealed: EncryptedBlobStore, where: Where, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = sealed.put(file(SECRET), media_type="video/mp4", owner="case1")
    thief = EncryptedBlobStore(where[0], CaseKeys(where[0], tmp_path / "other keys", **where[1]), **where[1])
    with pytest.raises(Unavailable, match="cannot be unwrapped"):
        thief.fetch(asset, tmp_path / "out")


def test_with_its_key_destroyed_a_case_has_no_bytes(
    sealed: EncryptedBlobStore, keys: CaseKeys, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = sealed.put(file(SECRET), media_type="video/mp4", owner="case1")
    keys.destroy("case1")
    with pytest.raises(NotFound, match="erased"):
        sealed.fetch(asset, tmp_path / "out")
    keys.make("case1")  # what comes after is another key
    with pytest.raises(NotFound, match="erased"):
        sealed.fetch(asset, tmp_path / "out")


def test_bytes_of_two_cases_are_kept_once_and_until_the_last_is_erased(
    sealed: EncryptedBlobStore, keys: CaseKeys, where: Where, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = sealed.put(file(SECRET), media_type="video/mp4", owner="case1")
    before = stored(where, asset)
    sealed.put(file(SECRET), media_type="video/mp4", owner="case2")
    assert stored(where, asset) == before
    keys.destroy("case1")
    assert sealed.fetch(asset, tmp_path / "out").read_bytes() == SECRET
    keys.destroy("case2")
    with pytest.raises(NotFound, match="erased"):
        sealed.fetch(asset, tmp_path / "again")


def test_whoever_brings_erased_bytes_again_has_them_anew(
    sealed: EncryptedBlobStore, keys: CaseKeys, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = sealed.put(file(SECRET), media_type="video/mp4", owner="case1")
    keys.destroy("case1")
    sealed.put(file(SECRET), media_type="video/mp4", owner="case2")
    assert sealed.fetch(asset, tmp_path / "out").read_bytes() == SECRET


def test_of_two_who_bring_erased_bytes_at_once_each_has_a_key(
    sealed: EncryptedBlobStore, keys: CaseKeys, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    path = file(SECRET)
    asset = sealed.put(path, media_type="video/mp4", owner="case0")
    keys.destroy("case0")
    start = threading.Barrier(4)

    def put(number: int) -> None:
        start.wait()
        sealed.put(path, media_type="video/mp4", owner=f"case{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(1, 5)))
    for erased in (1, 2, 3):
        keys.destroy(f"case{erased}")
    assert sealed.fetch(asset, tmp_path / "out").read_bytes() == SECRET


def test_a_manifest_outlives_the_key_of_its_case(
    sealed: EncryptedBlobStore, keys: CaseKeys, where: Where, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = sealed.put(file(SECRET), media_type="application/c2pa", owner="case1")
    keys.destroy("case1")
    assert SECRET not in stored(where, asset)
    assert sealed.fetch(asset, tmp_path / "out").read_bytes() == SECRET


@pytest.mark.parametrize("size", [0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3 << 18])
def test_bytes_that_lay_in_the_clear_are_read_and_can_be_encrypted(
    sealed: EncryptedBlobStore, where: Where, file: Callable[[bytes], Path], tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    asset = in_the_clear(where, file(content))
    assert not sealed.is_encrypted(asset.digest)
    assert sealed.fetch(asset, tmp_path / "before").read_bytes() == content
    assert sealed.encrypt_stored(asset.digest, owner="case1")
    assert not sealed.encrypt_stored(asset.digest, owner="case1")
    assert sealed.is_encrypted(asset.digest)
    assert sealed.fetch(asset, tmp_path / "after").read_bytes() == content


def test_bytes_of_two_cases_that_lay_in_the_clear_get_a_key_for_each_but_not_for_one_that_was_erased(
    sealed: EncryptedBlobStore, keys: CaseKeys, where: Where, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = in_the_clear(where, file(SECRET))
    for owner in ("case1", "case2"):
        sealed.encrypt_stored(asset.digest, owner=owner)
    keys.destroy("case1")
    assert sealed.fetch(asset, tmp_path / "out").read_bytes() == SECRET
    sealed.encrypt_stored(asset.digest, owner="case1")  # as when it is run again
    keys.destroy("case2")
    with pytest.raises(NotFound, match="erased"):
        sealed.fetch(asset, tmp_path / "again")


def test_damaged_bytes_in_the_clear_are_not_encrypted_over(
    sealed: EncryptedBlobStore, where: Where, file: Callable[[bytes], Path]
) -> None:
    asset = in_the_clear(where, file(SECRET))
    open_storage(where[0], **where[1]).put(blob_key(asset.digest), file(b"something else"), replace=True)
    with pytest.raises(Unavailable, match="damaged"):
        sealed.encrypt_stored(asset.digest, owner="case1")
    assert stored(where, asset) == b"something else"


def test_bytes_that_are_gone_are_not_encrypted(sealed: EncryptedBlobStore) -> None:
    assert not sealed.encrypt_stored("0" * 64, owner="case1")


@pytest.mark.parametrize("place", ["header", "middle", "end", "cut", "longer"])
def test_encrypted_bytes_that_were_changed_are_never_given_out(
    sealed: EncryptedBlobStore, where: Where, file: Callable[[bytes], Path], tmp_path: Path, place: str
) -> None:
    asset = sealed.put(file(os.urandom(600_000)), media_type="video/mp4", owner="case1")
    changed = bytearray(stored(where, asset))
    if place == "cut":
        del changed[-20:]
    elif place == "longer":
        changed[28:36] = (700_000).to_bytes(8, "big")
    else:
        changed[{"header": 27, "middle": 300_000, "end": -1}[place]] ^= 1
    open_storage(where[0], **where[1]).put(blob_key(asset.digest), file(bytes(changed)), replace=True)
    with pytest.raises(Unavailable, match="damaged"):
        sealed.fetch(asset, tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_with_the_bytes_their_keys_are_discarded(
    sealed: EncryptedBlobStore, where: Where, file: Callable[[bytes], Path]
) -> None:
    asset = sealed.put(file(SECRET), media_type="video/mp4", owner="case1")
    place, folder = open_storage(where[0], **where[1]), f"blob-keys/{asset.digest[:2]}/{asset.digest[2:4]}"
    assert len(place.names(folder)) == 1
    sealed.discard(asset.digest)
    assert place.names(folder) == []
