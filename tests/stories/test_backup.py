"""A copy is made of a house in use; elsewhere, where nothing is, a house is made of it, and everything is what it was."""

from __future__ import annotations

import pytest

from tests.stories.conftest import CliInstallation, published_file

pytestmark = [pytest.mark.postgres, pytest.mark.models]

READ_THE_PROMPT = """
from contextlib import closing
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.texts import PostgresTexts
from pipeline.settings import load_settings
from pipeline.wiring.stores import open_installation_database, open_text_keys

settings = load_settings()
with closing(open_installation_database(settings)) as database:
    submitted = PostgresLedger(database).load("{case}").submitted
    print(PostgresTexts(database, open_text_keys(settings)).read(submitted.prompt))
"""


@pytest.fixture(scope="module")
def copy(installation, published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies") / "today"
    made = installation.assay("backup", folder, "--json")
    assert made.code == 0, made.err
    assert all(made.json["files"].values()), "every part has something"
    return folder


def test_a_house_that_is_lost_is_there_again_with_every_video_every_word_and_every_event(
    installation, published, copy, tmp_path
):
    again = CliInstallation(tmp_path / "elsewhere")
    restored = again.assay("restore", copy, "--json")
    assert (restored.code, restored.json["intact"], restored.json["mended"]) == (0, True, []), restored.err
    assert restored.json["events"] == installation.assay("audit", "verify", "--json").json["events"] > 5

    head = copy / "records" / "head.txt"
    assert again.assay("audit", "verify", "--against", head).code == 0
    before, after = (house.assay("case", published["case"]["id"]) for house in (installation, again))
    assert after.out == before.out and "is published" in after.out
    assert again.python(READ_THE_PROMPT.format(case=published["case"]["id"])).out == "a sleepy rabbit in a meadow\n"

    files = [file for file in (again.home / "published").rglob("*.mp4") if file.is_file()]
    assert [file.name for file in files] == [published_file(published).name]
    for file in files:
        said = again.assay("verify", file, "--json").json
        assert said["verdict"] == "ai_made_trusted" and said["watermark"]["case_id"] == published["case"]["id"]

    twice = again.assay("restore", copy)
    assert twice.code == 3 and "database with tables already" in twice.err


def test_a_copy_without_its_keys_tells_nothing(installation, published, copy):
    prompt = b"a sleepy rabbit in a meadow"
    original = published_file(published).read_bytes()
    for file in (copy / "records").rglob("*"):
        if file.is_file() and "published" not in file.parts:
            content = file.read_bytes()
            assert prompt not in content and original[4096:4160] not in content, file.name
    assert not list((copy / "records").rglob("wrapping.key"))


def test_a_torn_copy_is_refused_before_anything_is_made(copy, tmp_path):
    dump = copy / "records" / "database.dump"
    whole, again = dump.read_bytes(), CliInstallation(tmp_path / "elsewhere")
    try:
        dump.write_bytes(whole[:-100])
        refused = again.assay("restore", copy)
        assert refused.code == 3 and "not the one that the backup's list names" in refused.err
        assert not (again.home / "keys").exists()
    finally:
        dump.write_bytes(whole)
    assert again.assay("restore", tmp_path).code == 3
    assert again.assay("backup", copy).code == 3, "a backup is never written over another"


def test_a_backup_that_fails_leaves_nothing_behind_and_can_be_done_again(installation, tmp_path):
    away = {"ASSAY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"}
    failed = installation.assay("backup", tmp_path / "copy", env=away)
    assert failed.code == 3 and "the database does not answer" in failed.err
    assert not [file for file in (tmp_path / "copy").rglob("*") if file.is_file()]
    assert installation.assay("backup", tmp_path / "copy").code == 0, "the same folder can be used again"
