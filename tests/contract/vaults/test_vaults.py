"""One suite for every vault and shelf. Runs against: a folder, memory and S3."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import core
from core.assets import Asset
from core.errors import BadInput, NotFound, Unavailable
from core.ports import BlobStore, PublicStore
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.storage import open_storage

REPOSITORY = Path(core.__file__).parents[1]

Where = tuple[str, dict[str, Any]]


def test_bytes_come_back_as_they_were(vault: BlobStore, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    asset = vault.put(file(content), media_type="video/mp4", owner="case1")
    assert asset == Asset(digest=hashlib.sha256(content).hexdigest(), media_type="video/mp4", size=3_000_001)
    assert vault.fetch(asset, tmp_path / "new" / "out.mp4").read_bytes() == content
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.mp4"]


def test_an_empty_file_is_bytes_too(vault: BlobStore, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    asset = vault.put(file(b""), media_type="video/mp4", owner="case1")
    assert vault.fetch(asset, tmp_path / "out").read_bytes() == b""


def test_bytes_are_pending_until_they_are_settled(vault: BlobStore, file: Callable[[bytes], Path]) -> None:
    mine = vault.put(file(b"mine"), media_type="a/b", owner="case1")
    also = vault.put(file(b"mine"), media_type="a/b", owner="case2")
    other = vault.put(file(b"other"), media_type="a/b", owner="case1")
    assert sorted(vault.pending()) == sorted([(mine.digest, "case1"), (also.digest, "case2"), (other.digest, "case1")])
    vault.confirm(mine.digest)
    assert list(vault.pending()) == [(other.digest, "case1")]
    vault.confirm(mine.digest)
    vault.confirm(other.digest)
    assert list(vault.pending()) == []


def test_the_same_bytes_are_kept_once(vault: FsspecBlobStore, where: Where, file: Callable[[bytes], Path]) -> None:
    asset = vault.put(file(b"same"), media_type="a/b", owner="case1")
    assert vault.put(file(b"same"), media_type="a/b", owner="case1") == asset
    assert list(vault.pending()) == [(asset.digest, "case1")]
    place = open_storage(where[0], **where[1])
    assert place.names(f"blobs/{asset.digest[:2]}/{asset.digest[2:4]}") == [asset.digest]


def test_what_is_there_is_never_overwritten(where: Where, file: Callable[[bytes], Path]) -> None:
    place = open_storage(where[0], **where[1])
    assert place.put("a/b", file(b"first"), replace=False)
    assert not place.put("a/b", file(b"second"), replace=False)
    with place.open("a/b") as kept:
        assert kept.read() == b"first"


def test_of_eight_who_put_at_once_all_find_the_bytes(
    vault: BlobStore, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    path = file(os.urandom(100_000))
    with ThreadPoolExecutor(8) as pool:
        assets = set(pool.map(lambda n: vault.put(path, media_type="a/b", owner=f"case{n}"), range(8)))
    assert len(assets) == 1
    assert vault.fetch(assets.pop(), tmp_path / "out").read_bytes() == path.read_bytes()
    assert len(list(vault.pending())) == 8


def test_what_is_not_there_is_not_found(vault: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        vault.fetch(Asset(digest="0" * 64, media_type="a/b", size=1), tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_discarded_bytes_are_gone_and_so_is_what_was_pending(
    vault: BlobStore, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = vault.put(file(b"orphan"), media_type="a/b", owner="case1")
    vault.discard(asset.digest)
    vault.discard(asset.digest)
    assert list(vault.pending()) == []
    with pytest.raises(NotFound):
        vault.fetch(asset, tmp_path / "out")


@pytest.mark.parametrize("bad", [b"damagEd", b"dam"])
def test_damaged_bytes_are_never_given_out(
    vault: BlobStore, where: Where, file: Callable[[bytes], Path], tmp_path: Path, bad: bytes
) -> None:
    asset = vault.put(file(b"damaged"), media_type="a/b", owner="case1")
    key = f"blobs/{asset.digest[:2]}/{asset.digest[2:4]}/{asset.digest}"
    open_storage(where[0], **where[1]).put(key, file(bad), replace=True)
    with pytest.raises(Unavailable, match="damaged"):
        vault.fetch(asset, tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_putting_over_a_truncated_copy_says_so(vault: BlobStore, where: Where, file: Callable[[bytes], Path]) -> None:
    asset = vault.put(file(b"damaged"), media_type="a/b", owner="case1")
    key = f"blobs/{asset.digest[:2]}/{asset.digest[2:4]}/{asset.digest}"
    open_storage(where[0], **where[1]).put(key, file(b"dam"), replace=True)
    with pytest.raises(Unavailable, match="damaged"):
        vault.put(file(b"damaged"), media_type="a/b", owner="case1")


@pytest.mark.parametrize("owner", ["", "../x", "a/b", "a.b", "x" * 65])
def test_an_owner_that_could_be_a_path_is_refused(vault: BlobStore, file: Callable[[bytes], Path], owner: str) -> None:
    with pytest.raises(BadInput):
        vault.put(file(b"x"), media_type="a/b", owner=owner)
    assert list(vault.pending()) == []


def test_what_is_published_can_be_had_under_its_url(
    shelf: PublicStore, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    assert shelf.publish("c1", file(b"video")) == "https://videos.example/v/c1.mp4"
    assert shelf.publish("c1", file(b"video")) == "https://videos.example/v/c1.mp4"
    assert shelf.fetch("c1", tmp_path / "out.mp4").read_bytes() == b"video"


def test_publishing_again_shows_the_later_file(
    shelf: PublicStore, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    shelf.publish("c1", file(b"first"))
    shelf.publish("c1", file(b"second"))
    assert shelf.fetch("c1", tmp_path / "out.mp4").read_bytes() == b"second"


def test_what_is_withdrawn_is_gone(shelf: PublicStore, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    shelf.publish("c1", file(b"video"))
    shelf.publish("c2", file(b"other"))
    shelf.withdraw("c1")
    shelf.withdraw("c1")
    with pytest.raises(NotFound, match="not published"):
        shelf.fetch("c1", tmp_path / "out.mp4")
    assert shelf.fetch("c2", tmp_path / "out.mp4").read_bytes() == b"other"


def test_many_are_withdrawn_at_once_and_the_others_stay(
    shelf: PublicStore, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    for name in ("c1", "c2", "c3"):
        shelf.publish(name, file(name.encode()))
    shelf.withdraw_all(["c1", "c3", "c4"])
    for name in ("c1", "c3"):
        with pytest.raises(NotFound):
            shelf.fetch(name, tmp_path / "out.mp4")
    assert shelf.fetch("c2", tmp_path / "out.mp4").read_bytes() == b"c2"
    with pytest.raises(BadInput):
        shelf.withdraw_all(["../x"])


@pytest.mark.parametrize("case_id", ["../vault/x", "a/b", "", "a.b"])
def test_a_case_id_that_could_be_a_path_is_refused(
    shelf: PublicStore, file: Callable[[bytes], Path], tmp_path: Path, case_id: str
) -> None:
    with pytest.raises(BadInput):
        shelf.publish(case_id, file(b"video"))
    with pytest.raises(BadInput):
        shelf.fetch(case_id, tmp_path / "out")
    with pytest.raises(BadInput):
        shelf.withdraw(case_id)
