"""After an erasure nothing that lies on the disk holds the prompt: not the database's files or log, not the blob store."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from core.case import Phase
from core.errors import Erased, NotFound
from core.roles import Principal, Role
from pipeline.at_rest.encrypt_stored import encrypt_stored
from pipeline.at_rest.private_files import open_paths
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.cli import command_line
from pipeline.diagnostics.at_rest_checks import check_encryption
from pipeline.ledgers.data_location import data_folder_for
from pipeline.ledgers.server_user import server_user
from pipeline.ledgers.texts import PostgresTexts
from pipeline.settings import Settings
from pipeline.video_request import VideoRequest
from pipeline.wiring import Installation, build_installation
from pipeline.wiring.stores import open_blob_store, open_case_keys, open_installation_database
from provenance.c2pa.signers.dev_keys import make_dev_keys
from tests.conftest import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

AUTHOR = Principal(id="local:author", roles=frozenset({Role.PLATFORM, Role.MODERATOR}))
PROMPT = "a heron called Quibblewick wades through shallow water"
AVOIDED = "blurry Zanthoxylum"
OLD = "an old prompt about Morwennaquist"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    engine = tmp_path / "engine"
    engine.mkdir()
    shutil.copy(ROOT / "deploy" / "demo" / "bunny.mp4", engine / "clip.mp4")
    settings = Settings(home=tmp_path / "home", engine_folder=engine, frames=2)
    make_dev_keys(settings.keys_folder)
    return settings


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    built = build_installation(settings)
    yield built
    built.close()


def on_disk(settings: Settings, *needles: bytes) -> list[str]:
    """Files with any of these bytes: in the home, and of the database wherever that lies, its log included."""
    database = data_folder_for(settings.root, server_user())
    folders = {settings.root, database}
    files = {file for folder in folders for file in folder.rglob("*") if file.is_file()}
    assert any("pg_wal" in file.parts for file in files)
    return sorted(str(file) for file in files if any(needle in file.read_bytes() for needle in needles))


def checkpoint(settings: Settings) -> None:
    database = open_installation_database(settings)
    with database.upkeep_connection() as connection:
        connection.execute("CHECKPOINT")
    database.close()


def test_neither_before_nor_after_its_erasure_is_a_prompt_on_the_disk(
    settings: Settings, installation: Installation, tmp_path: Path
) -> None:
    service = installation.service
    case = service.submit(AUTHOR, VideoRequest(prompt=PROMPT, parameter_texts={"negative_prompt": AVOIDED}))
    assert service.prompt(AUTHOR, case.id) == PROMPT
    checkpoint(settings)
    words = (b"Quibblewick", b"Zanthoxylum")
    assert on_disk(settings, *words) == []
    service.erase(AUTHOR, case.id)
    checkpoint(settings)
    assert on_disk(settings, *words) == []
    with pytest.raises(Erased):
        service.prompt(AUTHOR, case.id)
    assert [path.path for path in open_paths(settings.root)] == []


def test_with_a_case_its_drafts_are_erased(settings: Settings, installation: Installation, tmp_path: Path) -> None:
    service, store = installation.service, installation.service.context.blob_store
    case = service.submit(AUTHOR, VideoRequest(prompt=PROMPT))
    draft = store.put(ROOT / "deploy" / "demo" / "bunny.mp4", media_type="video/mp4", owner=case.id)
    content = (ROOT / "deploy" / "demo" / "bunny.mp4").read_bytes()
    assert on_disk(settings, content[5000:5100]) == []
    assert store.fetch(draft, tmp_path / "draft").stat().st_size == len(content)
    key = next((settings.root / "vault" / "keys" / "cases").rglob(case.id))
    wrapped = key.read_bytes()
    service.erase(AUTHOR, case.id)
    assert not key.exists()
    assert on_disk(settings, wrapped) == []
    with pytest.raises(NotFound, match="erased"):
        store.fetch(draft, tmp_path / "again")


def test_what_an_older_assay_left_is_encrypted_and_leaves_the_databases_files_and_log(settings: Settings) -> None:
    database = open_installation_database(settings)
    try:
        with database.connection() as connection:
            insert = "INSERT INTO texts (id, case_id, body) VALUES (%s, %s, %s)"
            for number in range(50):
                connection.execute(insert, [f"{number:032x}", "case1", f"{OLD} {number}"])
        checkpoint(settings)
        assert on_disk(settings, b"Morwennaquist") != []
        keys = open_case_keys(settings)
        texts, store = PostgresTexts(database, keys), open_blob_store(settings, keys)
        assert "50 texts of an older Assay" in dict(check_encryption(keys, texts, store, ()))["lacks"]
        report = encrypt_stored(database, texts, store, progress=lambda _: None)
        assert (report.texts, report.log_cleared) == (50, True)
        assert [state for state, _ in check_encryption(keys, texts, store, ())] == ["ok"]
        assert texts.read(f"{7:032x}") == f"{OLD} 7"
        assert on_disk(settings, b"Morwennaquist") == []
        again = encrypt_stored(database, texts, store, progress=lambda _: None)
        assert (again.texts, again.blobs, again.log_cleared) == (0, 0, None)
    finally:
        database.close()


def test_bytes_of_cases_that_lay_in_the_clear_are_encrypted_and_read_as_before(
    settings: Settings, installation: Installation, tmp_path: Path
) -> None:
    Image.effect_noise((320, 240), 80).convert("RGB").save(tmp_path / "reference.png")
    case = installation.service.submit(AUTHOR, VideoRequest(prompt=PROMPT, references=(tmp_path / "reference.png",)))
    assert case.phase is not Phase.NEW
    asset = case.request.references[0]
    vault = settings.root / "vault"
    encrypted = installation.service.context.blob_store
    encrypted.discard(asset.digest)
    FsspecBlobStore(str(vault)).put(tmp_path / "reference.png", media_type=asset.media_type, owner=case.id)
    database = open_installation_database(settings)
    keys = open_case_keys(settings)
    store = open_blob_store(settings, keys)
    try:
        assert not store.is_encrypted(asset.digest)
        assert encrypt_stored(database, PostgresTexts(database, keys), store, progress=lambda _: None).blobs == 1
    finally:
        database.close()
    assert store.is_encrypted(asset.digest)
    content = (tmp_path / "reference.png").read_bytes()
    assert encrypted.fetch(asset, tmp_path / "out").read_bytes() == content
    installation.service.erase(AUTHOR, case.id)
    with pytest.raises(NotFound, match="erased"):
        encrypted.fetch(asset, tmp_path / "again")


def test_the_command_closes_encrypts_and_says_what_it_did(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0o022)
    monkeypatch.setenv("ASSAY_HOME", str(settings.root))
    database = open_installation_database(settings)
    try:
        with database.connection() as connection:
            insert = "INSERT INTO texts (id, case_id, body) VALUES (%s, %s, %s)"
            connection.execute(insert, ["1" * 32, "case1", OLD])
        (settings.root / "vault" / "blobs").mkdir(parents=True)
        (settings.root / "vault" / "blobs" / "old").write_bytes(b"draft")
        said = [CliRunner().invoke(command_line(), ["protect", "--json"]) for _ in range(2)]
        assert [json.loads(one.stdout) for one in said] == [
            {"closed": 2, "texts": 1, "blobs": 0, "damaged": [], "log_cleared": True},
            {"closed": 0, "texts": 0, "blobs": 0, "damaged": [], "log_cleared": None},
        ]
        assert list(open_paths(settings.root)) == []
    finally:
        database.close()
        os.umask(before)
