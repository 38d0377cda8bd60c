"""The buckets that a deployment needs are made once, by the store's own rules."""

import uuid

import pytest

from core.errors import Unavailable
from deploy.buckets import main, make_buckets
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.settings import Settings


@pytest.fixture
def settings(s3, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = uuid.uuid4().hex
    return Settings(blob_store_url=f"s3://vault-{name}/kept", public_store_url=f"s3://shelf-{name}", s3_endpoint=s3)


def test_missing_buckets_are_made_and_used_at_once(settings, tmp_path):
    made = make_buckets(settings)
    assert [name.partition("-")[0] for name in made] == ["vault", "shelf"]
    (tmp_path / "file").write_bytes(b"bytes")
    vault = FsspecBlobStore(settings.blob_store_url, endpoint_url=settings.s3_endpoint)
    kept = vault.put(tmp_path / "file", media_type="video/mp4", owner="a-case")
    assert vault.fetch(kept, tmp_path / "back").read_bytes() == b"bytes"


def test_buckets_that_are_there_are_left_alone(settings):
    make_buckets(settings)
    assert make_buckets(settings) == []


def test_vault_and_shelf_in_one_bucket_need_one(settings):
    together = settings.model_copy(update={"public_store_url": settings.blob_store_url.replace("kept", "published")})
    assert len(make_buckets(together)) == 1


def test_folders_are_none_of_its_business():
    assert make_buckets(Settings()) == []


def test_a_store_that_is_away_is_told_plainly(settings, monkeypatch, capsys):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    away = settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    with pytest.raises(Unavailable, match="the bucket cannot be made"):
        make_buckets(away)
    for name in ("blob_store_url", "public_store_url", "s3_endpoint"):
        monkeypatch.setenv(f"ASSAY_{name.upper()}", getattr(away, name))
    assert main() == 1
    assert capsys.readouterr().err.startswith("the bucket cannot be made")
