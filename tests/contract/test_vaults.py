"""One suite for every vault and shelf. Runs against: a folder, fsspec's memory, and S3 (moto's server on loopback)."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

import core
from core.assets import Asset
from core.errors import BadInput, NotFound, Unavailable
from core.ports import Shelf, Vault
from pipeline.vaults.places import open_place
from pipeline.vaults.shelf import FsspecShelf
from pipeline.vaults.vault import FsspecVault

REPOSITORY = Path(core.__file__).parents[1]

Where = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    moto_server = [sys.executable, "-c", "from moto.server import main; main()"]
    server = subprocess.Popen(
        [*moto_server, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield _answering(f"http://127.0.0.1:{port}", server)
    finally:
        server.kill()
        server.wait()


@pytest.fixture(params=["folder", "memory", "s3"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """An empty place: its URL, and the options of its file system."""
    if request.param == "folder":
        return str(tmp_path / "place"), {}
    if request.param == "memory":
        return f"memory://{tmp_path}", {}
    return _bucket(request.getfixturevalue("s3"))


@pytest.fixture
def vault(where: Where) -> FsspecVault:
    return FsspecVault(where[0], **where[1])


@pytest.fixture
def shelf(where: Where) -> FsspecShelf:
    return FsspecShelf(where[0], "https://videos.example/v/", **where[1])


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def written(content: bytes) -> Path:
        path = tmp_path / f"in-{hashlib.sha256(content).hexdigest()[:8]}.bin"
        path.write_bytes(content)
        return path

    return written


def _answering(url: str, server: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        assert server.poll() is None
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return url
        except OSError:
            time.sleep(0.05)
    raise AssertionError("moto's server does not answer")


def _bucket(endpoint: str) -> Where:
    import boto3  # type: ignore[import-untyped]

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    name = f"bucket-{os.urandom(6).hex()}"
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys).create_bucket(Bucket=name)
    return f"s3://{name}/assay", {"key": "test", "secret": "test", "client_kwargs": {"endpoint_url": endpoint}}


def test_bytes_come_back_as_they_were(vault: Vault, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    asset = vault.put(file(content), media_type="video/mp4", owner="case1")
    assert asset == Asset(digest=hashlib.sha256(content).hexdigest(), media_type="video/mp4", size=3_000_001)
    assert vault.fetch(asset, tmp_path / "new" / "out.mp4").read_bytes() == content
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.mp4"]


def test_an_empty_file_is_bytes_too(vault: Vault, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    asset = vault.put(file(b""), media_type="video/mp4", owner="case1")
    assert vault.fetch(asset, tmp_path / "out").read_bytes() == b""


def test_bytes_are_pending_until_they_are_settled(vault: Vault, file: Callable[[bytes], Path]) -> None:
    mine = vault.put(file(b"mine"), media_type="a/b", owner="case1")
    also = vault.put(file(b"mine"), media_type="a/b", owner="case2")
    other = vault.put(file(b"other"), media_type="a/b", owner="case1")
    assert sorted(vault.pending()) == sorted([(mine.digest, "case1"), (also.digest, "case2"), (other.digest, "case1")])
    vault.settle(mine.digest)
    assert list(vault.pending()) == [(other.digest, "case1")]
    vault.settle(mine.digest)
    vault.settle(other.digest)
    assert list(vault.pending()) == []


def test_the_same_bytes_are_kept_once(vault: FsspecVault, where: Where, file: Callable[[bytes], Path]) -> None:
    asset = vault.put(file(b"same"), media_type="a/b", owner="case1")
    assert vault.put(file(b"same"), media_type="a/b", owner="case1") == asset
    assert list(vault.pending()) == [(asset.digest, "case1")]
    place = open_place(where[0], **where[1])
    assert place.names(f"blobs/{asset.digest[:2]}/{asset.digest[2:4]}") == [asset.digest]


def test_what_is_there_is_never_overwritten(where: Where, file: Callable[[bytes], Path]) -> None:
    place = open_place(where[0], **where[1])
    assert place.put("a/b", file(b"first"), replace=False)
    assert not place.put("a/b", file(b"second"), replace=False)
    with place.open("a/b") as kept:
        assert kept.read() == b"first"


def test_of_eight_who_put_at_once_all_find_the_bytes(
    vault: Vault, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    path = file(os.urandom(100_000))
    with ThreadPoolExecutor(8) as pool:
        assets = set(pool.map(lambda n: vault.put(path, media_type="a/b", owner=f"case{n}"), range(8)))
    assert len(assets) == 1
    assert vault.fetch(assets.pop(), tmp_path / "out").read_bytes() == path.read_bytes()
    assert len(list(vault.pending())) == 8


def test_what_is_not_there_is_not_found(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        vault.fetch(Asset(digest="0" * 64, media_type="a/b", size=1), tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_discarded_bytes_are_gone_and_so_is_what_was_pending(
    vault: Vault, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    asset = vault.put(file(b"orphan"), media_type="a/b", owner="case1")
    vault.discard(asset.digest)
    vault.discard(asset.digest)
    assert list(vault.pending()) == []
    with pytest.raises(NotFound):
        vault.fetch(asset, tmp_path / "out")


@pytest.mark.parametrize("bad", [b"damagEd", b"dam"])
def test_damaged_bytes_are_never_given_out(
    vault: Vault, where: Where, file: Callable[[bytes], Path], tmp_path: Path, bad: bytes
) -> None:
    asset = vault.put(file(b"damaged"), media_type="a/b", owner="case1")
    key = f"blobs/{asset.digest[:2]}/{asset.digest[2:4]}/{asset.digest}"
    open_place(where[0], **where[1]).put(key, file(bad), replace=True)
    with pytest.raises(Unavailable, match="damaged"):
        vault.fetch(asset, tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_putting_over_a_truncated_copy_says_so(vault: Vault, where: Where, file: Callable[[bytes], Path]) -> None:
    asset = vault.put(file(b"damaged"), media_type="a/b", owner="case1")
    key = f"blobs/{asset.digest[:2]}/{asset.digest[2:4]}/{asset.digest}"
    open_place(where[0], **where[1]).put(key, file(b"dam"), replace=True)
    with pytest.raises(Unavailable, match="damaged"):
        vault.put(file(b"damaged"), media_type="a/b", owner="case1")


@pytest.mark.parametrize("owner", ["", "../x", "a/b", "a.b", "x" * 65])
def test_an_owner_that_could_be_a_path_is_refused(vault: Vault, file: Callable[[bytes], Path], owner: str) -> None:
    with pytest.raises(BadInput):
        vault.put(file(b"x"), media_type="a/b", owner=owner)
    assert list(vault.pending()) == []


def test_what_is_published_can_be_had_under_its_url(
    shelf: Shelf, file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    assert shelf.publish("c1", file(b"video")) == "https://videos.example/v/c1.mp4"
    assert shelf.publish("c1", file(b"video")) == "https://videos.example/v/c1.mp4"
    assert shelf.fetch("c1", tmp_path / "out.mp4").read_bytes() == b"video"


def test_publishing_again_shows_the_later_file(shelf: Shelf, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    shelf.publish("c1", file(b"first"))
    shelf.publish("c1", file(b"second"))
    assert shelf.fetch("c1", tmp_path / "out.mp4").read_bytes() == b"second"


def test_what_is_withdrawn_is_gone(shelf: Shelf, file: Callable[[bytes], Path], tmp_path: Path) -> None:
    shelf.publish("c1", file(b"video"))
    shelf.publish("c2", file(b"other"))
    shelf.withdraw("c1")
    shelf.withdraw("c1")
    with pytest.raises(NotFound, match="not published"):
        shelf.fetch("c1", tmp_path / "out.mp4")
    assert shelf.fetch("c2", tmp_path / "out.mp4").read_bytes() == b"other"


def test_many_are_withdrawn_at_once_and_the_others_stay(
    shelf: Shelf, file: Callable[[bytes], Path], tmp_path: Path
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
    shelf: Shelf, file: Callable[[bytes], Path], tmp_path: Path, case_id: str
) -> None:
    with pytest.raises(BadInput):
        shelf.publish(case_id, file(b"video"))
    with pytest.raises(BadInput):
        shelf.fetch(case_id, tmp_path / "out")
    with pytest.raises(BadInput):
        shelf.withdraw(case_id)


# Memory alone


def test_bytes_in_memory_have_their_name_only_when_they_are_whole(
    file: Callable[[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = []
    commit = MemoryFile.commit
    monkeypatch.setattr(MemoryFile, "commit", lambda new: (named.append(new.getbuffer().nbytes), commit(new)))
    place = open_place(f"memory://{tmp_path}")
    place.put("a", file(b"x" * 100_000), replace=False)
    place.put("a", file(b"y" * 99_000), replace=True)
    assert named == [100_000, 99_000]


def test_of_two_who_see_no_bytes_in_memory_one_is_refused(
    file: Callable[[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, exists = threading.Barrier(2), MemoryFileSystem.exists

    def seen_by_both(self: MemoryFileSystem, path: str, **options: Any) -> bool:
        """Nobody is told before both have looked, unless only one of them can get here at a time."""
        seen = exists(self, path, **options)
        with suppress(threading.BrokenBarrierError):
            both.wait(0.3)
        return seen

    monkeypatch.setattr(MemoryFileSystem, "exists", seen_by_both)
    place, files = open_place(f"memory://{tmp_path}"), [file(b"one"), file(b"two")]
    monkeypatch.setattr(place, "size", lambda _: None)
    with ThreadPoolExecutor(2) as pool:
        kept = list(pool.map(lambda path: place.put("k", path, replace=False), files))
    assert sorted(kept) == [False, True]
    with place.open("k") as bytes_kept:
        assert bytes_kept.read() == files[kept.index(True)].read_bytes()


def test_two_who_read_the_same_bytes_do_not_disturb_each_other(where: Where, file: Callable[[bytes], Path]) -> None:
    place = open_place(where[0], **where[1])
    place.put("k", file(b"0123456789"), replace=False)
    with place.open("k") as one, place.open("k") as other:
        assert (one.read(4), other.read(4), one.read(), other.read()) == (b"0123", b"0123", b"456789", b"456789")


# The folder alone


def test_without_a_public_url_the_folder_names_the_file(file: Callable[[bytes], Path], tmp_path: Path) -> None:
    folder = tmp_path / "a shelf, 100% public"
    url = FsspecShelf(str(folder)).publish("c1", file(b"video"))
    assert url == (folder / "c1.mp4").as_uri()
    assert FsspecShelf(folder.as_uri()).fetch("c1", tmp_path / "out").read_bytes() == b"video"


PUT_WITH_A_FULL_DISK = (
    "import resource, sys\n"
    "from pathlib import Path\n"
    "from core.errors import Unavailable\n"
    "from pipeline.vaults.vault import FsspecVault\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
    "try:\n"
    "    FsspecVault(sys.argv[1]).put(Path(sys.argv[2]), media_type='a/b', owner='case1')\n"
    "except Unavailable as error:\n"
    "    print(error)\n"
)

PUT_AND_DIE = (
    "import os, signal, sys\n"
    "from pathlib import Path\n"
    "import pipeline.vaults.folder as folder\n"
    "from pipeline.vaults.vault import FsspecVault\n"
    "folder._name = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
    "FsspecVault(sys.argv[1]).put(Path(sys.argv[2]), media_type='a/b', owner='case1')\n"
)


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_full_disk_is_said_and_nothing_partial_stays(file: Callable[[bytes], Path], tmp_path: Path) -> None:
    place = tmp_path / "place"
    said = _run(PUT_WITH_A_FULL_DISK, str(place), str(file(os.urandom(200_000))))
    assert said.stdout.startswith("the vault's disk is full"), said.stderr
    assert _files(place) == []


def test_a_crash_before_the_bytes_have_their_name_leaves_a_marker_to_clean_up_by(
    file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    place, path = tmp_path / "place", file(b"bytes")
    died = _run(PUT_AND_DIE, str(place), str(path))
    assert died.returncode == -signal.SIGKILL
    vault, digest = FsspecVault(str(place)), hashlib.sha256(b"bytes").hexdigest()
    assert list(vault.pending()) == [(digest, "case1")]
    vault.discard(digest)
    assert _files(place) == []
    asset = vault.put(path, media_type="a/b", owner="case1")
    assert vault.fetch(asset, tmp_path / "out").read_bytes() == b"bytes"


def test_a_folder_that_cannot_be_made_is_unavailable(file: Callable[[bytes], Path], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(Unavailable, match="cannot be used"):
        FsspecVault(str(tmp_path / "taken")).put(file(b"x"), media_type="a/b", owner="case1")


# S3 alone


def test_a_bucket_that_is_not_there_is_unavailable_in_one_line(s3: str, file: Callable[[bytes], Path]) -> None:
    url, options = _bucket(s3)
    vault = FsspecVault("s3://no-such-bucket/x", **options)
    with pytest.raises(Unavailable) as caught:
        vault.put(file(b"x"), media_type="a/b", owner="case1")
    assert "\n" not in str(caught.value)
    gone = {**options, "client_kwargs": {"endpoint_url": "http://127.0.0.1:9"}, "config_kwargs": _IMPATIENT}
    with pytest.raises(Unavailable):
        FsspecVault(url, **gone).put(file(b"x"), media_type="a/b", owner="case1")


_IMPATIENT = {"retries": {"max_attempts": 0}, "connect_timeout": 1}


def test_s3_itself_refuses_the_second_of_two_puts(
    s3: str, file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, options = _bucket(s3)
    place = open_place(url, **options)
    monkeypatch.setattr(place, "size", lambda _: None)  # neither saw the other's
    assert place.put("k", file(b"first"), replace=False)
    assert not place.put("k", file(b"second"), replace=False)


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org/x", "gopher://x"])
def test_a_place_that_was_never_tried_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="name a folder or an s3"):
        FsspecVault(url)
