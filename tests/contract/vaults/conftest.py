"""The places that vaults and shelves are tried on: a folder, fsspec's memory, and S3 (moto's server on loopback)."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import core
from pipeline.at_rest.key_store import CaseKeys
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.encrypted_blob_store import EncryptedBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore

REPOSITORY = Path(core.__file__).parents[1]

Where = tuple[str, dict[str, Any]]


@pytest.fixture(scope="session")
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
    return request.getfixturevalue("bucket")


@pytest.fixture(params=["encrypted", "in the clear"])
def vault(request: pytest.FixtureRequest, where: Where, keys: CaseKeys) -> FsspecBlobStore:
    """Over each place twice: as an installation has it, and as a test or an older Assay."""
    if request.param == "encrypted":
        return EncryptedBlobStore(where[0], keys, **where[1])
    return FsspecBlobStore(where[0], **where[1])


@pytest.fixture
def keys(where: Where, tmp_path: Path) -> CaseKeys:
    """Keys of cases, beside the bytes as in an installation."""
    return CaseKeys(where[0], tmp_path / "keys", **where[1])


@pytest.fixture
def shelf(where: Where) -> FsspecPublicStore:
    return FsspecPublicStore(where[0], "https://videos.example/v/", **where[1])


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


@pytest.fixture
def bucket(s3: str) -> Where:
    """An empty bucket of its own."""
    import boto3  # type: ignore[import-untyped]

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    name = f"bucket-{os.urandom(6).hex()}"
    boto3.client("s3", endpoint_url=s3, region_name="us-east-1", **keys).create_bucket(Bucket=name)
    return f"s3://{name}/assay", {"key": "test", "secret": "test", "client_kwargs": {"endpoint_url": s3}}
