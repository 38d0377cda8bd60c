"""What only one kind of place can do or suffer: memory, the folder, S3."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

import core
from core.errors import BadInput, Unavailable
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.blobstores.storage import open_storage

REPOSITORY = Path(core.__file__).parents[1]

Where = tuple[str, dict[str, Any]]


# Memory alone


def test_bytes_in_memory_have_their_name_only_when_they_are_whole(
    file: Callable[[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = []
    commit = MemoryFile.commit
    monkeypatch.setattr(MemoryFile, "commit", lambda new: (named.append(new.getbuffer().nbytes), commit(new)))
    place = open_storage(f"memory://{tmp_path}")
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
    place, files = open_storage(f"memory://{tmp_path}"), [file(b"one"), file(b"two")]
    monkeypatch.setattr(place, "size", lambda _: None)
    with ThreadPoolExecutor(2) as pool:
        kept = list(pool.map(lambda path: place.put("k", path, replace=False), files))
    assert sorted(kept) == [False, True]
    with place.open("k") as bytes_kept:
        assert bytes_kept.read() == files[kept.index(True)].read_bytes()


def test_two_who_read_the_same_bytes_do_not_disturb_each_other(where: Where, file: Callable[[bytes], Path]) -> None:
    place = open_storage(where[0], **where[1])
    place.put("k", file(b"0123456789"), replace=False)
    with place.open("k") as one, place.open("k") as other:
        assert (one.read(4), other.read(4), one.read(), other.read()) == (b"0123", b"0123", b"456789", b"456789")


# The folder alone


def test_without_a_public_url_the_folder_names_the_file(file: Callable[[bytes], Path], tmp_path: Path) -> None:
    folder = tmp_path / "a shelf, 100% public"
    url = FsspecPublicStore(str(folder)).publish("c1", file(b"video"))
    assert url == (folder / "c1.mp4").as_uri()
    assert FsspecPublicStore(folder.as_uri()).fetch("c1", tmp_path / "out").read_bytes() == b"video"


PUT_WITH_A_FULL_DISK = (
    "import resource, sys\n"
    "from pathlib import Path\n"
    "from core.errors import Unavailable\n"
    "from pipeline.blobstores.blob_store import FsspecBlobStore\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
    "try:\n"
    "    FsspecBlobStore(sys.argv[1]).put(Path(sys.argv[2]), media_type='a/b', owner='case1')\n"
    "except Unavailable as error:\n"
    "    print(error)\n"
)

PUT_AND_DIE = (
    "import os, signal, sys\n"
    "from pathlib import Path\n"
    "import pipeline.blobstores.local_storage as folder\n"
    "from pipeline.blobstores.blob_store import FsspecBlobStore\n"
    "folder._publish_name = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
    "FsspecBlobStore(sys.argv[1]).put(Path(sys.argv[2]), media_type='a/b', owner='case1')\n"
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
    assert said.stdout.startswith("the blob store's disk is full"), said.stderr
    assert _files(place) == []


def test_a_crash_before_the_bytes_have_their_name_leaves_a_marker_to_clean_up_by(
    file: Callable[[bytes], Path], tmp_path: Path
) -> None:
    place, path = tmp_path / "place", file(b"bytes")
    died = _run(PUT_AND_DIE, str(place), str(path))
    assert died.returncode == -signal.SIGKILL
    vault, digest = FsspecBlobStore(str(place)), hashlib.sha256(b"bytes").hexdigest()
    assert list(vault.pending()) == [(digest, "case1")]
    vault.discard(digest)
    assert _files(place) == []
    asset = vault.put(path, media_type="a/b", owner="case1")
    assert vault.fetch(asset, tmp_path / "out").read_bytes() == b"bytes"


def test_a_folder_that_cannot_be_made_is_unavailable(file: Callable[[bytes], Path], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(Unavailable, match="cannot be used"):
        FsspecBlobStore(str(tmp_path / "taken")).put(file(b"x"), media_type="a/b", owner="case1")


# S3 alone


def test_a_bucket_that_is_not_there_is_unavailable_in_one_line(bucket: Where, file: Callable[[bytes], Path]) -> None:
    url, options = bucket
    vault = FsspecBlobStore("s3://no-such-bucket/x", **options)
    with pytest.raises(Unavailable) as caught:
        vault.put(file(b"x"), media_type="a/b", owner="case1")
    assert "\n" not in str(caught.value)
    gone = {**options, "client_kwargs": {"endpoint_url": "http://127.0.0.1:9"}, "config_kwargs": _IMPATIENT}
    with pytest.raises(Unavailable):
        FsspecBlobStore(url, **gone).put(file(b"x"), media_type="a/b", owner="case1")


_IMPATIENT = {"retries": {"max_attempts": 0}, "connect_timeout": 1}


def test_s3_itself_refuses_the_second_of_two_puts(
    bucket: Where, file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, options = bucket
    place = open_storage(url, **options)
    monkeypatch.setattr(place, "size", lambda _: None)  # neither saw the other's
    assert place.put("k", file(b"first"), replace=False)
    assert not place.put("k", file(b"second"), replace=False)


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org/x", "gopher://x"])
def test_a_place_that_was_never_tried_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="name a folder or an s3"):
        FsspecBlobStore(url)
